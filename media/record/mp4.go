package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// mp4Container writes fragmented MP4 (ISO/IEC 14496-12, section 8.8) that
// becomes an ordinary MP4 file when it is finished, without being copied:
//
//	ftyp  free  moov  moof mdat  moof mdat …           while it is recorded
//	ftyp  mdat( moov  moof mdat  moof mdat … )  moov   finished
//
// The 16 bytes of free become the head of one large mdat, and the moov behind
// it says where in there each sample is.
type mp4Container struct{}

const (
	videoID    = 1
	soundID    = 2
	videoScale = 90000
	soundScale = 48000
	freeSize   = 16
)

func (mp4Container) head(l layout) ([]byte, error) {
	var in fmp4.Init
	if l.Video {
		in.Tracks = append(in.Tracks, &fmp4.InitTrack{ID: videoID, TimeScale: videoScale, Codec: &codecs.H264{SPS: l.SPS, PPS: l.PPS}})
	}
	if l.Sound {
		in.Tracks = append(in.Tracks, &fmp4.InitTrack{ID: soundID, TimeScale: soundScale, Codec: &codecs.Opus{ChannelCount: 2}})
	}
	var b seekablebuffer.Buffer
	if err := in.Marshal(&b); err != nil {
		return nil, fmt.Errorf("mp4 head: %w", err)
	}
	raw := b.Bytes()
	if l.inBand { // then it is another kind of entry (ISO/IEC 14496-15, section 5.4.2.1)
		raw = bytes.Replace(raw, []byte("avc1"), []byte("avc3"), -1)
	}
	first := int(binary.BigEndian.Uint32(raw)) // ftyp
	head := append([]byte(nil), raw[:first]...)
	head = append(head, box("free", make([]byte, freeSize-8))...)
	return append(head, raw[first:]...), nil
}

func (mp4Container) part(n int, p *part) ([]byte, error) {
	out := fmp4.Part{SequenceNumber: uint32(n)}
	add := func(id int, scale int64, run []sample) {
		if len(run) == 0 {
			return
		}
		track := &fmp4.PartTrack{ID: id, BaseTime: uint64(ticks(run[0].at, scale))}
		for i, s := range run {
			until := s.at + lastOf(run)
			if i+1 < len(run) {
				until = run[i+1].at
			}
			track.Samples = append(track.Samples, &fmp4.Sample{
				Duration:        uint32(ticks(until, scale) - ticks(s.at, scale)),
				IsNonSyncSample: !s.key, Payload: s.data,
			})
		}
		out.Tracks = append(out.Tracks, track)
	}
	add(videoID, videoScale, p.video)
	add(soundID, soundScale, p.sound)
	var b seekablebuffer.Buffer
	if err := out.Marshal(&b); err != nil {
		return nil, fmt.Errorf("mp4 part: %w", err)
	}
	return b.Bytes(), nil
}

// ticks converts a time to a track's clock, and span back.
func ticks(d time.Duration, scale int64) int64 {
	return (int64(d/time.Second))*scale + (int64(d%time.Second)*scale+int64(time.Second)/2)/int64(time.Second)
}

func span(t, scale int64) time.Duration {
	return time.Duration(t/scale)*time.Second + time.Duration(t%scale)*time.Second/time.Duration(scale)
}

// box makes one box of the bodies given.
func box(kind string, bodies ...[]byte) []byte {
	size := 8
	for _, b := range bodies {
		size += len(b)
	}
	out := binary.BigEndian.AppendUint32(make([]byte, 0, size), uint32(size))
	out = append(out, kind...)
	for _, b := range bodies {
		out = append(out, b...)
	}
	return out
}

var errBox = errors.New("not such an MP4 file as is recorded here")

// boxes calls each with the kind and the body of every box in b.
func boxes(b []byte, each func(kind string, body []byte) error) error {
	for len(b) > 0 {
		if len(b) < 8 {
			return errBox
		}
		size := binary.BigEndian.Uint32(b)
		if size < 8 || uint64(size) > uint64(len(b)) {
			return errBox
		}
		if err := each(string(b[4:8]), b[8:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// inside returns the body of the box that a path of kinds leads to.
func inside(b []byte, path ...string) []byte {
	for _, want := range path {
		var found []byte
		_ = boxes(b, func(kind string, body []byte) error {
			if kind == want && found == nil {
				found = body
			}
			return nil
		})
		b = found
	}
	return b
}

// fragment is what a moof says of one track.
type fragment struct {
	id      uint32
	base    int64 // ticks
	offset  int64 // of its data, from the moof
	entries []moofEntry
}

type moofEntry struct {
	length, size uint32
	key          bool
}

// readMoof reads a moof's body as [mp4Container.part] writes it.
func readMoof(body []byte) ([]fragment, error) {
	var list []fragment
	err := boxes(body, func(kind string, traf []byte) error {
		if kind != "traf" {
			return nil
		}
		tfhd, tfdt, trun := inside(traf, "tfhd"), inside(traf, "tfdt"), inside(traf, "trun")
		if len(tfhd) < 8 || len(tfdt) < 12 || len(trun) < 12 {
			return errBox
		}
		f := fragment{
			id: binary.BigEndian.Uint32(tfhd[4:]), base: int64(binary.BigEndian.Uint64(tfdt[4:])),
			offset: int64(int32(binary.BigEndian.Uint32(trun[8:]))),
		}
		count, flags, b := binary.BigEndian.Uint32(trun[4:]), trun[2], trun[12:]
		width := 8
		if flags&4 != 0 {
			width = 12
		}
		if f.base < 0 || uint64(count)*uint64(width) != uint64(len(b)) {
			return errBox
		}
		for ; len(b) > 0; b = b[width:] {
			e := moofEntry{length: binary.BigEndian.Uint32(b), size: binary.BigEndian.Uint32(b[4:]), key: true}
			if flags&4 != 0 {
				e.key = b[9]&1 == 0 // sample_is_non_sync_sample
			}
			f.entries = append(f.entries, e)
		}
		list = append(list, f)
		return nil
	})
	return list, err
}

func (f *fragment) scale() int64 {
	if f.id == videoID {
		return videoScale
	}
	return soundScale
}

func (f *fragment) end() int64 {
	end := f.base
	for _, e := range f.entries {
		end += int64(e.length)
	}
	return end
}

// maxHead bounds what is read of a file at once, besides samples.
const maxHead = 4 << 20

func (mp4Container) scan(r io.ReaderAt, size int64) (*index, error) {
	ix := &index{layout: layout{Format: formatMP4}}
	at := int64(0)
	var moov []byte
	for at < size {
		kind, n, err := boxAt(r, at, size)
		if err != nil {
			break // cut off here
		}
		switch kind {
		case "mdat":
			if len(ix.parts) > 0 || moov != nil {
				return nil, errBox // only behind its moof, or around everything
			}
			ix.finished = true
			at += freeSize
			continue
		case "moov":
			if moov != nil { // the tail
				return ix, nil
			}
			if moov, err = readAt(r, at+8, n-8); err != nil {
				return nil, err
			}
			if err := ix.layout.readMoov(moov); err != nil {
				return nil, err
			}
			ix.end = at + n
		case "moof":
			p, err := moofAt(r, at, n, size, ix.layout.Video)
			if err != nil {
				return ix.orNothing(moov)
			}
			ix.parts = append(ix.parts, p)
			n = p.size
			ix.end = at + n
		}
		at += n
	}
	return ix.orNothing(moov)
}

func (ix *index) orNothing(moov []byte) (*index, error) {
	if moov == nil {
		return nil, errBox
	}
	return ix, nil
}

// boxAt reads the head of a box that must end within size.
func boxAt(r io.ReaderAt, at, size int64) (kind string, n int64, err error) {
	var h [8]byte
	if _, err := r.ReadAt(h[:], at); err != nil {
		return "", 0, err
	}
	kind, n = string(h[4:]), int64(binary.BigEndian.Uint32(h[:]))
	if kind == "mdat" && n == 1 { // the large one; its length is in the next 8 bytes
		n = freeSize
	}
	if n < 8 || at+n > size {
		return "", 0, errBox
	}
	return kind, n, nil
}

func readAt(r io.ReaderAt, at, n int64) ([]byte, error) {
	if n < 0 || n > maxHead {
		return nil, errBox
	}
	b := make([]byte, n)
	_, err := r.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// moofAt reads what is in the part whose moof is there, n bytes long.
func moofAt(r io.ReaderAt, at, n, size int64, video bool) (where, error) {
	fragments, err := fragmentsAt(r, at, n)
	if err != nil {
		return where{}, err
	}
	kind, data, err := boxAt(r, at+n, size)
	if err != nil || kind != "mdat" || len(fragments) == 0 {
		return where{}, errBox
	}
	w := where{offset: at, size: n + data, begin: -1, key: !video}
	for _, f := range fragments {
		sum := f.offset
		for _, e := range f.entries {
			sum += int64(e.size)
		}
		if f.offset < n+8 || sum > w.size || len(f.entries) == 0 {
			return where{}, errBox
		}
		begin := span(f.base, f.scale())
		if w.begin < 0 || begin < w.begin {
			w.begin = begin
		}
		w.end = max(w.end, span(f.end(), f.scale()))
		if f.id == videoID {
			w.key, w.keyAt = f.entries[0].key, begin
		}
	}
	if !video {
		w.keyAt = w.begin
	}
	return w, nil
}

func fragmentsAt(r io.ReaderAt, at, n int64) ([]fragment, error) {
	body, err := readAt(r, at+8, n-8)
	if err != nil {
		return nil, err
	}
	return readMoof(body)
}

func (mp4Container) read(r io.ReaderAt, at where) (*part, error) {
	_, n, err := boxAt(r, at.offset, at.offset+at.size)
	if err != nil {
		return nil, err
	}
	fragments, err := fragmentsAt(r, at.offset, n)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, at.size)
	if _, err := r.ReadAt(raw, at.offset); err != nil {
		return nil, err
	}
	p := &part{}
	for _, f := range fragments {
		run := &p.sound
		if f.id == videoID {
			run = &p.video
		}
		offset, t := f.offset, f.base
		for _, e := range f.entries {
			if offset < 0 || offset+int64(e.size) > int64(len(raw)) {
				return nil, errBox
			}
			*run = append(*run, sample{at: span(t, f.scale()), key: e.key, data: raw[offset : offset+int64(e.size)]})
			offset += int64(e.size)
			t += int64(e.length)
		}
	}
	return p, nil
}

// readMoov reads which tracks there are.
func (l *layout) readMoov(moov []byte) error {
	return boxes(moov, func(kind string, trak []byte) error {
		if kind != "trak" {
			return nil
		}
		tkhd, stsd := inside(trak, "tkhd"), inside(trak, "mdia", "minf", "stbl", "stsd")
		if len(tkhd) < 84 || len(stsd) < 16 {
			return errBox
		}
		switch binary.BigEndian.Uint32(tkhd[12:]) {
		case soundID:
			l.Sound = true
		case videoID:
			const visual = 78 // bytes of a VisualSampleEntry (section 12.1.3)
			l.Video = true
			l.Width, l.Height = int(binary.BigEndian.Uint16(tkhd[76:])), int(binary.BigEndian.Uint16(tkhd[80:]))
			if len(stsd) < 16+visual {
				return errBox
			}
			return l.readAVC(inside(stsd[16+visual:], "avcC"))
		}
		return nil
	})
}

// readAVC reads the parameter sets (ISO/IEC 14496-15, section 5.3.3.1).
func (l *layout) readAVC(b []byte) error {
	if len(b) < 8 {
		return errBox
	}
	n := int(binary.BigEndian.Uint16(b[6:]))
	if b = b[8:]; len(b) < n+3 {
		return errBox
	}
	l.SPS = b[:n]
	b = b[n+1:]
	n = int(binary.BigEndian.Uint16(b))
	if b = b[2:]; len(b) < n {
		return errBox
	}
	l.PPS = b[:n]
	return nil
}

package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/at-wat/ebml-go"
	"github.com/at-wat/ebml-go/webm"
)

// webmContainer writes WebM (Matroska, RFC 9559) of one cluster for each part.
// What is empty at first (the segment's length, how long it plays, where its
// cues are) has its place kept at the beginning of the file:
//
//	EBML  Segment  Info Void         Tracks  Cluster  Cluster …        while it is recorded
//	EBML  Segment  SeekHead Info Void  Tracks  Cluster  Cluster …  Cues  finished
type webmContainer struct{}

// Element ids (RFC 9559, section 27.1).
var (
	idSegment = []byte{0x18, 0x53, 0x80, 0x67}
	idTracks  = []byte{0x16, 0x54, 0xae, 0x6b}
	idCluster = []byte{0x1f, 0x43, 0xb6, 0x75}
	idCues    = []byte{0x1c, 0x53, 0xbb, 0x6b}
)

const (
	ebmlVoid    = 0xec
	roomKept    = 192                // bytes for SeekHead, Info and Void together
	unknownSize = 0x01ffffffffffffff // of the segment while it grows (RFC 8794, section 6.2)
	msScale     = 1_000_000          // nanoseconds in a unit of time
	opusDelay   = 6_500_000          // nanoseconds: what Opus encoders add before the first sound
	opusPreRoll = 80_000_000         // nanoseconds that a decoder needs after a seek (RFC 7845, section 4.6)
	maxTracks   = 4 << 10
)

var errWebM = errors.New("not such a WebM file as is recorded here")

func (webmContainer) head(l layout) ([]byte, error) {
	out, err := element(&struct {
		EBML webm.EBMLHeader `ebml:"EBML"`
	}{webm.EBMLHeader{
		EBMLVersion: 1, EBMLReadVersion: 1, EBMLMaxIDLength: 4, EBMLMaxSizeLength: 8,
		DocType: "webm", DocTypeVersion: 4, DocTypeReadVersion: 2,
	}})
	if err != nil {
		return nil, err
	}
	out = append(out, idSegment...)
	out = binary.BigEndian.AppendUint64(out, unknownSize)
	kept, err := room(nil, 0)
	if err != nil {
		return nil, err
	}
	out = append(out, kept...)
	var tracks webm.Tracks
	if l.Video {
		tracks.TrackEntry = append(tracks.TrackEntry, webm.TrackEntry{
			TrackNumber: videoID, TrackUID: videoID, CodecID: "V_VP8", TrackType: 1,
			Video: &webm.Video{PixelWidth: uint64(l.Width), PixelHeight: uint64(l.Height)},
		})
	}
	if l.Sound {
		tracks.TrackEntry = append(tracks.TrackEntry, webm.TrackEntry{
			TrackNumber: soundID, TrackUID: soundID, CodecID: "A_OPUS", TrackType: 2,
			CodecDelay: opusDelay, SeekPreRoll: opusPreRoll, CodecPrivate: opusHead(),
			Audio: &webm.Audio{SamplingFrequency: soundScale, Channels: 2},
		})
	}
	b, err := element(&struct {
		Tracks webm.Tracks `ebml:"Tracks"`
	}{tracks})
	return append(out, b...), err
}

// opusHead is the identification header (RFC 7845, section 5.1).
func opusHead() []byte {
	b := append([]byte("OpusHead"), 1, 2)
	b = binary.LittleEndian.AppendUint16(b, uint16(int64(opusDelay)*soundScale/int64(time.Second)))
	b = binary.LittleEndian.AppendUint32(b, soundScale)
	return append(b, 0, 0, 0) // no gain, one stream of one or two channels
}

func element(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := ebml.Marshal(v, &b); err != nil {
		return nil, fmt.Errorf("webm: %w", err)
	}
	return b.Bytes(), nil
}

// room is what stands in the place kept at the beginning of the segment.
func room(seek *webm.SeekHead, length time.Duration) ([]byte, error) {
	var out []byte
	if seek != nil {
		b, err := element(&struct {
			SeekHead *webm.SeekHead `ebml:"SeekHead"`
		}{seek})
		if err != nil {
			return nil, err
		}
		out = b
	}
	b, err := element(&struct {
		Info webm.Info `ebml:"Info"`
	}{webm.Info{TimecodeScale: msScale, MuxingApp: "Lyceum", WritingApp: "Lyceum", Duration: float64(length) / msScale}})
	if err != nil {
		return nil, err
	}
	out = append(out, b...)
	const void = 9 // its id and a length of 8 bytes
	rest := roomKept - len(out) - void
	if rest < 0 {
		return nil, errors.New("webm: the room kept is too small")
	}
	out = append(out, ebmlVoid)
	out = binary.BigEndian.AppendUint64(out, 1<<56|uint64(rest))
	return append(out, make([]byte, rest)...), nil
}

func ms(d time.Duration) int64 { return int64((d + time.Millisecond/2) / time.Millisecond) }

func (webmContainer) part(_ int, p *part) ([]byte, error) {
	type block struct {
		at  time.Duration
		raw ebml.Block
	}
	begin := ms(p.begins())
	var blocks []block
	add := func(id uint64, run []sample) error {
		for _, s := range run {
			at := ms(s.at) - begin
			if at > 0x7fff {
				return errors.New("webm: a part is too long")
			}
			blocks = append(blocks, block{s.at, ebml.Block{TrackNumber: id, Timecode: int16(at), Keyframe: s.key, Data: [][]byte{s.data}}})
		}
		return nil
	}
	if err := errors.Join(add(videoID, p.video), add(soundID, p.sound)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(blocks, func(a, b block) int { return int(a.at - b.at) })
	c := webm.Cluster{Timecode: uint64(begin)}
	for _, b := range blocks {
		c.SimpleBlock = append(c.SimpleBlock, b.raw)
	}
	return element(&struct {
		Cluster webm.Cluster `ebml:"Cluster"`
	}{c})
}

// elementAt reads the head of an element: its id, where its data begins and
// how much there is; -1: not known.
func elementAt(r io.ReaderAt, at, size int64) (id []byte, data, n int64, err error) {
	var b [12]byte
	got, _ := r.ReadAt(b[:min(12, max(0, size-at))], at) // what is there will do
	if got < 2 {
		return nil, 0, 0, errWebM
	}
	h := b[:got]
	idLen, ok := vintLen(h[0])
	if !ok || idLen > 4 || len(h) <= idLen {
		return nil, 0, 0, errWebM
	}
	sizeLen, ok := vintLen(h[idLen])
	if !ok || len(h) < idLen+sizeLen {
		return nil, 0, 0, errWebM
	}
	v := uint64(h[idLen]) & (1<<(8-sizeLen) - 1)
	for _, c := range h[idLen+1 : idLen+sizeLen] {
		v = v<<8 | uint64(c)
	}
	if v == 1<<(7*sizeLen)-1 {
		return bytes.Clone(h[:idLen]), at + int64(idLen+sizeLen), -1, nil
	}
	return bytes.Clone(h[:idLen]), at + int64(idLen+sizeLen), int64(v), nil
}

// vintLen is how many bytes a variable-size integer has (RFC 8794, section 4).
func vintLen(first byte) (int, bool) {
	for n := 1; n <= 8; n++ {
		if first&(0x80>>(n-1)) != 0 {
			return n, true
		}
	}
	return 0, false
}

func (c webmContainer) scan(r io.ReaderAt, size int64) (*index, error) {
	ix := &index{layout: layout{Format: "webm"}}
	_, data, n, err := elementAt(r, 0, size)
	if err != nil || n < 0 || n > maxTracks {
		return nil, errWebM
	}
	id, at, n, err := elementAt(r, data+n, size)
	if err != nil || !bytes.Equal(id, idSegment) {
		return nil, errWebM
	}
	ix.finished = n >= 0
	known := false
	for at < size {
		id, data, n, err := elementAt(r, at, size)
		if err != nil || n < 0 || data+n > size || data+n < data {
			break // cut off here
		}
		switch {
		case bytes.Equal(id, idTracks):
			if n > maxTracks {
				return nil, errWebM
			}
			if err := ix.layout.readTracks(r, at, data+n-at); err != nil {
				return nil, err
			}
			known = true
		case bytes.Equal(id, idCluster) && known:
			p, err := clusterAt(r, at, data, n, ix.layout.Video, false)
			if err != nil {
				return ix.closed(r), nil
			}
			if n := len(ix.parts); n > 0 {
				ix.parts[n-1].end = p.begin
			}
			ix.parts = append(ix.parts, p)
		case bytes.Equal(id, idCues):
			return ix.closed(r), nil // the tail
		}
		if at = data + n; known {
			ix.end = at
		}
	}
	if !known {
		return nil, errWebM
	}
	return ix.closed(r), nil
}

// closed walks over all of the last cluster, to know when it ends; the others
// end where the next begins, and are not read for it: an hour has thousands.
func (ix *index) closed(r io.ReaderAt) *index {
	for n := len(ix.parts); n > 0; n = len(ix.parts) {
		last := &ix.parts[n-1]
		_, data, size, err := elementAt(r, last.offset, ix.end)
		if err == nil {
			*last, err = clusterAt(r, last.offset, data, size, ix.layout.Video, true)
		}
		if err == nil {
			break
		}
		ix.end = last.offset
		ix.parts = ix.parts[:n-1]
	}
	return ix
}

func (l *layout) readTracks(r io.ReaderAt, at, n int64) error {
	raw, err := readAt(r, at, n)
	if err != nil {
		return err
	}
	var v struct {
		Tracks webm.Tracks `ebml:"Tracks"`
	}
	if err := ebml.Unmarshal(bytes.NewReader(raw), &v); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("webm: %w", err)
	}
	for _, t := range v.Tracks.TrackEntry {
		switch {
		case t.TrackNumber == videoID && t.Video != nil:
			l.Video, l.Width, l.Height = true, int(t.Video.PixelWidth), int(t.Video.PixelHeight)
		case t.TrackNumber == soundID:
			l.Sound = true
		}
	}
	return nil
}

// clusterAt walks over a cluster's blocks, of which it reads the heads alone:
// all of them, or as far as the first picture.
func clusterAt(r io.ReaderAt, start, at, n int64, video, all bool) (where, error) {
	w := where{offset: start, size: at + n - start, key: !video}
	end := at + n
	base, seen := int64(-1), false
	last := map[byte][2]int64{} // the times of each track's last two blocks
	for at < end && (all || len(last) == 0 || video && !seen) {
		id, data, n, err := elementAt(r, at, end)
		if err != nil || n < 0 || data+n > end {
			return where{}, errWebM
		}
		switch {
		case len(id) == 1 && id[0] == 0xe7: // Timecode
			raw, err := readAt(r, data, n)
			if err != nil || n > 8 {
				return where{}, errWebM
			}
			base = 0
			for _, c := range raw {
				base = base<<8 | int64(c)
			}
		case len(id) == 1 && id[0] == 0xa3: // SimpleBlock
			var h [4]byte
			if _, err := r.ReadAt(h[:], data); err != nil || n < 4 || base < 0 || h[0]&0x80 == 0 {
				return where{}, errWebM
			}
			track, t := h[0]&0x7f, base+int64(int16(binary.BigEndian.Uint16(h[1:])))
			if track == videoID && !seen {
				seen, w.key, w.keyAt = true, h[3]&0x80 != 0, time.Duration(t)*time.Millisecond
			}
			if two, ok := last[track]; ok {
				last[track] = [2]int64{two[1], t}
			} else {
				last[track] = [2]int64{t - 20, t}
			}
		}
		at = data + n
	}
	if base < 0 || len(last) == 0 {
		return where{}, errWebM
	}
	w.begin = time.Duration(base) * time.Millisecond
	if !video {
		w.keyAt = w.begin
	}
	for _, two := range last {
		w.end = max(w.end, time.Duration(two[1]+min(two[1]-two[0], 1000))*time.Millisecond)
	}
	return w, nil
}

func (webmContainer) read(r io.ReaderAt, at where) (*part, error) {
	if at.size > maxPart {
		return nil, errWebM
	}
	raw := make([]byte, at.size)
	if _, err := r.ReadAt(raw, at.offset); err != nil {
		return nil, err
	}
	var v struct {
		Cluster webm.Cluster `ebml:"Cluster"`
	}
	if err := ebml.Unmarshal(bytes.NewReader(raw), &v); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("webm: %w", err)
	}
	p := &part{}
	for _, b := range v.Cluster.SimpleBlock {
		if len(b.Data) != 1 {
			return nil, errWebM
		}
		s := sample{at: time.Duration(int64(v.Cluster.Timecode)+int64(b.Timecode)) * time.Millisecond, key: b.Keyframe, data: b.Data[0]}
		if b.TrackNumber == videoID {
			p.video = append(p.video, s)
		} else {
			p.sound = append(p.sound, s)
		}
	}
	return p, nil
}

func (webmContainer) finish(r io.ReaderAt, ix *index) (tail, beginning []byte, err error) {
	_, data, n, err := elementAt(r, 0, ix.end)
	if err != nil {
		return nil, nil, err
	}
	header, err := readAt(r, 0, data+n)
	if err != nil {
		return nil, nil, err
	}
	segment := int64(len(header)) + 12 // where its data begins: positions count from there
	var cues webm.Cues
	for _, p := range ix.parts {
		if p.key {
			track := uint64(soundID)
			if ix.layout.Video {
				track = videoID
			}
			cues.CuePoint = append(cues.CuePoint, webm.CuePoint{
				CueTime:           uint64(p.keyAt / time.Millisecond),
				CueTrackPositions: []webm.CueTrackPosition{{CueTrack: track, CueClusterPosition: uint64(p.offset - segment)}},
			})
		}
	}
	tail, err = element(&struct {
		Cues webm.Cues `ebml:"Cues"`
	}{cues})
	if err != nil {
		return nil, nil, err
	}
	kept, err := room(&webm.SeekHead{Seek: []webm.Seek{
		{SeekID: idTracks, SeekPosition: roomKept},
		{SeekID: idCues, SeekPosition: uint64(ix.end - segment)},
	}}, ix.length())
	if err != nil {
		return nil, nil, err
	}
	beginning = append(header, idSegment...)
	beginning = binary.BigEndian.AppendUint64(beginning, 1<<56|uint64(ix.end-segment+int64(len(tail))))
	return tail, append(beginning, kept...), nil
}

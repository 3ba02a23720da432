package record

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"
)

// table gathers the sample table of one track (ISO/IEC 14496-12, section 8.6
// and 8.7): each part is a chunk of it.
type table struct {
	scale  int64
	sizes  []uint32
	times  []int64 // ticks
	keys   []uint32
	chunks []chunk
	end    int64 // ticks
}

type chunk struct {
	offset int64
	count  uint32
}

func (t *table) add(f fragment, moof int64) {
	t.chunks = append(t.chunks, chunk{moof + f.offset, uint32(len(f.entries))})
	at := f.base
	for _, e := range f.entries {
		t.sizes = append(t.sizes, e.size)
		t.times = append(t.times, at)
		if e.key {
			t.keys = append(t.keys, uint32(len(t.sizes)))
		}
		at += int64(e.length)
	}
	t.end = max(t.end, at)
}

func full(n ...uint32) []byte {
	out := make([]byte, 4, 4+4*len(n)) // version and flags
	for _, v := range n {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return out
}

// stbl makes the table's box, with the description of its samples as it is in
// the head.
func (t *table) stbl(stsd []byte, video bool) []byte {
	lengths, sum := full(0), uint32(0)
	var run, last uint32
	flush := func() {
		if run > 0 {
			lengths = binary.BigEndian.AppendUint32(lengths, run)
			lengths = binary.BigEndian.AppendUint32(lengths, last)
			sum++
		}
		run = 0
	}
	from := int64(0) // what little there may be before the first sample counts as its own
	for i := range t.times {
		until := t.end
		if i+1 < len(t.times) {
			until = t.times[i+1]
		}
		length := uint32(max(until-from, 0))
		if length != last {
			flush()
		}
		last = length
		run++
		from = max(from, until)
	}
	flush()
	binary.BigEndian.PutUint32(lengths[4:], sum)

	sizes := full(0, uint32(len(t.sizes)))
	for _, n := range t.sizes {
		sizes = binary.BigEndian.AppendUint32(sizes, n)
	}
	perChunk, runs := full(0), uint32(0)
	offsets := full(uint32(len(t.chunks)))
	last = 0
	for i, c := range t.chunks {
		if c.count != last {
			for _, v := range []uint32{uint32(i + 1), c.count, 1} {
				perChunk = binary.BigEndian.AppendUint32(perChunk, v)
			}
			runs++
			last = c.count
		}
		offsets = binary.BigEndian.AppendUint64(offsets, uint64(c.offset))
	}
	binary.BigEndian.PutUint32(perChunk[4:], runs)

	all := [][]byte{box("stsd", stsd), box("stts", lengths)}
	if video {
		all = append(all, box("stss", append(full(uint32(len(t.keys))), words(t.keys)...)))
	}
	all = append(all, box("stsc", perChunk), box("stsz", sizes), box("co64", offsets))
	return box("stbl", all...)
}

func words(list []uint32) []byte {
	out := make([]byte, 0, 4*len(list))
	for _, v := range list {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return out
}

func (mp4Container) finish(r io.ReaderAt, ix *index) (tail, beginning []byte, err error) {
	ftyp, err := ftypOf(r)
	if err != nil {
		return nil, nil, err
	}
	start := int64(len(ftyp))
	_, n, err := boxAt(r, start+freeSize, ix.end)
	if err != nil {
		return nil, nil, err
	}
	moov, err := readAt(r, start+freeSize+8, n-8)
	if err != nil {
		return nil, nil, err
	}
	tables := map[uint32]*table{videoID: {scale: videoScale}, soundID: {scale: soundScale}}
	for _, p := range ix.parts {
		_, n, err := boxAt(r, p.offset, p.offset+p.size)
		if err != nil {
			return nil, nil, err
		}
		fragments, err := fragmentsAt(r, p.offset, n)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range fragments {
			if t := tables[f.id]; t != nil {
				t.add(f, p.offset)
			}
		}
	}
	tail, err = finalMoov(moov, tables, ix.length())
	if err != nil {
		return nil, nil, err
	}
	beginning = append(ftyp, 0, 0, 0, 1) // a length of 1: it is in 64 bits behind the kind
	beginning = append(beginning, "mdat"...)
	return tail, binary.BigEndian.AppendUint64(beginning, uint64(ix.end-start)), nil
}

func ftypOf(r io.ReaderAt) ([]byte, error) {
	kind, n, err := boxAt(r, 0, 512)
	if err != nil || kind != "ftyp" {
		return nil, errBox
	}
	return readAt(r, 0, n)
}

// finalMoov is the head's moov with durations and sample tables, and without
// what says that there are fragments.
func finalMoov(moov []byte, tables map[uint32]*table, length time.Duration) ([]byte, error) {
	var out [][]byte
	err := boxes(moov, func(kind string, body []byte) error {
		body = bytes.Clone(body)
		switch kind {
		case "mvex":
			return nil
		case "mvhd":
			if len(body) < 20 || body[0] != 0 {
				return errBox
			}
			scale := int64(binary.BigEndian.Uint32(body[12:]))
			binary.BigEndian.PutUint32(body[16:], uint32(ticks(length, scale)))
		case "trak":
			tkhd := inside(body, "tkhd")
			if len(tkhd) < 24 || tkhd[0] != 0 {
				return errBox
			}
			t := tables[binary.BigEndian.Uint32(tkhd[12:])]
			if t == nil {
				return errBox
			}
			if len(t.sizes) == 0 {
				return nil // nothing came: a track without samples is none
			}
			binary.BigEndian.PutUint32(tkhd[20:], uint32(ticks(span(t.end, t.scale), 1000)))
			var err error
			if body, err = rebuild(body, t); err != nil {
				return err
			}
		}
		out = append(out, box(kind, body))
		return nil
	})
	return box("moov", out...), err
}

// rebuild copies a trak down to its sample table, which is made anew.
func rebuild(b []byte, t *table) ([]byte, error) {
	var out []byte
	err := boxes(b, func(kind string, body []byte) error {
		var err error
		switch kind {
		case "mdia", "minf":
			if body, err = rebuild(body, t); err != nil {
				return err
			}
		case "mdhd":
			if len(body) < 20 || body[0] != 0 {
				return errBox
			}
			binary.BigEndian.PutUint32(body[16:], uint32(t.end))
		case "stbl":
			stsd := inside(body, "stsd")
			if stsd == nil {
				return errBox
			}
			out = append(out, t.stbl(stsd, t.scale == videoScale)...)
			return nil
		case "edts":
			return nil
		}
		out = append(out, box(kind, body)...)
		return nil
	})
	return out, err
}

package faultfs

import (
	"math/rand/v2"
	"slices"
)

// sector is how many bytes a disk writes whole or not at all.
const sector = 512

// all is the file with everything that is pending.
func all(f *content) []byte { return apply(slices.Clone(f.synced), f.pending) }

// apply carries out ops on b, in order.
func apply(b []byte, ops []Op) []byte {
	for _, o := range ops {
		if o.Kind == Truncate {
			b = resize(b, o.At, nil)
		} else {
			b = put(b, o.At, o.Data, nil)
		}
	}
	return b
}

// some is the file with a part of what is pending, in one of the ways in
// which disks and file systems lose writes.
func (r *Replay) some(f *content) []byte {
	if len(f.pending) == 0 {
		return slices.Clone(f.synced)
	}
	chance := r.chance
	switch chance.IntN(5) {
	case 0: // nothing was written
		return slices.Clone(f.synced)
	case 1: // all was
		return all(f)
	case 2: // in order, up to some point, and the last one torn
		n := chance.IntN(len(f.pending))
		b := apply(slices.Clone(f.synced), f.pending[:n])
		return tear(b, f.pending[n], chance, chance.Float64())
	case 3: // in any order, each whole or not at all
		odds := []float64{0.1, 0.5, 0.9}[chance.IntN(3)]
		return torn(f, chance, func() float64 {
			if chance.Float64() < odds {
				return 1
			}
			return 0
		})
	default: // in any order, sector by sector
		odds := []float64{0.1, 0.5, 0.9}[chance.IntN(3)]
		return torn(f, chance, func() float64 { return odds })
	}
}

// torn applies each pending operation with its own odds.
func torn(f *content, chance *rand.Rand, odds func() float64) []byte {
	b := slices.Clone(f.synced)
	for _, o := range f.pending {
		b = tear(b, o, chance, odds())
	}
	return b
}

// tear applies each sector of a write with some odds, or a truncation as a
// whole. Where the file was made longer, but a sector not written, there may
// be anything.
func tear(b []byte, o Op, chance *rand.Rand, odds float64) []byte {
	if o.Kind == Truncate {
		if chance.Float64() < odds {
			b = resize(b, o.At, nil)
		}
		return b
	}
	noise := chance
	if chance.IntN(2) == 0 {
		noise = nil
	}
	end := o.At + int64(len(o.Data))
	for from := o.At; from < end; {
		to := min((from/sector+1)*sector, end)
		if chance.Float64() < odds {
			b = put(b, from, o.Data[from-o.At:to-o.At], noise)
		}
		from = to
	}
	if int64(len(b)) < end && chance.IntN(2) == 0 {
		b = resize(b, end, noise)
	}
	return b
}

// put writes data into b, which grows as a file does.
func put(b []byte, at int64, data []byte, noise *rand.Rand) []byte {
	if int64(len(b)) < at {
		b = resize(b, at, noise)
	}
	n := copy(b[at:], data)
	return append(b, data[n:]...)
}

// resize cuts b, or makes it longer by zeroes or noise.
func resize(b []byte, size int64, noise *rand.Rand) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	more := make([]byte, size-int64(len(b)))
	if noise != nil {
		for i := range more {
			more[i] = byte(noise.Uint32())
		}
	}
	return append(b, more...)
}

package recommend

import (
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
)

// digester sums up a state of the models.
type digester struct {
	h   hash.Hash
	buf [8]byte
}

func (d *digester) uint(v uint64) {
	binary.LittleEndian.PutUint64(d.buf[:], v)
	d.h.Write(d.buf[:])
}

func (d *digester) float(v float64) { d.uint(math.Float64bits(v)) }

func (d *digester) floats(list []float64) {
	d.uint(uint64(len(list)))
	for _, v := range list {
		d.float(v)
	}
}

func (d *digester) text() string { return hex.EncodeToString(d.h.Sum(nil)) }

package sqlite

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// What a row of the table tail holds: a byte that says how, a checksum of the
// rest, and records of any rooms one after the other.
const (
	arrivalEmpty   = 0 // no records, whatever else is in it
	arrivalRecords = 1
	arrivalHead    = 5 // bytes before the records
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newArrival begins a row.
func newArrival(size int) []byte {
	return append(make([]byte, 0, size), arrivalRecords, 0, 0, 0, 0)
}

// sealArrival completes a row.
func sealArrival(b []byte) {
	binary.LittleEndian.PutUint32(b[1:], crc32.Checksum(b[arrivalHead:], castagnoli))
}

// addRecord adds a record of the room with that number. Its data is the end
// of what is returned.
func addRecord(b []byte, in int64, r *room.Record) []byte {
	b = binary.AppendUvarint(b, uint64(in))
	b = binary.AppendUvarint(b, r.Seq)
	b = binary.AppendVarint(b, int64(r.V))
	b = binary.AppendVarint(b, int64(r.At))
	b = addText(b, r.Kind)
	b = addText(b, string(r.By))
	b = addText(b, r.Key)
	b = binary.AppendUvarint(b, uint64(len(r.Data)))
	return append(b, r.Data...)
}

func addText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// readArrival calls each with every record of a row and its room's number.
// The records' data is in b.
func readArrival(b []byte, each func(in int64, r room.Record) error) error {
	if len(b) > 0 && b[0] == arrivalEmpty {
		return nil
	}
	if len(b) < arrivalHead || b[0] != arrivalRecords ||
		binary.LittleEndian.Uint32(b[1:]) != crc32.Checksum(b[arrivalHead:], castagnoli) {
		return fmt.Errorf("%w: records that were not filed yet are not what was written", ErrDamaged)
	}
	for d := (arrivalReader{rest: b[arrivalHead:]}); len(d.rest) > 0; {
		in := int64(d.uint())
		r := room.Record{
			Seq: d.uint(), V: int(d.int()), At: wire.Millis(d.int()),
			Kind: string(d.bytes()), By: wire.UserID(d.bytes()), Key: string(d.bytes()), Data: d.bytes(),
		}
		if d.short {
			return fmt.Errorf("%w: a record that was not filed yet is cut", ErrDamaged)
		}
		if err := each(in, r); err != nil {
			return err
		}
	}
	return nil
}

// arrivalReader takes a row apart from its beginning. Once it is short, what
// it gives means nothing.
type arrivalReader struct {
	rest  []byte
	short bool
}

func (d *arrivalReader) uint() uint64 {
	v, n := binary.Uvarint(d.rest)
	return v * d.take(n)
}

func (d *arrivalReader) int() int64 {
	v, n := binary.Varint(d.rest)
	return v * int64(d.take(n))
}

// take moves on by n bytes and returns 1, or is short and returns 0.
func (d *arrivalReader) take(n int) uint64 {
	if n <= 0 {
		d.short, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return 1
}

func (d *arrivalReader) bytes() []byte {
	n := d.uint()
	if n > uint64(len(d.rest)) {
		d.short, d.rest = true, nil
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

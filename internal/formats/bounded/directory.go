package bounded

import (
	"bytes"
	"encoding/binary"
	"io"
)

// checkDirectory reads how many files an archive says it holds before
// archive/zip makes a record of each: 50 MB of directory are a million names.
func checkDirectory(r io.ReaderAt, size int64) error {
	const (
		endLen  = 22
		comment = 1<<16 - 1
	)
	tail := make([]byte, min(size, endLen+comment))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+endLen > len(tail) {
		return ErrZip
	}
	end := tail[at:]
	// Where there are more than 65,535 entries or 4 GB, the fields are all
	// ones and a second record has them: that is more than is read anyway.
	if n := binary.LittleEndian.Uint16(end[10:]); n > MaxEntries {
		return errMuch("the zip archive holds more than %d files, the most that is read", MaxEntries)
	}
	// A record takes 46 bytes and a name. A directory that is longer than the
	// count allows for holds entries that it does not count; where it begins
	// is said in two ways.
	const longest = MaxEntries * 1024
	length, begin := binary.LittleEndian.Uint32(end[12:]), int64(binary.LittleEndian.Uint32(end[16:]))
	if length > longest || size-int64(len(tail)-at)-begin > longest {
		return errMuch("the directory of the zip archive is too long")
	}
	return nil
}

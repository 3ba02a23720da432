package room

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/lyceum-live/lyceum/wire"
)

// doneKeys remembers the commands that were carried out: for each key, the
// position of its first event. It lives as long as the log and is not part of
// the [State], whose snapshots would grow with it: a snapshot carries only the
// keys since the one before.
type doneKeys map[digest]uint64

// digest stands for a person and a key of theirs: the first 64 bits of a
// SHA-256, so that a million commands meet by chance once in some tens of
// millions of such classes. Whoever looks for a collision can only forge the
// answer to a command of their own.
type digest uint64

func digestOf(user wire.UserID, key string) digest {
	b := make([]byte, 0, 128)
	b = append(append(append(b, user...), 0), key...)
	sum := sha256.Sum256(b)
	return digest(binary.LittleEndian.Uint64(sum[:]))
}

// doneSize is how many bytes one key takes in a snapshot: digest and position.
const doneSize = 16

// appendDone adds a key to those of a snapshot.
func appendDone(b []byte, d digest, seq uint64) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(d))
	return binary.LittleEndian.AppendUint64(b, seq)
}

// readDone reads the keys of a snapshot. more is how many will follow.
func readDone(b []byte, more int) doneKeys {
	done := make(doneKeys, len(b)/doneSize+more)
	for ; len(b) >= doneSize; b = b[doneSize:] {
		done[digest(binary.LittleEndian.Uint64(b))] = binary.LittleEndian.Uint64(b[8:])
	}
	return done
}

package room

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/lyceum-live/lyceum/wire"
)

// doneKeys remembers the commands that were carried out: for each key, the
// position of its first event. It lives as long as the log and is not part of
// the [State], whose snapshots would grow with it: a snapshot carries only the
// keys since the one before. One goroutine uses it.
type doneKeys struct {
	fresh map[digest]uint64 // since the room was opened
	old   map[digest]uint64 // from before; nil until read is closed
	read  chan struct{}
}

// openDone reads the keys of a snapshot. A million take a while, for which
// nobody waits but the first who gives a command.
func openDone(saved []byte) *doneKeys {
	k := &doneKeys{fresh: map[digest]uint64{}, read: make(chan struct{})}
	if len(saved) == 0 {
		close(k.read)
		return k
	}
	go func() {
		defer close(k.read)
		old := make(map[digest]uint64, len(saved)/doneSize)
		for b := saved; len(b) >= doneSize; b = b[doneSize:] {
			old[digest(binary.LittleEndian.Uint64(b))] = binary.LittleEndian.Uint64(b[8:])
		}
		k.old = old
	}()
	return k
}

// find returns the position of the first event of a command, if it was
// carried out.
func (k *doneKeys) find(d digest) (seq uint64, ok bool) {
	if seq, ok = k.fresh[d]; !ok {
		<-k.read
		seq, ok = k.old[d]
	}
	return seq, ok
}

func (k *doneKeys) add(d digest, seq uint64) { k.fresh[d] = seq }

// remove takes back what was added since the room was opened.
func (k *doneKeys) remove(d digest) { delete(k.fresh, d) }

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

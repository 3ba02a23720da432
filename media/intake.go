package media

import (
	"io"
	"sync/atomic"

	"github.com/pion/transport/v5/packetio"
)

const (
	maxStreams  = 64       // that a viewer's browser may name to us: a few for each line are usual
	streamLimit = 32 << 10 // bytes of one stream that wait to be read
)

// intake bounds what one viewer's connection makes us keep: the WebRTC library
// keeps a buffer for every stream that a packet from the browser names, even
// in a report, for as long as the connection stands. A connection that names
// too many is ended.
type intake struct {
	streams atomic.Int32
	full    func() // ends the connection; called once, on a goroutine of its own
}

// buffer makes room for a stream that was named for the first time.
func (i *intake) buffer(packetio.BufferPacketType, uint32) io.ReadWriteCloser {
	n := i.streams.Add(1)
	if n > maxStreams {
		if n == maxStreams+1 {
			go i.full()
		}
		return shut{}
	}
	b := packetio.NewBuffer()
	b.SetLimitSize(streamLimit)
	return stream{b}
}

// stream is the buffer of one stream.
type stream struct{ *packetio.Buffer }

func (s stream) Read(b []byte) (int, error) {
	n, _, err := s.Buffer.Read(b, nil)
	return n, err
}

func (s stream) Write(b []byte) (int, error) { return s.Buffer.Write(b, nil) }

// shut takes nothing and gives nothing.
type shut struct{}

func (shut) Read([]byte) (int, error)  { return 0, io.EOF }
func (shut) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
func (shut) Close() error              { return nil }

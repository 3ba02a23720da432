package media

import (
	"io"
	"sync/atomic"

	"github.com/pion/transport/v5/packetio"
)

const (
	maxStreams  = 96       // that a viewer's browser may name to us: a few for each line are usual
	streamLimit = 32 << 10 // bytes of one stream that wait to be read
)

// intake bounds what one viewer's connection makes us keep: the WebRTC library
// keeps a buffer for every stream that a packet from the browser names, even
// in a report, for as long as the connection stands. A connection that names
// too many is ended.
type intake struct {
	streams atomic.Int32
	full    func()       // ends the connection; called once, on a goroutine of its own
	heed    func([]byte) // is given feedback on when packets came, of whatever stream
}

// buffer makes room for a stream that was named for the first time.
func (i *intake) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	n := i.streams.Add(1)
	if n > maxStreams {
		if n == maxStreams+1 {
			go i.full()
		}
		return shut{}
	}
	b := packetio.NewBuffer()
	b.SetLimitSize(streamLimit)
	s := stream{Buffer: b}
	if kind == packetio.RTCPBufferPacket {
		s.heed = i.heed
	}
	return s
}

// stream is the buffer of one stream.
type stream struct {
	*packetio.Buffer
	heed func([]byte) // nil: of no control packets
}

func (s stream) Read(b []byte) (int, error) {
	n, _, err := s.Buffer.Read(b, nil)
	return n, err
}

// Write takes one packet. Feedback that is about the connection as a whole
// names the stream that came last, which nobody may be reading.
func (s stream) Write(b []byte) (int, error) {
	if s.heed != nil && isTransportFeedback(b) {
		s.heed(b)
		return len(b), nil
	}
	return s.Buffer.Write(b, nil)
}

// shut takes nothing and gives nothing.
type shut struct{}

func (shut) Read([]byte) (int, error)  { return 0, io.EOF }
func (shut) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
func (shut) Close() error              { return nil }

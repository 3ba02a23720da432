package fanout_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// readerEnv makes this test binary the reading half of a benchmark, so that
// the writer's CPU is its own.
const readerEnv = "LYCEUM_FANOUT_READER"

func init() {
	if spec := os.Getenv(readerEnv); spec != "" {
		if err := read(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// sampleEvery is the share of sockets whose frames are looked into.
const sampleEvery = 20

// sample is a socket whose frames are looked into: each payload begins with
// its number and the time at which it was to be published.
type sample struct {
	begun []byte // of a frame that is not whole yet
	next  uint64
	gaps  int
	late  []time.Duration
}

func (s *sample) take(b []byte, now time.Time) {
	if len(s.begun) > 0 {
		b = append(s.begun, b...)
	}
	for len(b) >= 4 {
		size := 4 + int(binary.BigEndian.Uint16(b[2:])) // they are all of one size
		if len(b) < size {
			break
		}
		number := binary.BigEndian.Uint64(b[4:])
		if s.next != 0 && number != s.next {
			s.gaps++
		}
		s.next = number + 1
		s.late = append(s.late, now.Sub(time.Unix(0, int64(binary.BigEndian.Uint64(b[12:])))))
		b = b[size:]
	}
	s.begun = append([]byte(nil), b...)
}

// read opens sockets ("address number deaf") and discards what they bring,
// except for the first few, which it never reads. Each "t" on stdin is answered with the bytes read so far, each "l" with gaps and
// latencies since the last one; its end ends all.
func read(spec string) error {
	var addr string
	var n, deaf int
	if _, err := fmt.Sscan(spec, &addr, &n, &deaf); err != nil {
		return err
	}
	epoll, err := unix.EpollCreate1(0)
	if err != nil {
		return err
	}
	watch := func(fd int) error {
		return unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	}
	var conns []net.Conn // keeps them open
	samples := map[int32]*sample{}
	for i := range n {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		conns = append(conns, c)
		if i < deaf {
			continue
		}
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			return err
		}
		control := raw.Control(func(fd uintptr) {
			err = watch(int(fd))
			if i%sampleEvery == 0 {
				samples[int32(fd)] = &sample{}
			}
		})
		if err != nil || control != nil {
			return errors.Join(err, control)
		}
	}
	defer runtime.KeepAlive(conns)
	if err := watch(0); err != nil {
		return err
	}
	runtime.LockOSThread()
	events := make([]unix.EpollEvent, 256)
	buf := make([]byte, 256<<10)
	var total uint64
	for {
		n, err := unix.EpollWait(epoll, events, -1)
		if err != nil && err != unix.EINTR {
			return err
		}
		now := time.Now()
		for _, e := range events[:max(n, 0)] {
			k, err := unix.Read(int(e.Fd), buf)
			switch {
			case e.Fd != 0:
				total += uint64(max(k, 0))
				if s := samples[e.Fd]; s != nil && k > 0 {
					s.take(buf[:k], now)
				}
			case k <= 0:
				return err
			case buf[0] == 't':
				fmt.Println(total)
			default:
				var late []time.Duration
				gaps := 0
				for _, s := range samples {
					late, gaps = append(late, s.late...), gaps+s.gaps
					s.late, s.gaps = s.late[:0], 0
				}
				slices.Sort(late)
				at := func(q float64) int64 { return int64(late[int(q*float64(len(late)-1))]) }
				fmt.Println(gaps, at(0.5), at(0.99), at(1))
			}
		}
	}
}

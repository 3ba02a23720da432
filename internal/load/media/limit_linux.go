package media

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lyceum-live/lyceum/internal/load"
)

// order is what the bare loop is asked to do, and done is what it did.
type (
	order struct {
		Ports        []uint16
		Video, Sound int // bytes of a datagram
		Rate         int // video datagrams a second to each port
		Length       time.Duration
	}
	done struct {
		Packets int64
		Refused int64
		CPU     time.Duration
	}
)

// ServeLimit is the least that a process can do to send one host's packets to
// many sockets: one thread, one sendmmsg(2) for each packet to all, the same
// bytes for everybody. It has no encryption, no peers and no queues: a
// yardstick, not a server. It reads one order and reports what it did.
func ServeLimit(in io.Reader, out io.Writer) error {
	var o order
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 16<<20)
	l := newBareLoop(fd, o.Ports)
	before, err := threadCPU()
	if err != nil {
		return err
	}
	l.run(o)
	after, err := threadCPU()
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(done{l.packets, l.refused, after - before})
}

// threadCPU is what this process has used, of which the loop is all.
func threadCPU() (time.Duration, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

type bareLoop struct {
	fd       int
	messages []mmsghdr
	vector   unix.Iovec // one for all
	names    []unix.RawSockaddrInet4
	buf      [readSize]byte
	seqs     [2]uint16
	packets  int64
	refused  int64
}

func newBareLoop(fd int, ports []uint16) *bareLoop {
	l := &bareLoop{fd: fd, messages: make([]mmsghdr, len(ports)), names: make([]unix.RawSockaddrInet4, len(ports))}
	l.vector.Base = &l.buf[0]
	for i, port := range ports {
		l.names[i] = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: [4]byte{127, 0, 0, 1}}
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&l.names[i].Port))[:], port)
		h := &l.messages[i].hdr
		h.Iov, h.Name, h.Namelen = &l.vector, (*byte)(unsafe.Pointer(&l.names[i])), unix.SizeofSockaddrInet4
		h.SetIovlen(1)
	}
	return l
}

// run keeps the host's pace: a picture's packets at once, sound between.
func (l *bareLoop) run(o order) {
	p := newPacer(o.Rate)
	tick := time.NewTicker(p.each)
	defer tick.Stop()
	for end := time.Now().Add(o.Length); time.Now().Before(end); <-tick.C {
		video, sound := p.next()
		for range video {
			l.send(0, o.Video)
		}
		for range sound {
			l.send(1, o.Sound)
		}
	}
}

// send writes one packet of stream s to all.
func (l *bareLoop) send(s, size int) {
	l.buf[0], l.buf[1] = 0x80, byte(96+s)
	binary.BigEndian.PutUint16(l.buf[2:], l.seqs[s])
	binary.BigEndian.PutUint32(l.buf[8:], uint32(s+1))
	l.seqs[s]++
	l.vector.SetLen(size)
	for rest := l.messages; len(rest) > 0; {
		n, _, e := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(l.fd), uintptr(unsafe.Pointer(&rest[0])), uintptr(min(len(rest), 1024)), 0, 0, 0)
		if e != 0 {
			l.refused++
			n = 1 // that one is lost
		} else {
			l.packets += int64(n)
		}
		rest = rest[n:]
	}
}

// Limit measures the bare loop of [ServeLimit] by a command that runs it.
func Limit(ctx context.Context, cmd *exec.Cmd, l Load, sizes Sizes) (load.Result, error) {
	lanes, err := newLanes()
	if err != nil {
		return load.Result{}, err
	}
	defer lanes.close()
	o := order{Video: sizes.Video, Sound: sizes.Sound, Rate: l.Rate, Length: l.Length}
	var socks []*sock
	defer func() {
		for _, s := range socks {
			s.close()
		}
	}()
	for i := range l.Viewers {
		s, err := lanes[i%len(lanes)].open(sizes.Video, nil, false)
		if err != nil {
			return load.Result{}, fmt.Errorf("open a socket: %w", err)
		}
		socks = append(socks, s)
		o.Ports = append(o.Ports, s.port)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return load.Result{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return load.Result{}, err
	}
	if err := cmd.Start(); err != nil {
		return load.Result{}, err
	}
	var did done
	err = json.NewEncoder(in).Encode(o)
	if err == nil {
		err = json.NewDecoder(out).Decode(&did)
	}
	if waitErr := cmd.Wait(); err == nil {
		err = waitErr
	}
	if err != nil {
		return load.Result{}, fmt.Errorf("the bare loop: %w", err)
	}
	got, err := counted(ctx, socks, did.Packets)
	if err != nil {
		return load.Result{}, err
	}
	r := load.Result{Measure: "media", Server: load.LimitName, Viewers: l.Viewers}
	cost(&r, did.Packets, did.CPU, l.Length)
	figure(&r, "lost", float64(did.Packets-got.packets), "packets")
	figure(&r, "refused by the kernel", float64(did.Refused), "packets")
	return r, nil
}

// counted waits until the sockets got want packets; what has not been read a
// second after the last was sent is lost.
func counted(ctx context.Context, socks []*sock, want int64) (got tally, err error) {
	for end := time.Now().Add(time.Second); ; {
		got = tally{}
		for _, s := range socks {
			got = got.add(s.count())
		}
		if got.packets >= want || time.Now().After(end) {
			return got, nil
		}
		if err := rest(ctx, 10*readEvery); err != nil {
			return got, err
		}
	}
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lanes read all sockets of one measurement.
type lanes []*lane

func newLanes() (lanes, error) {
	var all lanes
	for range max(1, runtime.NumCPU()/2) {
		l, err := newLane()
		if err != nil {
			all.close()
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

func (a lanes) close() {
	for _, l := range a {
		l.close()
	}
}

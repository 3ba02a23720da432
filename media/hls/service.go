package hls

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// Service serves all rooms. It may be used by several goroutines.
type Service struct {
	config  Config
	air     func(wire.RoomID) air // nil: nobody is there
	convert func(wire.RoomID)
	log     *zap.Logger
	gate    gate
	ctx     context.Context // over when the service is closed
	cancel  context.CancelFunc

	mu      sync.Mutex
	origins map[wire.RoomID]*origin
	closed  bool
}

// New makes a service. stage is what a room has on air, or nil; convert asks
// whoever publishes in a room for pictures in H.264. Neither may block.
func New(c Config, stage func(wire.RoomID) *media.Stage, convert func(wire.RoomID), log *zap.Logger) *Service {
	on := func(room wire.RoomID) air {
		if st := stage(room); st != nil {
			return stageAir{st}
		}
		return nil
	}
	return newService(c, on, convert, log)
}

func newService(c Config, on func(wire.RoomID) air, convert func(wire.RoomID), log *zap.Logger) *Service {
	c = c.withDefaults()
	s := &Service{config: c, air: on, convert: convert, log: log, origins: map[wire.RoomID]*origin{}}
	s.gate.most = int64(c.Waiting)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Close ends all origins and the requests that wait.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	var origins []*origin
	for _, o := range s.origins {
		origins = append(origins, o)
	}
	s.mu.Unlock()
	s.cancel()
	for _, o := range origins {
		<-o.done
	}
}

// origin finds a room's origin, or begins it, and notes that it is asked for.
func (s *Service) origin(room wire.RoomID) (*origin, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errStopped
	}
	o := s.origins[room]
	if o == nil {
		if s.air(room) == nil {
			return nil, ErrIdle.After(2000)
		}
		if len(s.origins) >= s.config.Rooms {
			return nil, ErrFull.After(5000)
		}
		o = &origin{
			service: s, room: room, done: make(chan struct{}), news: make(chan struct{}),
			asked: time.Now(), state: State{State: Waiting}, watchers: map[wire.UserID]watcher{}, asking: map[wire.UserID]int{},
		}
		s.origins[room] = o
		go o.loop(s.ctx)
	}
	o.mu.Lock()
	o.asked = time.Now()
	o.mu.Unlock()
	return o, nil
}

// forget takes an origin out unless it was asked for just now.
func (s *Service) forget(o *origin) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !o.idle(time.Now()) {
		return false
	}
	delete(s.origins, o.room)
	return true
}

// State says how a room's LL-HLS stands, and begins it where something is on air.
func (s *Service) State(room wire.RoomID) (State, error) {
	o, err := s.origin(room)
	if err != nil {
		if e, ok := errors.AsType[*wire.Error](err); ok && e.Code == ErrIdle.Code {
			return State{State: Idle}, nil
		}
		return State{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state, nil
}

// Request is what somebody wants of a room.
type Request struct {
	Room   wire.RoomID
	Person wire.UserID // "": a cache that serves many
	Path   string      // below the room's address
	MSN    string      // _HLS_msn, or ""
	Part   string      // _HLS_part, or ""
}

// Reply is what they get.
type Reply struct {
	Type   string        // of the content
	Fresh  time.Duration // for which a cache may keep it; it never changes if that is [Forever]
	Length int64
	write  func(io.Writer) error
}

// Forever is how long what never changes may be kept.
const Forever = time.Hour

// Send writes the content.
func (r *Reply) Send(w io.Writer) error { return r.write(w) }

// Get answers a request, and waits for what comes next if that is asked for. A
// refusal is a *wire.Error.
func (s *Service) Get(ctx context.Context, q Request) (*Reply, error) {
	o, err := s.origin(q.Room)
	if err != nil {
		return nil, s.public(err)
	}
	if !o.enter(q.Person) {
		return nil, ErrFull.After(1000)
	}
	defer o.leave(q.Person)
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	if q.Path == liveName || q.Path == plainName {
		e, err := o.running(ctx, &s.gate)
		if err != nil {
			return nil, s.public(err)
		}
		return bytesOf(playlistType, time.Second, variants(e.id, e.shelves, q.Path)), nil
	}
	run, rest, _ := strings.Cut(q.Path, "/")
	name, file, ok := strings.Cut(rest, "/")
	shelf := o.shelf(run, name)
	if !ok || shelf == nil {
		return nil, ErrNone
	}
	reply, until, err := s.read(ctx, shelf, file, q)
	if err != nil {
		return nil, s.public(err)
	}
	if until > 0 {
		o.served(q.Person, shelf.began.Add(until), time.Now())
	}
	return reply, nil
}

// read answers with a rendition's playlist or one of its files.
func (s *Service) read(ctx context.Context, shelf *shelf, file string, q Request) (*Reply, time.Duration, error) {
	if file == liveName || file == plainName {
		number, part, err := reload(q, file)
		if err != nil {
			return nil, 0, err
		}
		text, err := shelf.playlist(ctx, &s.gate, file == liveName, number, part)
		if err == nil && text == nil {
			err = ErrNone
		}
		if err != nil {
			return nil, 0, err
		}
		fresh := time.Second
		if number > 0 { // it holds what was asked for, now and later (appendix B.1)
			fresh = segmentTarget
		}
		return bytesOf(playlistType, fresh, text), 0, nil
	}
	found, err := shelf.file(ctx, &s.gate, file)
	if err != nil {
		return nil, 0, err
	}
	r := &Reply{Type: "video/mp4", Fresh: Forever, write: found.writeTo}
	for _, b := range found.data {
		r.Length += int64(len(b))
	}
	return r, found.until, nil
}

// reload reads the directives of a blocking reload (section 6.2.5.2). Segment 0
// is none in particular, part -1 the whole segment.
func reload(q Request, file string) (number uint64, part int, err error) {
	part = -1
	if q.MSN == "" && q.Part == "" || file != liveName {
		return 0, part, nil
	}
	if number, err = strconv.ParseUint(q.MSN, 10, 62); err != nil {
		return 0, 0, wire.ErrField.In("_HLS_msn")
	}
	if q.Part != "" {
		n, err := strconv.ParseUint(q.Part, 10, 31)
		if err != nil {
			return 0, 0, wire.ErrField.In("_HLS_part")
		}
		part = int(n)
	}
	return number, part, nil
}

const playlistType = "application/vnd.apple.mpegurl"

func bytesOf(kind string, fresh time.Duration, b []byte) *Reply {
	return &Reply{Type: kind, Fresh: fresh, Length: int64(len(b)), write: func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}}
}

// public makes of every reason one that a client may know.
func (s *Service) public(err error) error {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	return wire.ErrBusy.After(1000) // closed, or it waited for too long
}

package media

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"os"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/internal/load"
	"github.com/lyceum-live/lyceum/wire"
)

// primed is how many viewers come and go before anything is measured.
const primed = 20

// Run measures one host and l.Viewers viewers at a server of this machine.
func Run(ctx context.Context, t load.Target, l Load) (result load.Result, sizes Sizes, err error) {
	err = hold(ctx, t, l, false, func(a *audience, h *host) error {
		few, err := a.gather(ctx, min(primed, l.Viewers))
		if err != nil {
			return err
		}
		leave(few)
		if err := rest(ctx, 2*l.Settle); err != nil {
			return err
		}
		result, sizes, err = a.measure(ctx, h)
		return err
	})
	return result, sizes, err
}

// hold opens a room with a host on air for as long as do lasts.
func hold(ctx context.Context, t load.Target, l Load, sparing bool, do func(*audience, *host) error) error {
	a, err := newAudience(t, l)
	if err != nil {
		return err
	}
	defer a.lanes.close()
	token, err := t.Token(a.room, "Host", wire.Host)
	if err != nil {
		return err
	}
	socket, err := dial(ctx, t, a.room, token)
	if err != nil {
		return err
	}
	defer socket.Close()
	stop := drain(socket)
	defer stop()
	h, err := publish(ctx, socket, l, sparing)
	if err != nil {
		return err
	}
	defer h.close()
	return do(a, h)
}

func newAudience(t load.Target, l Load) (*audience, error) {
	a := &audience{target: t, load: l, room: t.Room("media"), media: &webrtc.MediaEngine{}}
	if err := a.media.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		for _, uri := range []string{sendTimeURI, wideURI} {
			if err := a.media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return nil, err
			}
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	own, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, err
	}
	a.own = []webrtc.Certificate{*own}
	if a.lanes, err = newLanes(); err != nil {
		return nil, err
	}
	return a, nil
}

// measure lets all join, waits, and counts for the load's length.
func (a *audience) measure(ctx context.Context, h *host) (load.Result, Sizes, error) {
	l := a.load
	fail := func(err error) (load.Result, Sizes, error) { return load.Result{}, Sizes{}, err }
	empty, err := a.target.Usage()
	if err != nil {
		return fail(err)
	}
	keysBefore, started := h.asked.Load(), time.Now()
	viewers, err := a.gather(ctx, l.Viewers)
	if err != nil {
		return fail(err)
	}
	defer leave(viewers)
	joined := time.Since(started)
	keysJoining := h.asked.Load() - keysBefore
	stop := talk(viewers)
	defer stop()
	if err := rest(ctx, l.Settle); err != nil {
		return fail(err)
	}

	keysBefore = h.asked.Load()
	before, own := total(viewers), ownCPU()
	used, err := a.target.Usage()
	if err != nil {
		return fail(err)
	}
	begun := time.Now()
	if err := rest(ctx, l.Length); err != nil {
		return fail(err)
	}
	now, err := a.target.Usage()
	if err != nil {
		return fail(err)
	}
	length := time.Since(begun)
	got, ownUsed := total(viewers).sub(before), ownCPU()-own

	r := load.Result{Measure: "media", Server: a.target.Name, Viewers: l.Viewers}
	cost(&r, got.packets, now.CPU-used.CPU, length)
	figure(&r, "lost", float64(got.missing), "packets")
	figure(&r, "lost, share", 100*float64(got.missing)/float64(max(got.packets+got.missing, 1)), "%")
	figure(&r, "out of order", float64(got.late), "packets")
	decrypted, wrong, missed := whole(viewers)
	figure(&r, "decrypted and checked", float64(decrypted), "packets")
	figure(&r, "of these not the next", float64(wrong), "packets")
	figure(&r, "memory of the server", float64(now.Resident-empty.Resident)/float64(l.Viewers)/1000, "kB a viewer")
	figure(&r, "without viewers", float64(empty.Resident)/1e6, "MB")
	waits(&r, viewers)
	figure(&r, "joins a second", float64(l.Viewers)/joined.Seconds(), "")
	figure(&r, "keyframes asked for, joining", float64(keysJoining)/joined.Seconds(), "a second")
	figure(&r, "keyframes asked for, then", float64(h.asked.Load()-keysBefore)/length.Seconds(), "a second")
	figure(&r, "cores used by this tool", ownUsed.Seconds()/length.Seconds(), "")
	figure(&r, "dropped by this tool", float64(missed)+float64(drops(viewers)), "packets")
	return r, sizes(viewers[0]), nil
}

// drain reads what a socket hears, so that it is not cut off.
func drain(c conversation) (stop func()) {
	quit := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case _, ok := <-c.Messages():
				if !ok {
					return
				}
			case <-quit:
				return
			}
		}
	})
	return func() { close(quit); running.Wait() }
}

// talk has the viewers report, each once a second and evenly spread, and
// drains their sockets.
func talk(viewers []*viewer) (stop func()) {
	quit := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(time.Second / 20)
		defer tick.Stop()
		for turn := 0; ; turn++ {
			for i := turn % 20; i < len(viewers); i += 20 {
				viewers[i].report()
				viewers[i].hear()
			}
			for i := turn % 2; i < len(viewers); i += 2 {
				viewers[i].tellArrivals()
			}
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	})
	return func() { close(quit); running.Wait() }
}

// hear takes what waits, and answers what is offered anew.
func (v *viewer) hear() {
	for {
		select {
		case m, ok := <-v.client.Messages():
			if !ok {
				return
			}
			ctx, stop := context.WithTimeout(context.Background(), comeTime)
			_ = v.heed(ctx, m) // what comes of it shows in the counts
			stop()
		default:
			return
		}
	}
}

func total(viewers []*viewer) (t tally) {
	for _, v := range viewers {
		t = t.add(v.door.count())
	}
	return t
}

// whole sums what the viewers that are read whole have found.
func whole(viewers []*viewer) (read, wrong int64, missed int) {
	for _, v := range viewers {
		read += v.read.Load()
		wrong += v.wrong.Load()
		v.door.lane.mu.Lock()
		missed += v.door.missed
		v.door.lane.mu.Unlock()
	}
	return read, wrong, missed
}

// sizes are those of the datagrams that v got.
func sizes(v *viewer) (s Sizes) {
	v.door.lane.mu.Lock()
	defer v.door.lane.mu.Unlock()
	s.Sound = soundSize
	for _, st := range v.door.streams {
		if st.size >= v.door.big {
			s.Video = st.size
		} else {
			s.Sound = st.size
		}
	}
	return s
}

func ownCPU() time.Duration {
	u, _ := load.ReadUsage(os.Getpid())
	return u.CPU
}

// drops is how many packets the kernel dropped before the viewers' sockets,
// which is this tool's loss and not the server's.
func drops(viewers []*viewer) (n uint32) {
	for _, v := range viewers {
		n += v.door.drops()
	}
	return n
}

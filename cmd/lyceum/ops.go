package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/metrics/operator"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// count lets the metrics read the parts that keep figures of their own.
func (in *installation) count(pool *fanout.Pool, store *sqlite.Store, stage *signaling.Service) {
	in.metrics.Sockets(pool.Stats)
	in.metrics.Store(store.Stats)
	in.metrics.Rooms(in.house.InUse)
	in.metrics.Ready(in.server.Ready)
	kinds := make([]string, len(media.Sources))
	for i, source := range media.Sources {
		kinds[i] = string(source)
	}
	in.metrics.Media(kinds, func() map[string]int {
		onAir := map[string]int{}
		for id, status := range in.house.InUse() {
			if status.Phase != room.Live {
				continue
			}
			for _, source := range stage.OnAir(id) {
				onAir[string(source)]++
			}
		}
		return onAir
	})
}

var errNoKeys = &wire.Error{Code: "auth.keys", Text: "the signing key is missing"}

// ability says what keeps the server from being of use: a store that cannot
// write, or a signing key that is gone from the disk, so that after the next
// start nobody's token would be good any more.
func ability(store *sqlite.Store, keyPath string) func() error {
	return func() error {
		if _, err := os.Stat(keyPath); errors.Is(err, os.ErrNotExist) {
			return errNoKeys
		}
		return store.Ready()
	}
}

// closeDoorFor is how long operators' requests have to end when the server stops.
const closeDoorFor = time.Second

// openDoor lets operators in. A second server on one machine finds the default
// address taken, which is no reason not to hold classes; an address that
// somebody chose is meant.
func (in *installation) openDoor() error {
	c := in.config.Ops
	if c.Listen == "" {
		return nil
	}
	log := in.log.Named("ops")
	open, closed := in.server.OperatorPages()
	door, err := operator.Open(c, operator.Pages{
		Metrics: in.metrics.Handler(log), Health: in.server.Health, Readiness: in.server.Readiness, Open: open, Closed: closed,
	}, log)
	if errors.Is(err, syscall.EADDRINUSE) && c.Listen == operator.Default {
		log.Warn("another server has the operators' default address: there are no metrics of this one; ops.listen sets an address", zap.String("address", c.Listen))
		return nil
	}
	if err != nil {
		return fmt.Errorf("ops: %w", err)
	}
	in.door = door
	return nil
}

// doorAddr is where operators come in, for people.
func (in *installation) doorAddr() string {
	switch {
	case in.door == nil:
		return "none"
	case strings.HasPrefix(in.door.Addr(), "unix:"):
		return in.door.Addr()
	}
	return "http://" + in.door.Addr() + "/metrics"
}

func (in *installation) closeDoor() {
	if in.door == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeDoorFor)
	defer cancel()
	in.door.Close(ctx)
}

// endAtSecondSignal ends the process when it is told to stop for the second
// time: whoever says it twice will not wait. What was acknowledged is on the
// disk. The exit code is that of a process ended by the signal. The function
// that it returns ends the watch.
func endAtSecondSignal(log *zap.Logger) (release func()) {
	told, released := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(told, os.Interrupt, syscall.SIGTERM)
	go func() {
		for n := 1; ; n++ {
			select {
			case s := <-told:
				if n < 2 {
					continue
				}
				log.Warn("told to stop twice: ending at once")
				code := 1
				if number, ok := s.(syscall.Signal); ok {
					code = 128 + int(number) // 130 and 143
				}
				os.Exit(code)
			case <-released:
				return
			}
		}
	}()
	return func() {
		signal.Stop(told)
		close(released)
	}
}

// trimmer is what retention asks of the house.
type trimmer interface {
	// Trim lets go of records from before a time and returns how many went.
	Trim(ctx context.Context, before time.Time) (int, error)
}

// When old records go: a while after the start, so that a server that is
// started anew each day does it too, and then daily.
const (
	firstTrim = 5 * time.Minute
	nextTrim  = 24 * time.Hour
)

// retain keeps records no longer than so long; 0: for ever. The function that
// it returns ends that.
func retain(house trimmer, keep time.Duration, log *zap.Logger) (stop func()) {
	if keep <= 0 {
		return func() {}
	}
	return periodically(firstTrim, nextTrim, func(ctx context.Context) {
		began := time.Now()
		n, err := house.Trim(ctx, began.Add(-keep))
		switch {
		case ctx.Err() != nil:
		case err != nil:
			log.Warn("old records not let go of; tomorrow again", zap.Error(err))
		default:
			log.Info("old records let go of", zap.Int("records", n), zap.Duration("in", time.Since(began)))
		}
	})
}

// periodically calls do after a first while, and again so long after each time
// that it has returned. The function that it returns ends that: it cancels a
// call that runs, and waits for it.
func periodically(first, next time.Duration, do func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		due := time.NewTimer(first)
		defer due.Stop()
		for {
			select {
			case <-due.C:
			case <-ctx.Done():
				return
			}
			do(ctx)
			due.Reset(next)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

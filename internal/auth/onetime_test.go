package auth_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/wire"
)

func TestOneTimeLink(t *testing.T) {
	var links auth.OneTime
	secret, expires := links.Make("go-101", now)
	if len(secret) != 43 || expires != now.Add(24*time.Hour) {
		t.Errorf("got %d characters until %v", len(secret), expires)
	}
	wantError(t, links.Claim(secret, "other", now), auth.ErrOnce)
	wantError(t, links.Claim(secret[1:], "go-101", now), auth.ErrOnce)
	wantError(t, links.Claim("", "go-101", now), auth.ErrOnce)
	wantError(t, links.Claim(secret, "go-101", now), nil)
	wantError(t, links.Claim(secret, "go-101", now), auth.ErrOnce)

	early, _ := links.Make("go-101", now)
	wantError(t, links.Claim(early, "go-101", now.Add(24*time.Hour-1)), nil)
	late, _ := links.Make("go-101", now)
	wantError(t, links.Claim(late, "go-101", now.Add(24*time.Hour)), auth.ErrOnce)
}

func TestOneTimeLinkHasOneWinner(t *testing.T) {
	var links auth.OneTime
	for range 50 {
		secret, _ := links.Make("go-101", now)
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if links.Claim(secret, "go-101", now) == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		now := now.Add(2 * time.Minute) // the losers' claims are forgotten
		if links.Claim(secret, "go-101", now); won.Load() != 1 {
			t.Fatalf("%d won", won.Load())
		}
		links = auth.OneTime{}
	}
}

func TestGuessesAreBounded(t *testing.T) {
	var links auth.OneTime
	secret, _ := links.Make("go-101", now)
	quiet, _ := links.Make("calm", now)
	for range 10 {
		wantError(t, links.Claim("guess", "go-101", now), auth.ErrOnce)
	}
	err := links.Claim("guess", "go-101", now.Add(20*time.Second))
	wantError(t, err, auth.ErrGuesses)
	if e, _ := errors.AsType[*wire.Error](err); e == nil || e.RetryMS != 40_000 {
		t.Errorf("got %+v, want to be told to come back in 40 s", e)
	}
	wantError(t, links.Claim(quiet, "calm", now), nil)                        // another room is not held up
	wantError(t, links.Claim(secret, "go-101", now.Add(20*time.Second)), nil) // nor is the host
}

func TestOldestLinkGoesWhenThereAreTooMany(t *testing.T) {
	var links auth.OneTime
	var secrets []string
	for range 1025 {
		s, _ := links.Make("go-101", now)
		secrets = append(secrets, s)
	}
	wantError(t, links.Claim(secrets[0], "go-101", now), auth.ErrOnce)
	wantError(t, links.Claim(secrets[1], "go-101", now), nil)
	wantError(t, links.Claim(secrets[1024], "go-101", now), nil)
}

// TestOneTimeAgainstModel holds random makes, claims and waits to the plainest
// account of the rules.
func TestOneTimeAgainstModel(t *testing.T) {
	rooms := []wire.RoomID{"a", "b"}
	type link struct {
		room    wire.RoomID
		expires time.Time
	}
	rapid.Check(t, func(t *rapid.T) {
		var links auth.OneTime
		now := now
		model := map[string]link{}
		secrets := []string{"wrong"}
		wrong := map[wire.RoomID]int{}
		since := map[wire.RoomID]time.Time{}
		t.Repeat(map[string]func(*rapid.T){
			"make": func(t *rapid.T) {
				room := rapid.SampledFrom(rooms).Draw(t, "room")
				s, expires := links.Make(room, now)
				model[s] = link{room, expires}
				secrets = append(secrets, s)
			},
			"wait": func(t *rapid.T) {
				now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, 59 * time.Second, time.Hour, 12 * time.Hour}).Draw(t, "for"))
			},
			"claim": func(t *rapid.T) {
				room := rapid.SampledFrom(rooms).Draw(t, "room")
				s := rapid.SampledFrom(secrets).Draw(t, "secret")
				waiting := false
				for k, l := range model {
					if !now.Before(l.expires) {
						delete(model, k)
					}
				}
				for _, l := range model {
					waiting = waiting || l.room == room
				}
				if now.Sub(since[room]) >= time.Minute {
					wrong[room] = 0
				}
				var want error
				if l, ok := model[s]; ok && l.room == room {
					delete(model, s)
				} else if wrong[room] == 10 {
					want = auth.ErrGuesses
				} else {
					want = auth.ErrOnce
					if waiting {
						if wrong[room]++; wrong[room] == 1 {
							since[room] = now
						}
					}
				}
				if err := links.Claim(s, room, now); !errors.Is(err, want) {
					t.Fatalf("got %v, want %v", err, want)
				}
			},
		})
	})
}

package signaling_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

func caller(user wire.UserID) signaling.Caller {
	return signaling.Caller{Room: "go-101", User: user, Until: time.Now().Add(time.Hour)}
}

// TestLayersOfAStreamingProgram: OBS calls its layers 0, 1 and 2, the largest
// first; browsers that publish by WHIP call them q, h and f, the smallest first.
func TestLayersOfAStreamingProgram(t *testing.T) {
	for _, tt := range []struct {
		names     [3]string
		high, low string
	}{
		{[3]string{"0", "1", "2"}, "0", "2"},
		{[3]string{"q", "h", "f"}, "f", "q"},
		{[3]string{"l", "m", "h"}, "h", "l"},
	} {
		t.Run(tt.names[0], func(t *testing.T) {
			house := newHouse(t, time.Second)
			h := newHostOf(t, &socket{t: t}, tt.names)
			told := make(chan []string, 10)
			offer, _ := h.offerSDP()
			session, err := house.service.Ingest(caller("ana"), offer, func(sources []string) error {
				told <- sources
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			answer, _ := session.Answer()
			h.connect(answer)
			h.film(t)
			for sources := range told {
				if len(sources) == 2 {
					break
				}
			}
			w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
			w.must("media.watch", map[string]string{"quality": "high"})
			for len(w.accept().Sources) < 2 {
			}
			w.until(media.Camera, "the largest", has(tt.high[0], 20))
			w.must("media.watch", map[string]string{"quality": "low"})
			w.until(media.Camera, "the smallest", has(tt.low[0], 20))
		})
	}
}

// TestALostProgramMayComeBack: without goodbye its sources wait, and a new
// session goes on in their place; with one they are off the air at once.
func TestALostProgramMayComeBack(t *testing.T) {
	house := newHouse(t, time.Minute)
	begin := func() (*host, *signaling.Session) {
		h := newHost(t, &socket{t: t})
		offer, _ := h.offerSDP()
		session, err := house.service.Ingest(caller("ana"), offer, func([]string) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := session.Answer()
		h.connect(answer)
		h.film(t)
		return h, session
	}
	first, _ := begin()
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{"quality": "low"})
	for len(w.accept().Sources) < 2 {
	}
	got := w.until(media.Camera, "the first", has('l', 20))
	_ = first.pc.Close()
	_, second := begin()
	w.until(media.Camera, "the second", has('l', len(got)+40))
	second.End()
	if on := house.service.OnAir("go-101"); len(on) != 0 {
		t.Errorf("after the goodbye %v is on air", on)
	}
}

// TestASessionThatMayNotEnds: the class refuses what it is told.
func TestASessionThatMayNotEnds(t *testing.T) {
	house := newHouse(t, time.Minute)
	h := newHost(t, &socket{t: t})
	offer, _ := h.offerSDP()
	session, err := house.service.Ingest(caller("ana"), offer, func([]string) error { return wire.ErrForbidden })
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := session.Answer()
	h.connect(answer)
	h.film(t)
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := house.service.Session(signaling.WHIP, "go-101", "ana", session.ID()); errors.Is(err, wire.ErrNotFound) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the session goes on")
		}
	}
}

// FuzzOffersOverHTTP: whatever is posted, it is answered or refused with what a
// client can act on, and nothing of it stays.
func FuzzOffersOverHTTP(f *testing.F) {
	f.Add("v=0\r\n", "a=ice-ufrag:abcd\r\n")
	f.Add(whipOffer, "a=ice-ufrag:efgh\r\na=ice-pwd:0123456789012345678901\r\n")
	f.Add(strings.ReplaceAll(whipOffer, "sendonly", "recvonly"), "a=candidate:1 1 udp 1 127.0.0.1 9 typ host")
	engine, err := media.NewEngine(media.Config{Listen: "127.0.0.1:0"}, zap.NewNop())
	if err != nil {
		f.Fatal(err)
	}
	service := signaling.New(engine, zap.NewNop())
	f.Cleanup(func() {
		service.Close()
		_ = engine.Close()
	})
	f.Fuzz(func(t *testing.T, offer, fragment string) {
		known := func(err error) {
			if _, ok := errors.AsType[*wire.Error](err); err != nil && !ok {
				t.Errorf("%v", err)
			}
		}
		_, err := service.Play(caller("ben"), offer)
		known(err)
		x, err := service.Ingest(caller("ana"), offer, func([]string) error { return nil })
		known(err)
		if err != nil {
			return
		}
		_, tag := x.Answer()
		_, _, err = x.Patch("*", fragment)
		known(err)
		_, _, err = x.Patch(tag, fragment)
		known(err)
		x.End()
		if _, err := service.Session(signaling.WHIP, "go-101", "ana", x.ID()); !errors.Is(err, wire.ErrNotFound) {
			t.Error("the session is still there")
		}
	})
}

const whipOffer = "v=0\r\no=- 1 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" +
	"a=fingerprint:sha-256 8A:0F:2C:51:B1:4D:6C:07:93:2E:44:5B:72:19:E0:AD:35:C8:97:1B:F4:60:3E:D2:5A:86:0B:7F:C1:29:9D:E3\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n" +
	"a=setup:actpass\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"

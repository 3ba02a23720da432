package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// member is somebody who writes and writes until the server sends them away.
type member struct {
	client *bot.Client
	user   wire.UserID
	acked  []uint64 // positions of what was acknowledged
	told   bool     // heard when to come back
	code   wire.CloseCode
}

// take hears all that comes until the socket ends.
func (m *member) take() {
	for message := range m.client.Messages() {
		if message.Type == "server.closing" {
			var back struct {
				Retry int64 `json:"retry_ms"`
			}
			m.told = message.Read(&back) == nil && back.Retry > 0
		}
	}
	if closed, ok := errors.AsType[*bot.Closed](m.client.Err()); ok {
		m.code = closed.Code
	}
}

func (m *member) write(busy func()) {
	for i := 0; ; i++ {
		seq, err := m.client.Command(context.Background(), "chat.say", map[string]any{"text": fmt.Sprintf("message %d", i)})
		if err == nil {
			m.acked = append(m.acked, seq)
			if i == 2 {
				busy()
			}
			continue
		}
		if _, refused := errors.AsType[*wire.Error](err); !refused {
			return // the socket has ended
		}
	}
}

// crowd brings people in, of whom one in ten writes all the time, and returns
// when those have begun. left is closed when all have been sent away.
func crowd(p *process, id wire.RoomID, n int) (members []*member, left chan struct{}) {
	var all, begun sync.WaitGroup
	for i := range n {
		c := p.join(id, fmt.Sprintf("Member %d", i), wire.Viewer)
		m := &member{client: c, user: c.Welcome.You.ID}
		members = append(members, m)
		all.Go(m.take)
	}
	for i := 0; i < n; i += 10 {
		begun.Add(1)
		all.Go(func() { members[i].write(begun.Done) })
	}
	begun.Wait()
	left = make(chan struct{})
	go func() {
		all.Wait()
		close(left)
	}()
	return members, left
}

// deaf brings somebody in who says hello and then never reads.
func deaf(p *process, id wire.RoomID, name string) {
	p.t.Helper()
	ws, _, err := websocket.Dial(p.t.Context(), strings.Replace(p.url, "http", "ws", 1)+"/v1/rooms/"+string(id)+"/socket",
		&websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = ws.CloseNow() })
	hello := fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q}}`, p.token(id, name, wire.Viewer))
	if err := ws.Write(p.t.Context(), websocket.MessageText, []byte(hello)); err != nil {
		p.t.Fatal(err)
	}
}

// checkLog opens the store of a server that has ended: what was acknowledged is
// there, where and whose it was said to be.
func checkLog(t *testing.T, dir string, id wire.RoomID, members []*member) (acked int) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	log := map[uint64]room.Record{}
	for at := uint64(0); ; {
		page, err := store.Read(t.Context(), id, at, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			if at++; r.Seq != at {
				t.Fatalf("record %d stands at %d", r.Seq, at)
			}
			log[at] = r
		}
	}
	seen := map[uint64]bool{}
	for _, m := range members {
		for _, seq := range m.acked {
			acked++
			if r := log[seq]; r.By != m.user || r.Kind != "chat.said" || seen[seq] {
				t.Errorf("acknowledged at %d to %s; there is %q by %q", seq, m.user, r.Kind, r.By)
			}
			seen[seq] = true
		}
	}
	return acked
}

// TestDrain: told to end in the middle of a busy class, the server lets nobody
// in any more, sends everybody away with a word when to come back, keeps what
// it has acknowledged, and ends by itself with 0.
func TestDrain(t *testing.T) {
	const class wire.RoomID = "waves"
	dir := t.TempDir()
	p := start(t, dir, "--http.drain", "4s")
	if status := p.status("/readyz"); status != http.StatusOK {
		t.Fatalf("ready: %d", status)
	}
	members, left := crowd(p, class, 200)
	for i := range 5 { // who read nothing, not even that they are to go
		deaf(p, class, fmt.Sprintf("Deaf %d", i))
	}
	p.signal(syscall.SIGTERM)

	// Not ready, and closed to newcomers, while people are still leaving.
	turnedAway := false
	for ready := true; ready; {
		switch status := p.status("/readyz"); status {
		case http.StatusOK:
		case http.StatusServiceUnavailable:
			ready = false
		default:
			t.Fatalf("ready: %d", status)
		}
	}
	ws, res, err := websocket.Dial(t.Context(), strings.Replace(p.url, "http", "ws", 1)+"/v1/rooms/waves/socket", nil)
	if err == nil {
		_ = ws.CloseNow()
	} else if res != nil {
		turnedAway = res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != ""
	}
	if !turnedAway {
		t.Errorf("a new socket: %v %v", res, err)
	}
	if status := p.status("/healthz"); status != http.StatusOK {
		t.Errorf("health while draining: %d", status)
	}

	select {
	case <-left:
	case <-time.After(20 * time.Second):
		t.Fatal("not everybody was sent away")
	}
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for i, m := range members {
		if !m.told || m.code != wire.CloseRestart {
			t.Errorf("member %d: told %t, closed with %d", i, m.told, m.code)
		}
	}
	acked := checkLog(t, dir, class, members)

	again := start(t, dir)
	c := again.join(class, "Somebody", wire.Viewer)
	last := uint64(0)
	for _, m := range members {
		for _, seq := range m.acked {
			last = max(last, seq)
		}
	}
	if c.Welcome.Seq < last {
		t.Errorf("after a restart the class stands at %d; %d was acknowledged", c.Welcome.Seq, last)
	}
	t.Logf("%d messages were acknowledged, the last at %d", acked, last)
	c.Close()
	again.signal(syscall.SIGINT)
	if code := again.exit(); code != 0 {
		t.Errorf("exit code %d after SIGINT", code)
	}
}

// TestSecondSignal: whoever says it twice does not wait, and loses nothing that
// was acknowledged.
func TestSecondSignal(t *testing.T) {
	for _, tt := range []struct {
		second syscall.Signal
		code   int
	}{{syscall.SIGTERM, 143}, {syscall.SIGINT, 130}} {
		t.Run(tt.second.String(), func(t *testing.T) {
			const class wire.RoomID = "waves"
			dir := t.TempDir()
			p := start(t, dir, "--http.drain", "10m")
			members, left := crowd(p, class, 20)
			p.signal(syscall.SIGTERM)
			for p.status("/readyz") == http.StatusOK {
			}
			p.signal(tt.second)
			if code := p.exit(); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			<-left
			checkLog(t, dir, class, members)
		})
	}
}

// TestEmptyServerStopsAtOnce, however long people would be given.
func TestEmptyServerStopsAtOnce(t *testing.T) {
	p := start(t, t.TempDir(), "--http.drain", "10m")
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

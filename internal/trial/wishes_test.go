package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"github.com/lyceum-live/lyceum/wire"
)

// reply settles the wish that it answers. The caller holds mu.
func (p *person) reply(m message) {
	if answer := p.queries[m.Re]; answer != nil {
		delete(p.queries, m.Re)
		answer <- m
		return
	}
	w := p.asked[m.Re]
	if w == nil {
		return // a query's that nobody waits for
	}
	var data struct {
		Seq     uint64 `json:"seq"`
		Code    string `json:"code"`
		RetryMS int64  `json:"retry_ms"`
	}
	_ = json.Unmarshal(m.Data, &data)
	if data.Code == wire.ErrBusy.Code {
		w.busy = true
		wait := time.Duration(max(data.RetryMS, 500)) * time.Millisecond
		time.AfterFunc(wait+time.Duration(rand.Int64N(int64(wait))), func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.ws != nil && !w.answered {
				p.send(w)
			}
		})
		return
	}
	if w.answered {
		if data.Seq != w.seq || data.Code != w.refused {
			w.others = append(w.others, fmt.Sprintf("%s %d %s", m.Type, data.Seq, data.Code))
		}
		return
	}
	w.answered, w.seq, w.refused, w.took = true, data.Seq, data.Code, time.Since(w.sentAt)
	p.waiting = slices.DeleteFunc(p.waiting, func(x *wish) bool { return x == w })
	close(w.done)
}

// wish asks for something that changes the class. It does not wait.
func (p *person) wish(kind string, data map[string]any) *wish {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := &wish{
		key: string(p.user) + "-" + strconv.Itoa(len(p.wishes)), kind: kind, data: data,
		by: time.Now(), done: make(chan struct{}),
	}
	p.wishes = append(p.wishes, w)
	p.waiting = append(p.waiting, w)
	if p.ws != nil {
		p.send(w)
	}
	return w
}

// do asks for something and waits for the answer: nil if ctx ends before.
func (p *person) do(ctx context.Context, kind string, data map[string]any) *wish {
	w := p.wish(kind, data)
	select {
	case <-w.done:
		return w
	case <-ctx.Done():
		return nil
	}
}

// send puts a wish on the wire. The caller holds mu.
func (p *person) send(w *wish) {
	p.id++
	p.asked[p.id] = w
	if w.sent++; w.sent == 1 {
		w.sentAt = time.Now()
	}
	p.write(map[string]any{"id": p.id, "type": w.kind, "key": w.key, "data": w.data})
}

// query asks for something without a key, if there is a socket.
func (p *person) query(kind string, data map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ws != nil {
		p.id++
		p.write(map[string]any{"id": p.id, "type": kind, "data": data})
	}
}

// ask makes a query and returns the reply, or an error if none comes in time.
func (p *person) ask(kind string, data map[string]any) (message, error) {
	return p.request(map[string]any{"type": kind, "data": data})
}

func (p *person) request(frame map[string]any) (message, error) {
	answer := make(chan message, 1) // buffered: the reader never waits
	p.mu.Lock()
	if p.ws == nil {
		p.mu.Unlock()
		return message{}, errors.New("there is no connection")
	}
	p.id++
	p.queries[p.id], frame["id"] = answer, p.id
	p.write(frame)
	p.mu.Unlock()
	select {
	case m := <-answer:
		if m.Type != "ok" {
			return m, fmt.Errorf("%s: %s", frame["type"], m.Data)
		}
		return m, nil
	case <-time.After(10 * time.Second):
		return message{}, fmt.Errorf("%s: no answer", frame["type"])
	}
}

// again sends a wish that was answered once more, as if the answer had been
// lost. It reports whether the answer was the first one's.
func (p *person) again(w *wish) error {
	m, err := p.request(map[string]any{"type": w.kind, "key": w.key, "data": w.data})
	var data struct{ Seq uint64 }
	if _ = json.Unmarshal(m.Data, &data); err == nil && data.Seq != w.seq {
		err = fmt.Errorf("%s of %s was answered with %d, and repeated with %d", w.kind, w.key, w.seq, data.Seq)
	}
	return err
}

// hangUp ends the socket; the client comes back by itself.
func (p *person) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ws != nil {
		_ = p.ws.CloseNow()
		p.ws = nil
	}
}

func (p *person) write(frame map[string]any) {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	p.sentAt = time.Now()
	if p.ws.Write(ctx, websocket.MessageText, encode(frame)) != nil {
		_ = p.ws.CloseNow() // the reader finds out
	}
}

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/coder/websocket"
)

// TestInteraction plays what people do in a class beside watching it: quizzes,
// polls and the question board, with a look at every page through the rules of
// accessibility. Its parts share the class, so the first that fails ends it.
func TestInteraction(t *testing.T) {
	s := newSchool(t)
	s.play(t, []part{
		{"the doors", doors},
		{"everybody comes", everybodyComes},
		{"a quiz of every type, by keyboard alone", quizTypes},
		{"a quiz with maths", mathsQuiz},
		{"the studio and the console", desks},
		{"polls of every kind", pollKinds},
		{"the question board", questionBoard},
		{"a class that is over", classOver},
	})
}

// everybodyComes brings the host into the studio and two viewers into the
// class, which waits to begin.
func everybodyComes(t *testing.T, s *school) {
	s.host.open(t, s.link)
	s.host.write(t, "#gate-name", "", s.host.name)
	s.host.click(t, "button", "Enter the studio")
	s.host.sees(t, "activity-panel", "")
	for _, p := range []*person{s.ana, s.ming} {
		p.open(t, s.url("/class/"+room))
		p.write(t, "#door-name", "", p.name)
		p.press(t, kb.Enter)
		p.sees(t, "chat-panel", "")
	}
	s.ana.accessible(t, "a class that waits")
	s.device(t, s.host).ask(t, "room.open", map[string]any{})
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.listen(t)
	}
}

// listen notes from now on what the page says to screen readers.
func (p *person) listen(t *testing.T) {
	t.Helper()
	eval[bool](t, p, `(() => {
		globalThis.heard = [];
		new MutationObserver((records) => {
			for (const {target, addedNodes} of records) {
				if (!target.closest?.("[aria-live=polite], [aria-live=assertive], [role=status], [role=alert]")) continue;
				for (const node of addedNodes) heard.push(node.textContent);
			}
		}).observe(document.body, {childList: true, subtree: true});
		return true;
	})()`)
}

// hears waits until the page has said these words since it was last asked for
// some.
func (p *person) hears(t *testing.T, words ...string) {
	t.Helper()
	for _, one := range words {
		if !p.holds(fmt.Sprintf("heard.some((said) => said.includes(%s))", js(one))) {
			t.Fatalf("%s has heard %q, not %q", p.name, eval[[]string](t, p, "heard"), one)
		}
	}
	eval[bool](t, p, "(heard.length = 0, true)")
}

// has reports whether what has the keyboard's focus matches selector and, if
// given, has that name.
func (p *person) has(selector, name string) string {
	return fmt.Sprintf("(document.activeElement.matches(%[1]s) && (%[2]s === '' || hand.name(document.activeElement).some((words) => words.includes(%[2]s))))", js(selector), js(name))
}

// tab goes with the Tab key to what matches selector and, if given, has that
// name; it does not move if it is there.
func (p *person) tab(t *testing.T, selector, name string) {
	t.Helper()
	p.sees(t, selector, name)
	for range 150 {
		if eval[bool](t, p, p.has(selector, name)) {
			return
		}
		p.press(t, kb.Tab)
	}
	t.Fatalf("%s comes to no %s %q with the Tab key", p.name, selector, name)
}

// holdsFocus waits until the keyboard's focus is there.
func (p *person) holdsFocus(t *testing.T, selector, name string) {
	t.Helper()
	if !p.holds(p.has(selector, name)) {
		t.Fatalf("%s has the focus on %s, not on %s %q", p.name,
			eval[string](t, p, "document.activeElement.outerHTML.slice(0, 200)"), selector, name)
	}
}

// device is another device of somebody: a socket without a page, with which
// they do what a test needs and does not look at.
type device struct {
	conn    *websocket.Conn
	last    int
	replies chan reply // what came of commands; closed with the socket
}

// reply is the answer to a device's command.
type reply struct {
	Re   int
	Type string
	Data map[string]any
}

// device connects another device of the person's.
func (s *school) device(t *testing.T, p *person) *device {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+s.http+"/v1/rooms/"+room+"/socket", &websocket.DialOptions{Subprotocols: []string{"lyceum.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(1 << 20)
	d := &device{conn: c, replies: make(chan reply, 1)} // there is one command at a time
	go d.read()                                         // ends with the socket
	t.Cleanup(func() { _ = c.CloseNow() })
	d.ask(t, "hello", map[string]any{"token": p.token(t)})
	return d
}

// read takes all that comes, so that the server does not give the device up,
// and passes replies on.
func (d *device) read() {
	defer close(d.replies)
	for {
		_, frame, err := d.conn.Read(context.Background())
		if err != nil {
			return
		}
		if len(frame) > 0 && frame[0] != '[' {
			frame = append(append([]byte{'['}, frame...), ']')
		}
		var messages []reply
		if json.Unmarshal(frame, &messages) != nil {
			return
		}
		for _, m := range messages {
			if m.Re != 0 {
				d.replies <- m
			}
		}
	}
}

// ask sends a command and returns the reply's data; a refusal fails the test.
func (d *device) ask(t *testing.T, kind string, data map[string]any) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d.last++
	message := map[string]any{"id": d.last, "type": kind, "data": data}
	if kind != "hello" {
		message["key"] = fmt.Sprintf("device-%d-%d", time.Now().UnixNano(), d.last)
	}
	b, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.conn.Write(ctx, websocket.MessageText, b); err != nil {
		t.Fatal(err)
	}
	select {
	case m, ok := <-d.replies:
		if !ok || m.Re != d.last || m.Type == "error" {
			t.Fatalf("%s: the socket is open: %v, the reply %v", kind, ok, m)
		}
		return m.Data
	case <-ctx.Done():
		t.Fatalf("%s: no reply", kind)
		return nil
	}
}

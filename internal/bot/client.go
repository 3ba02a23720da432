package bot

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/lyceum-live/lyceum/wire"
)

const (
	maxServerFrame = 8 << 20 // bytes of one frame from the server: a welcome may be long
	queued         = 1024    // messages that wait for their reader
	helloTime      = 15 * time.Second
	requestTime    = 15 * time.Second
)

// ErrBehind ends a client whose owner does not take its messages.
var ErrBehind = errors.New("too many messages wait to be read")

// Message is what the server says by itself: a numbered view, a signal or a
// personal view.
type Message struct {
	Seq  uint64          `json:"seq"`
	Prev uint64          `json:"prev"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// Read decodes the message's data into v. Fields that v does not have are
// ignored, as the protocol asks of clients.
func (m Message) Read(v any) error { return json.Unmarshal(m.Data, v) }

// envelope is a message or a reply.
type envelope struct {
	Re uint64 `json:"re"`
	Message
}

// Closed says that the socket has ended, and with which code; the code is -1
// where there was no close frame.
type Closed struct{ Code wire.CloseCode }

func (c *Closed) Error() string { return fmt.Sprintf("the socket was closed with %d", c.Code) }

// Again reports whether the server asks to come back.
func (c *Closed) Again() bool { return c.Code.Again() }

// Client is one socket of one person. Requests may be made by several
// goroutines; Messages has one reader.
type Client struct {
	// Welcome is what the server said to hello.
	Welcome Welcome

	ws       *websocket.Conn
	messages chan Message
	done     chan struct{} // closed when the reader has ended
	cancel   context.CancelFunc
	err      error // why; set before done is closed

	mu      sync.Mutex
	last    uint64 // the last request's number
	waiting map[uint64]chan envelope
}

// Dial opens the class socket of a room at a server such as
// http://localhost:8080 and says hello. ctx bounds the opening only.
func Dial(ctx context.Context, base string, room wire.RoomID, token, lang string) (*Client, error) {
	ctx, stop := context.WithTimeout(ctx, helloTime)
	defer stop()
	ws, res, err := websocket.Dial(ctx, socketURL(base, room), &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, CompressionMode: websocket.CompressionDisabled,
		HTTPHeader: http.Header{"User-Agent": {"lyceum-bot"}},
	})
	if err != nil {
		if res != nil {
			return nil, fmt.Errorf("open the socket: %s", res.Status)
		}
		return nil, fmt.Errorf("open the socket: %w", err)
	}
	ws.SetReadLimit(maxServerFrame)
	life, cancel := context.WithCancel(context.Background())
	c := &Client{
		ws: ws, messages: make(chan Message, queued), done: make(chan struct{}), cancel: cancel,
		waiting: map[uint64]chan envelope{},
	}
	go c.read(life)
	hello := struct {
		Token string `json:"token"`
		Lang  string `json:"lang,omitzero"`
	}{token, lang}
	reply, err := c.request(ctx, "hello", "", hello)
	if err == nil {
		err = json.Unmarshal(reply.Data, &c.Welcome)
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("hello: %w", err)
	}
	return c, nil
}

// socketURL is the address of a room's socket.
func socketURL(base string, room wire.RoomID) string {
	return "ws" + strings.TrimPrefix(strings.TrimSuffix(base, "/"), "http") + "/v1/rooms/" + string(room) + "/socket"
}

// Messages delivers what the server says by itself, in order. It is closed
// when the socket has ended; then Err says why.
func (c *Client) Messages() <-chan Message { return c.messages }

// Err says why the socket has ended: a [*Closed], [ErrBehind] or a failure of
// the network. It is nil while the socket is open.
func (c *Client) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Close ends the socket, with a close frame if the server still listens.
func (c *Client) Close() {
	_ = c.ws.Close(websocket.StatusNormalClosure, "")
	c.cancel()
	<-c.done
}

// Command sends a command under a key of its own and returns its position in
// the log, 0 if it changed nothing. A refusal is a [*wire.Error].
func (c *Client) Command(ctx context.Context, kind string, data any) (uint64, error) {
	var at struct {
		Seq uint64 `json:"seq"`
	}
	reply, err := c.request(ctx, kind, rand.Text(), data)
	if err == nil {
		err = json.Unmarshal(reply.Data, &at)
	}
	return at.Seq, err
}

// Query sends a query and decodes the reply into v, unless v is nil.
func (c *Client) Query(ctx context.Context, kind string, data, v any) error {
	reply, err := c.request(ctx, kind, "", data)
	if err == nil && v != nil {
		err = json.Unmarshal(reply.Data, v)
	}
	return err
}

// request sends a request and waits for its reply.
func (c *Client) request(ctx context.Context, kind, key string, data any) (envelope, error) {
	ctx, stop := context.WithTimeout(ctx, requestTime)
	defer stop()
	body, err := wire.Encode(data)
	if err != nil {
		return envelope{}, fmt.Errorf("%s: %w", kind, err)
	}
	answer := make(chan envelope, 1) // buffered: the reader never waits
	c.mu.Lock()
	c.last++
	id := c.last
	c.waiting[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, id)
		c.mu.Unlock()
	}()
	frame, err := wire.Encode(wire.Request{ID: id, Type: kind, Key: key, Data: body})
	if err != nil {
		return envelope{}, fmt.Errorf("%s: %w", kind, err)
	}
	if err := c.ws.Write(ctx, websocket.MessageText, frame); err != nil {
		return envelope{}, c.why(err)
	}
	select {
	case reply := <-answer:
		return reply, refusal(reply)
	case <-c.done:
		select {
		case reply := <-answer: // the last words before the end
			return reply, refusal(reply)
		default:
			return envelope{}, c.err
		}
	case <-ctx.Done():
		return envelope{}, ctx.Err()
	}
}

// why prefers the reason of the socket's end to the failure that it caused.
func (c *Client) why(err error) error {
	select {
	case <-c.done:
		return c.err
	default:
		return err
	}
}

func refusal(reply envelope) error {
	if reply.Type != "error" {
		return nil
	}
	var e wire.Error
	if err := json.Unmarshal(reply.Data, &e); err != nil {
		return fmt.Errorf("an error that cannot be read: %w", err)
	}
	return &e
}

// read hands replies to who waits for them and messages to the owner. It ends
// with the socket.
func (c *Client) read(ctx context.Context) {
	defer close(c.messages)
	defer close(c.done)
	defer c.cancel()
	for {
		_, frame, err := c.ws.Read(ctx)
		if err != nil {
			c.err = &Closed{wire.CloseCode(websocket.CloseStatus(err))}
			return
		}
		if c.err = c.take(frame); c.err != nil {
			_ = c.ws.CloseNow()
			return
		}
	}
}

// take delivers one frame: a message or an array of them.
func (c *Client) take(frame []byte) error {
	all := make([]envelope, 1)
	into := any(&all[0])
	if len(frame) > 0 && frame[0] == '[' {
		into = &all
	}
	if err := json.Unmarshal(frame, into); err != nil {
		return fmt.Errorf("a frame that cannot be read: %w", err)
	}
	for _, e := range all {
		if e.Re == 0 {
			select {
			case c.messages <- e.Message:
			default:
				return ErrBehind
			}
			continue
		}
		c.mu.Lock()
		answer := c.waiting[e.Re]
		delete(c.waiting, e.Re)
		c.mu.Unlock()
		if answer != nil {
			answer <- e
		}
	}
	return nil
}

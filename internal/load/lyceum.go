package load

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// lyceum is the protocol of docs/protocol.md, looked at from afar: nothing is
// decoded. Where the shape of a frame is not as the server writes it, it is
// passed over, and then the counts show it.
type lyceum struct{}

func (lyceum) path(room wire.RoomID) string { return "/v1/rooms/" + string(room) + "/socket" }
func (lyceum) subprotocol() string          { return wire.Subprotocol }

// hello is request number 1.
func (lyceum) hello(s *socket) []byte {
	data := fmt.Appendf(nil, `{"token":%q`, s.token)
	if s.after {
		data = fmt.Appendf(data, `,"after":{"epoch":%q,"seq":%d}`, s.crowd.epoch.Load(), s.last)
	}
	return request(1, "hello", "", append(data, '}'))
}

func (lyceum) say(id uint64, text string) []byte {
	return request(id, "chat.say", key(), fmt.Appendf(nil, `{"text":%q}`, text))
}

// request is the text of a request.
func request(id uint64, kind, key string, data []byte) []byte {
	b := make([]byte, 0, len(data)+len(kind)+len(key)+48)
	b = append(strconv.AppendUint(append(b, `{"id":`...), id, 10), `,"type":"`...)
	b = append(append(b, kind...), `",`...)
	if key != "" {
		b = append(append(append(b, `"key":"`...), key...), `",`...)
	}
	b = append(b, `"data":`...)
	return append(append(b, data...), '}')
}

// key is an idempotency key.
func key() string { return rand.Text() }

var (
	seqField     = []byte(`{"seq":`)
	prevField    = []byte(`,"prev":`)
	kindField    = []byte(`,"type":"`)
	dataField    = []byte(`","data":`)
	replyField   = []byte(`{"re":`)
	signalField  = []byte(`{"type":"`)
	saidKind     = []byte(`chat.said`)
	textField    = []byte(`"text":"#`)
	welcomeKind  = []byte(`welcome`)
	refusedKind  = []byte(`error`)
	epochField   = []byte(`"epoch":"`)
	epochSeq     = []byte(`","seq":`)
	retryField   = []byte(`,"retry_ms":`)
	resumedField = []byte(`,"resumed":true`)
)

// take reads a frame: one message or an array of them.
func (lyceum) take(s *socket, frame []byte, at time.Duration) error {
	if len(frame) == 0 || frame[0] != '[' {
		return s.hear(frame, at)
	}
	for b := frame[1:]; ; {
		n := element(b)
		if n == 0 {
			return nil
		}
		if err := s.hear(b[:n], at); err != nil || s.phase == closed {
			return err
		}
		if b = b[n:]; len(b) == 0 || b[0] != ',' {
			return nil
		}
		b = b[1:]
	}
}

// element returns the length of the JSON object that b begins with, or 0.
func element(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + 1 + depth // depth is below 0 at the end of the array itself: nothing
			}
		case '"':
			for {
				j := bytes.IndexByte(b[i+1:], '"')
				if j < 0 {
					return 0
				}
				i += 1 + j
				slashes := 0
				for b[i-1-slashes] == '\\' {
					slashes++
				}
				if slashes%2 == 0 {
					break
				}
			}
		}
	}
	return 0
}

// hear reads one message.
func (s *socket) hear(m []byte, at time.Duration) error {
	s.lane.message = len(m)
	switch {
	case bytes.HasPrefix(m, seqField):
		seq, b := number(m[len(seqField):])
		if !bytes.HasPrefix(b, prevField) {
			return nil
		}
		prev, b := number(b[len(prevField):])
		kind, data, ok := kindAndData(b)
		if !ok || s.phase != open || !s.numbered(seq, prev) {
			return nil
		}
		if bytes.Equal(kind, saidKind) {
			if i := bytes.Index(data, textField); i >= 0 {
				mark, _ := number(data[i+len(textField):])
				s.marked(mark, at)
				return nil
			}
		}
		s.heard(kind, data, at)
	case bytes.HasPrefix(m, replyField):
		re, b := number(m[len(replyField):])
		kind, data, ok := kindAndData(b)
		if !ok {
			return nil
		}
		return s.replied(re, kind, data, at)
	case bytes.HasPrefix(m, signalField):
		if kind, data, ok := kindAndData(m); ok && s.phase == open {
			s.heard(kind, data, at)
		}
	}
	return nil
}

// kindAndData splits the rest of a message, from the type on. What follows the
// data's own bytes is one bracket.
func kindAndData(b []byte) (kind, data []byte, ok bool) {
	switch {
	case bytes.HasPrefix(b, kindField):
		b = b[len(kindField):]
	case bytes.HasPrefix(b, signalField):
		b = b[len(signalField):]
	default:
		return nil, nil, false
	}
	i := bytes.IndexByte(b, '"')
	if i < 0 || !bytes.HasPrefix(b[i:], dataField) || len(b) == i+len(dataField) {
		return nil, nil, false
	}
	return b[:i], b[i+len(dataField) : len(b)-1], true
}

func (s *socket) heard(kind, data []byte, at time.Duration) {
	if on := s.lane.on.other; on != nil {
		on(s, kind, data, at)
	}
}

// replied takes a reply. The first is the welcome, or the end.
func (s *socket) replied(re uint64, kind, data []byte, at time.Duration) error {
	if re == 1 && s.phase == greeting {
		if !bytes.Equal(kind, welcomeKind) {
			reply := fmt.Sprintf("%.200s", data)
			if bytes.Contains(data, retryField) {
				return &notNow{reply}
			}
			return errors.New("hello was answered with " + reply)
		}
		if err := s.placed(data); err != nil {
			return err
		}
		if s.welcome != nil {
			s.welcome <- bytes.Clone(data)
			s.welcome = nil
		}
		s.opened(at)
		return nil
	}
	if reply, ok := s.waiting[re]; ok {
		delete(s.waiting, re)
		reply <- bytes.Clone(data)
		close(reply)
		return nil
	}
	if on := s.lane.on.reply; on != nil {
		var r reply
		if bytes.Equal(kind, refusedKind) {
			r.refusal = data
		} else if bytes.HasPrefix(data, seqField) {
			r.seq, _ = number(data[len(seqField):])
		}
		on(s, re, r, at)
	}
	return nil
}

var errWelcome = errors.New("a welcome that cannot be read")

// placed reads from a welcome where the log stands. An unescaped "epoch":" can
// stand in no string, so the first is the field.
func (s *socket) placed(data []byte) error {
	i := bytes.Index(data, epochField)
	if i < 0 {
		return errWelcome
	}
	data = data[i+len(epochField):]
	end := bytes.IndexByte(data, '"')
	if end < 0 || !bytes.HasPrefix(data[end:], epochSeq) {
		return errWelcome
	}
	epoch := data[:end]
	seq, data := number(data[end+len(epochSeq):])
	s.resumed = bytes.Contains(data[:min(len(data), 64)], resumedField)
	if known := s.crowd.epoch.Load(); known == nil || known.(string) != string(epoch) {
		s.crowd.epoch.Store(string(epoch))
	}
	if !s.resumed {
		s.last = seq
	}
	return nil
}

// number reads digits and returns what follows them.
func number(b []byte) (uint64, []byte) {
	var n uint64
	for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
		n = n*10 + uint64(b[0]-'0')
		b = b[1:]
	}
	return n, b
}

// askTime bounds one command of the speaker's.
const askTime = 15 * time.Second

// command gives a command of the speaker's and waits for its position in the
// log.
func (c *crowd) command(ctx context.Context, kind string, data any) (uint64, error) {
	ctx, stop := context.WithTimeout(ctx, askTime)
	defer stop()
	body, err := wire.Encode(data)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", kind, err)
	}
	id := c.last.Add(1)
	reply := make(chan []byte, 1) // buffered: the reader never waits
	s := c.speaker
	s.do(func() {
		if s.waiting == nil {
			s.waiting = map[uint64]chan<- []byte{}
		}
		s.waiting[id] = reply
		err = s.send(request(id, kind, key(), body))
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", kind, err)
	}
	select {
	case data, ok := <-reply:
		if !ok {
			return 0, fmt.Errorf("%s: the socket was closed", kind)
		}
		var at struct {
			Seq  uint64 `json:"seq"`
			Code string `json:"code"`
			Text string `json:"text"`
		}
		if err := json.Unmarshal(data, &at); err != nil {
			return 0, fmt.Errorf("%s: %w", kind, err)
		}
		if at.Code != "" {
			return 0, fmt.Errorf("%s: %w", kind, &wire.Error{Code: at.Code, Text: at.Text})
		}
		return at.Seq, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("%s: %w", kind, ctx.Err())
	}
}

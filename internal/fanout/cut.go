package fanout

import "time"

// Close codes of docs/protocol.md that this package says by itself: both mean
// "come back".
const (
	codeSlow   = 4001
	codeSilent = 4005
)

// maxWords is how much of a frame that stands half written is finished for the
// sake of the close frame behind it.
const maxWords = 16 << 10

// cut gives the socket up. It is told why if that can be done without waiting;
// whoever is still there then has a while to take it and to answer. It is
// called with mu held.
func (c *Conn) cut(why Reason) {
	if c.over {
		return
	}
	var words []byte
	if !c.busy {
		words = c.lastWords(why)
	}
	c.end()
	c.pool.cut[why].Add(1)
	told := c.raw != nil && len(words) > 0 && say(c.raw, words)
	if told && why != CutSilent {
		c.farewell = time.AfterFunc(c.pool.config.Stall, func() { c.finish(why) })
		return
	}
	go func() {
		switch {
		case c.raw != nil && !told:
			abandon(c.Conn)
		case c.raw == nil && len(words) > 0:
			_ = c.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = c.Conn.Write(words)
		}
		c.finish(why)
	}()
}

// finish closes the socket, whether or not its reader has done so already.
func (c *Conn) finish(why Reason) {
	c.pool.strike(c)
	_ = c.Conn.Close()
	c.onCut(why)
}

// lastWords is a close frame, behind the rest of the frame that stands half
// written: no byte may come between. It is nil if there is nothing to say or
// too much to finish.
func (c *Conn) lastWords(why Reason) []byte {
	if why == CutBroken || c.left > maxWords {
		return nil
	}
	words := make([]byte, 0, c.left+maxControl)
	add := func(b []byte) { words = append(words, b[:min(len(b), c.left-len(words))]...) }
	add(c.rest)
	for _, piece := range c.queue {
		add(piece)
	}
	add(c.own)
	if why == CutSilent {
		return appendClose(words, codeSilent)
	}
	return appendClose(words, codeSlow)
}

// abandon lets the kernel forget at once what a socket has not taken: nobody
// is going to, and half a frame is of no use to them.
func abandon(c any) {
	if s, ok := c.(interface{ SetLinger(int) error }); ok {
		_ = s.SetLinger(0)
	}
}

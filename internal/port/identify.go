package port

import (
	"encoding/binary"
	"io"
	"net"
)

const (
	cookie     = 0x2112a442 // of every STUN message (RFC 8489, section 5)
	binding    = 0x0001     // a request for a check (RFC 8489, section 5)
	plain      = 8          // bytes that tell a STUN message: its type, its length, the cookie
	header     = 20         // bytes of a STUN message without attributes
	frame      = 2          // bytes of length before each packet (RFC 4571)
	firstCheck = 1500       // bytes that the first check may have
	mediaBytes = 0x08       // first bytes of media are less: lengths of checks, and types of STUN messages
)

// identify finds out what a connection is, and returns it with what was read
// of it put back.
func identify(conn net.Conn) (Kind, net.Conn, error) {
	first, conn, err := peek(conn)
	if err != nil || first >= mediaBytes {
		return Pages, conn, err
	}
	head := make([]byte, plain, frame+firstCheck)
	if _, err := io.ReadFull(conn, head); err != nil {
		return nothing, nil, err
	}
	if isPlain(head) {
		return Relay, &begun{Conn: conn, head: head}, nil
	}
	head = head[:frame+header]
	if _, err := io.ReadFull(conn, head[plain:]); err != nil {
		return nothing, nil, err
	}
	more, ok := isCheck(head)
	if !ok {
		return nothing, nil, nil
	}
	head = head[:len(head)+more]
	if _, err := io.ReadFull(conn, head[frame+header:]); err != nil {
		return nothing, nil, err
	}
	return Media, &begun{Conn: conn, head: head}, nil
}

// isPlain reports whether the first bytes of a connection are of a STUN message
// without a frame.
func isPlain(head []byte) bool {
	return head[0]&0xc0 == 0 && head[3]&3 == 0 && binary.BigEndian.Uint32(head[4:]) == cookie
}

// isCheck reports whether the first bytes of a connection are of a framed
// check, and how many more it has.
func isCheck(head []byte) (more int, ok bool) {
	length := int(binary.BigEndian.Uint16(head))
	check := head[frame:]
	return length - header, length >= header && length <= firstCheck && binary.BigEndian.Uint16(check) == binding &&
		int(binary.BigEndian.Uint16(check[2:])) == length-header && binary.BigEndian.Uint32(check[4:]) == cookie
}

// begun is a connection of which something was read.
type begun struct {
	net.Conn
	head []byte // what was
}

// Read gives what was read before, and then what comes.
func (b *begun) Read(p []byte) (int, error) {
	if len(b.head) == 0 {
		return b.Conn.Read(p)
	}
	n := copy(p, b.head)
	if b.head = b.head[n:]; len(b.head) == 0 {
		b.head = nil
	}
	return n, nil
}

// NetConn is the connection itself, for its options.
func (b *begun) NetConn() net.Conn { return b.Conn }

// taste reads the first byte and puts it back.
func taste(conn net.Conn) (byte, net.Conn, error) {
	b := make([]byte, 1)
	if _, err := io.ReadFull(conn, b); err != nil {
		return 0, conn, err
	}
	return b[0], &begun{Conn: conn, head: b}, nil
}

package wire

// CloseCode is a WebSocket close code (RFC 6455, section 7.4). 4000 to 4499
// mean "come back, with jittered backoff"; 4500 to 4999 mean "do not".
type CloseCode int

// The close codes of the protocol.
const (
	CloseRestart  CloseCode = 4000 // the server is going away for a moment
	CloseSlow     CloseCode = 4001 // the client took too little for too long
	CloseRebuilt  CloseCode = 4002 // the room ended here and is rebuilt from its log
	CloseHello    CloseCode = 4004 // no hello within its time
	CloseIdle     CloseCode = 4005 // nothing was heard of the client for too long
	CloseReplaced CloseCode = 4500 // too many sockets of this person: the oldest goes
	CloseToken    CloseCode = 4501 // the token is missing, broken or not for this room
	CloseExpired  CloseCode = 4502 // the token has expired
	CloseBanned   CloseCode = 4503 // banned from this room
	CloseRefused  CloseCode = 4504 // the role may not use this socket
	CloseProtocol CloseCode = 4505 // the client does not speak the protocol
)

// Again reports whether a client should reconnect after the code.
func (c CloseCode) Again() bool { return c < 4500 }

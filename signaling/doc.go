// Package signaling negotiates WebRTC over the room's socket: the media.*
// messages of docs/protocol.md.
//
//	Service ─ one for the server
//	  hall  ─ one for each room with somebody in it: its media.Stage and its peers
//	    Peer ─ one for each socket: at most one sending and one receiving connection
//
// A receiving connection goes
//
//	none ──watch──▶ watching ──on air──▶ offered ──answer──▶ stable ──on air changes──▶ offered …
//
// Streaming programs and players come over HTTP instead: a [Session] is a
// publisher's Peer without a socket (WHIP), or a player that is answered once
// and never offered anything (WHEP).
//
// One goroutine owns each Peer. It never waits for a client: a new offer is
// sent only when the last one was answered, and whatever changed meanwhile is
// in the next. Nothing here touches a media packet; package media does that.
//
// Candidates that browsers trickle are checked and counted but not used: the
// server's address is public, browsers reach it first, and so nobody can make
// the server send to addresses of their choice.
package signaling

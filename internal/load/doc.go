// Package load measures servers with thousands of sockets.
//
// Its readers are lean, so that on one machine they measure the server and not
// themselves. A [crowd] has few lanes; on Linux a lane is one thread with one
// epoll and one large buffer that all of its sockets share. Frames are cut
// without allocation, and of a frame only what is needed is looked at: its
// number and the number before it, for gaps and doubles, the mark of a marked
// message, the number of a reply. Elsewhere, and under TLS, a socket has a
// goroutine.
//
// A socket goes through these states:
//
//	closed ──▶ dialling ──▶ upgrading ──▶ greeting ──▶ open ──▶ closed …
//
// Latency counts from the planned time of sending to the time at which the
// bytes were read, so that neither a server that holds the sender up nor a
// sender that is late looks quicker than it is. Latencies are kept in a
// [Histogram], whose memory does not grow.
//
// [Fanout] speaks to three kinds of servers, with the same readers and the
// same messages: a Lyceum server, the bare loop of write(2) that [ServeLoop]
// runs in a process of its own, and a Centrifugo server. All other
// measurements are of Lyceum alone.
//
// The package never reaches into a server: no store, no room, nothing that a
// browser could not send. It closes whatever it opens.
package load

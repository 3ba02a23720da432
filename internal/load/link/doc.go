// Package link is a bad network on loopback: a UDP relay between one peer's
// connections and a server's media port, which loses, delays, reorders and
// holds back what goes through it.
//
//	client ──▶ up: chance, rate, delay ──▶ server
//	client ◀── down: delay, rate, chance ◀── server
//
// What a way does to datagrams is a [Shape] and may be changed while the relay
// runs. Its chance comes from a seed, and it counts what came in, went out, was
// lost and found the queue full. What a datagram meets is decided by pure rules
// ([way]) on the time it comes at; the rest of the package only waits.
//
// A peer is made to go through a relay by what it is told of the server's
// addresses: [Relay.Rewrite] does that to a session description, and
// [Relay.Script] to every description that a page is given.
//
// It never looks into datagrams, and never makes one up.
package link

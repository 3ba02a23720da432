// Package media measures what a server pays for forwarding one host's camera
// and microphone to many viewers.
//
// A [Run] has one host and so many viewers, all of them real WebRTC peers of
// one server: each joins its room's socket, negotiates, makes ICE and DTLS with
// Pion, and reports what it received once a second as a browser does. What
// comes after that is read leanly, so that on one machine the measuring does
// not outweigh the server: each viewer has a UDP socket of its own, a few
// threads read all of them with recvmmsg(2), and of an encrypted packet only
// the RTP header, which is in the clear, is looked at: stream and number, for
// packets, gaps and doubles. Only packets that are not media go to Pion. One
// viewer in [sampleEvery] is read whole: Pion authenticates and decrypts all
// that it gets, and each packet must be the very next that the host has sent.
//
// [Joins] has all of them come within a few seconds to a host who sends no
// keyframe that nobody asks for, as browsers do.
//
// [Limit] is the yardstick: a process with one thread that writes datagrams of
// the same sizes at the same pace to as many sockets with sendmmsg(2), without
// encryption, and is read in the same way.
package media

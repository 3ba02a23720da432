// Package media is the selective forwarding unit: it takes a host's camera,
// microphone and screen and passes their packets on to every viewer, without
// decoding them and without negotiating anything (package signaling does).
//
//	publisher ─▶ Ingest ─▶ layer (cache) ─▶ writers ─▶ DownTrack ─▶ viewer
//
// A [Stage] is what one room has on air. An [Ingest] is one publisher's peer
// connection; each of its video lines has up to three simulcast layers. A
// [Viewer] is one receiving peer connection; it has a [DownTrack] for each
// source, which follows one layer at a time and makes switching layers, and
// even a publisher's reconnection, look like one unbroken stream.
//
// Who owns what: a layer's reader goroutine fills the layer's cache; a few
// writers, one for each core, own all viewers between them, with everything
// that changes per packet. A writer never waits for a viewer, and a reader
// never waits for a writer: what a full queue drops is asked for again by the
// viewer (NACK) and served from the layer's one cache.
//
// A writer forwards all that waits for it as one run, viewer by viewer, into a
// batch that it hands to the kernel when it is full and at the end of the run:
// the busier the server, the fewer calls a packet costs, and nothing is held
// back when it is idle.
//
// Nothing here copies media per viewer, starts a goroutine per packet, or asks
// a publisher for more than one keyframe a second for each layer.
package media

// Package hls serves what a stage has on air as Low-Latency HLS (RFC 8216bis,
// draft-pantos-hls-rfc8216bis): to viewers beyond what WebRTC is for, to those
// whose network lets nothing else through, and to CDNs.
//
//	media.Tap ─▶ frames ─▶ voice, renditions ─▶ parts ─▶ shelves ─▶ playlists, requests
//
// An origin is one room while somebody asks for it:
//
//	nobody ──asked for──▶ waiting ──on air, settled──▶ running ──off air──▶ waiting
//	running ──a picture comes or goes──▶ running, as another run
//	any ──not asked for a while, server closed──▶ gone
//
// A run is one set of playlists under an address of its own, so that what was
// cached is never wrong. It has a rendition for each simulcast layer, all with
// the same sound in them, and one of the sound alone. Its time is that of the
// sound, which is never missing: where none comes, there is silence. So parts
// come at their time whatever the picture does, which may be still, lost and
// back, another size, or another source; only what is in a rendition, picture
// or none, never changes, because players cannot follow that. Segments begin
// with keyframes, in all renditions with the same ones.
//
// Nothing is decoded, nothing here holds up the class, and everything has a
// bound: rooms, bytes kept, requests that wait.
package hls

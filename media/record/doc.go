// Package record keeps classes: it writes what a stage has on air into files
// that a browser plays, and cuts clips from them.
//
//	media.Tap ─▶ assembler ─▶ timeline ─▶ file ─▶ disk, a part of less than a second at a time
//
// A [Archive] has the recordings of all rooms. A recording is a folder with a
// manifest and a set of files: one run of files for the host's camera and
// microphone, one for the screen and its sound, for a browser shows one picture
// of a file. A file ends, and the next of its run begins, when the picture comes
// on, goes off, or has other parameters; a publisher who is back after a break
// goes on in the same file. A file's time is that of the recording less its start.
//
// H.264 and Opus, or Opus alone, go into MP4, which every browser plays; VP8 and
// Opus go into WebM, for no browser plays VP8 in MP4. Both are written in parts that are on
// the disk before the next begins: what a crash leaves plays, and has lost less
// than a second. When a file ends it is given an index, in place, without being
// copied; a file that a crash has left gets it at the next start.
//
// A recording goes on
//
//	recording ──stopped, class ended──▶ ended
//	recording ──disk full, disk broken──▶ ended, with the reason
//	recording ──server stopped──▶ waiting ──host on air again──▶ recording
//
// While it is written, an MP4 file can be played from any moment by HLS, whose
// segments are ranges of its bytes ([Archive.Playlist]). Beside the files are the
// captions of the class, sealed as in its log ([Safe]), and its liveliest moments.
//
// Nothing here decodes anything, and nothing here can hold up the class: a
// recording that comes late reads on where the cache still is, and says so.
package record

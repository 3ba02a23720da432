package record

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// A class that is being recorded can be gone back in: a file that grows is an
// HLS event (RFC 8216) whose segments are ranges of bytes of it. Nothing is
// copied, and nothing is listed that is not on the disk.

const (
	segmentLeast   = 2500 * time.Millisecond // after which a segment ends though no keyframe comes
	targetDuration = 4                       // seconds: no segment is longer, when rounded
)

// wrote notes a part of a file that is being written.
func (e *entry) wrote(name string, w where) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.parts == nil {
		e.parts = map[string][]where{}
	}
	e.parts[name] = append(e.parts[name], w)
}

// partsOf are the parts of a file, and whether there will be no more.
func (e *entry) partsOf(f File) ([]where, error) {
	e.mu.Lock()
	known := slices.Clip(e.parts[f.Name])
	e.mu.Unlock()
	if len(known) > 0 || !f.Done {
		return known, nil
	}
	s, err := openSource(e.dir, f)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.f.Close() }()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.parts == nil {
		e.parts = map[string][]where{}
	}
	e.parts[f.Name] = s.index.parts
	return s.index.parts, nil
}

// segment is a run of parts that is fetched at once.
type segment struct {
	offset, size int64
	begin, end   time.Duration
}

// segmentsOf joins parts: a segment begins with a keyframe where there is one.
// The last is left out while it may grow.
func segmentsOf(parts []where, video, done bool) []segment {
	var list []segment
	var last segment
	for _, p := range parts {
		if last.size > 0 && (video && p.key && p.begin > last.begin || last.end-last.begin >= segmentLeast) {
			last.end = max(last.begin, p.begin)
			list = append(list, last)
			last = segment{}
		}
		if last.size == 0 {
			last = segment{offset: p.offset, begin: p.begin}
		}
		last.size, last.end = p.offset+p.size-last.offset, max(last.end, p.end)
	}
	if done && last.size > 0 {
		list = append(list, last)
	}
	return list
}

// playlist writes them as HLS. A segment of which nobody knows that it is
// shorter than the target is said to be as long as that.
func playlist(name string, segments []segment, done bool) []byte {
	base := strings.TrimSuffix(name, filepath.Ext(name))
	b := fmt.Appendf(nil, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-MAP:URI=\"%s%s\"\n",
		targetDuration, base, initEnding)
	for _, s := range segments {
		length := math.Min((s.end - s.begin).Seconds(), targetDuration+0.499)
		b = fmt.Appendf(b, "#EXTINF:%.3f,\n#EXT-X-BYTERANGE:%d@%d\n%s\n", length, s.size, s.offset, name)
	}
	if done {
		b = append(b, "#EXT-X-ENDLIST\n"...)
	}
	return b
}

// initEnding ends the name of what a decoder is given before the segments of a
// file; PlaylistEnding that of its playlist.
const (
	initEnding     = ".init.mp4"
	PlaylistEnding = ".m3u8"
)

// Playlist is the HLS playlist of a file of a recording, by the file's name
// with [PlaylistEnding] in place of its own.
func (a *Archive) Playlist(room wire.RoomID, id uint64, name string) ([]byte, error) {
	e, f := a.file(room, id, strings.TrimSuffix(name, PlaylistEnding))
	if e == nil {
		return nil, ErrNone
	}
	parts, err := e.partsOf(f)
	if err != nil {
		return nil, err
	}
	return playlist(f.Name, segmentsOf(parts, f.Video, f.Done), f.Done), nil
}

// IsInit reports whether a name is that of what [Archive.Init] returns.
func IsInit(name string) bool { return strings.HasSuffix(name, initEnding) }

// Init is what a decoder is given before the segments of a file: its head,
// which stays as it is while the file is written and when it is finished.
func (a *Archive) Init(room wire.RoomID, id uint64, name string) ([]byte, error) {
	e, f := a.file(room, id, strings.TrimSuffix(name, initEnding))
	if e == nil {
		return nil, ErrNone
	}
	d, err := os.Open(filepath.Join(e.dir, f.Name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	ftyp, err := ftypOf(d)
	if err != nil {
		return nil, err
	}
	info, err := d.Stat()
	if err != nil {
		return nil, err
	}
	at := int64(len(ftyp)) + freeSize
	kind, n, err := boxAt(d, at, info.Size())
	if err != nil || kind != "moov" {
		return nil, errBox
	}
	moov, err := readAt(d, at, n)
	return append(ftyp, moov...), err
}

// file finds an MP4 file of a recording by its name without the ending.
func (a *Archive) file(room wire.RoomID, id uint64, base string) (*entry, File) {
	e := a.find(room, id)
	if e == nil {
		return nil, File{}
	}
	for _, f := range e.copy().Files {
		if f.format() == formatMP4 && strings.TrimSuffix(f.Name, filepath.Ext(f.Name)) == base {
			return e, f
		}
	}
	return nil, File{}
}

package record

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/lyceum-live/lyceum/internal/vtt"
	"github.com/lyceum-live/lyceum/wire"
)

// Safe encrypts people's words under their own keys: what a recording keeps of
// them is gone with their key.
type Safe interface {
	// Seal encodes v, in which the words of people are sealed.
	Seal(ctx context.Context, v any) ([]byte, error)
	// Unseal decodes into v; words under a key that is no more are empty.
	Unseal(ctx context.Context, data []byte, v any) error
}

// Caption is what was spoken in the class, or what should have been written of
// an earlier one.
type Caption struct {
	Seq  uint64        `json:"seq"` // position in the room's log
	Of   uint64        `json:"of,omitzero"`
	Lang string        `json:"lang,omitzero"`
	At   int64         `json:"at"`           // milliseconds of the recording
	End  int64         `json:"end,omitzero"` // 0: until the next, as long as it takes to read
	Text wire.Personal `json:"text"`
}

// captionsName is the file of a recording's captions: a line for each, written
// as it is spoken. A line that a crash has cut off is written again.
const captionsName = "captions.jsonl"

// captionFile is how far that file has come.
type captionFile struct {
	mu   sync.Mutex
	read bool
	last uint64 // position of the last caption
	size int64  // of the whole lines
}

// add appends a caption, unless it is there.
func (a *Archive) addCaption(e *entry, c Caption) error {
	f := &e.captions
	f.mu.Lock()
	defer f.mu.Unlock()
	path := filepath.Join(e.dir, captionsName)
	if !f.read {
		lines, size, err := captionLines(path)
		if err != nil {
			return err
		}
		for _, line := range lines {
			var known Caption
			if err := a.Safe.Unseal(context.Background(), line, &known); err != nil {
				return err
			}
			f.last = max(f.last, known.Seq)
		}
		f.read, f.size = true, size
	}
	if c.Seq <= f.last {
		return nil
	}
	line, err := a.Safe.Seal(context.Background(), c)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	d, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = d.WriteAt(line, f.size)
	if err == nil {
		err = d.Sync()
	}
	if err != nil {
		_ = d.Truncate(f.size)
	}
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	if f.size == 0 {
		if err := syncDir(e.dir); err != nil {
			return err
		}
	}
	f.last, f.size = c.Seq, f.size+int64(len(line))
	if c.Lang == "" || slices.Contains(e.copy().Captions, c.Lang) {
		return nil
	}
	e.change(func(m *Manifest) { m.Captions = append(m.Captions, c.Lang) })
	return e.save()
}

// captionLines reads the whole lines of a file of captions, and how long they are.
func captionLines(path string) (lines [][]byte, size int64, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	for {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			return lines, size, nil
		}
		lines, size = append(lines, line), size+int64(len(line))+1
		b = rest
	}
}

// Say keeps what was spoken from begin to end, if the class is recorded.
func (a *Archive) Say(room wire.RoomID, seq uint64, lang string, begin, end wire.Millis, text wire.Personal) {
	e := a.current(room)
	if e == nil {
		return
	}
	started := e.copy().Started
	c := Caption{Seq: seq, Lang: lang, At: max(0, int64(begin-started)), Text: text}
	if end != 0 {
		if c.End = int64(end - started); c.End <= c.At {
			return // over before the recording began
		}
	}
	a.keep(e, c)
}

// Correct puts other words into a caption.
func (a *Archive) Correct(room wire.RoomID, seq, cue uint64, text wire.Personal) {
	if e := a.newest(room); e != nil {
		a.keep(e, Caption{Seq: seq, Of: cue, Text: text})
	}
}

func (a *Archive) keep(e *entry, c Caption) {
	if a.Safe == nil {
		return
	}
	if err := a.addCaption(e, c); err != nil {
		a.log.Warn("a caption is not in the recording", e.fields(err)...)
	}
}

// current is the recording that goes on in a room, written now or not; nil: none.
func (a *Archive) current(room wire.RoomID) *entry {
	if e := a.newest(room); e != nil && e.copy().Ended == 0 {
		return e
	}
	return nil
}

func (a *Archive) newest(room wire.RoomID) *entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r := a.running[room]; r != nil {
		return r.entry
	}
	var found *entry
	newest := uint64(0)
	for id, e := range a.entries[room] {
		if id > newest {
			found, newest = e, id
		}
	}
	return found
}

// Captions are what was spoken in a recording, in a language, as cues at the
// times of the recording.
func (a *Archive) Captions(ctx context.Context, room wire.RoomID, id uint64, lang string) ([]vtt.Cue, error) {
	e := a.find(room, id)
	if e == nil || a.Safe == nil || !slices.Contains(e.copy().Captions, lang) {
		return nil, ErrNone
	}
	return a.cuesOf(ctx, e, lang)
}

// CaptionsOf are those of one of its files, at the file's times.
func (a *Archive) CaptionsOf(ctx context.Context, room wire.RoomID, id uint64, file, lang string) ([]vtt.Cue, error) {
	cues, err := a.Captions(ctx, room, id, lang)
	if err != nil {
		return nil, err
	}
	m, err := a.Get(room, id)
	if err != nil {
		return nil, err
	}
	for _, f := range m.Files {
		if strings.TrimSuffix(f.Name, filepath.Ext(f.Name)) == file {
			return vtt.Cut(cues, []vtt.Span{{From: f.Start, To: f.Start + f.Length}}), nil
		}
	}
	return nil, ErrNone
}

// ClipCaptions are those of a clip, by its public name, at the clip's times.
func (a *Archive) ClipCaptions(ctx context.Context, name, lang string) ([]vtt.Cue, error) {
	e, c := a.clipCalled(name)
	if e == nil || a.Safe == nil || !slices.Contains(e.copy().Captions, lang) {
		return nil, ErrNone
	}
	cues, err := a.cuesOf(ctx, e, lang)
	if err != nil {
		return nil, err
	}
	return vtt.Cut(cues, c.spans()), nil
}

// ClipLangs are the languages in which a clip has captions.
func (a *Archive) ClipLangs(ctx context.Context, name string) ([]string, error) {
	e, c := a.clipCalled(name)
	if e == nil {
		return nil, ErrNone
	}
	var langs []string
	for _, lang := range e.copy().Captions {
		if a.Safe == nil {
			break
		}
		cues, err := a.cuesOf(ctx, e, lang)
		if err != nil {
			return nil, err
		}
		if len(vtt.Cut(cues, c.spans())) > 0 {
			langs = append(langs, lang)
		}
	}
	return langs, nil
}

func (c *Clip) spans() []vtt.Span {
	if len(c.Spans) > 0 {
		return c.Spans
	}
	return []vtt.Span{{From: c.From, To: c.To}}
}

func (a *Archive) cuesOf(ctx context.Context, e *entry, lang string) ([]vtt.Cue, error) {
	e.captions.mu.Lock()
	lines, _, err := captionLines(filepath.Join(e.dir, captionsName))
	e.captions.mu.Unlock()
	if err != nil {
		return nil, err
	}
	var said []Caption
	for _, line := range lines {
		var c Caption
		if err := a.Safe.Unseal(ctx, line, &c); err != nil {
			return nil, err
		}
		if c.Of == 0 {
			said = append(said, c)
			continue
		}
		for i := range said {
			if said[i].Seq == c.Of {
				said[i].Text = c.Text
			}
		}
	}
	said = slices.DeleteFunc(said, func(c Caption) bool { return c.Lang != lang || c.Text.Text == "" })
	slices.SortStableFunc(said, func(a, b Caption) int { return cmp.Compare(a.At, b.At) })
	cues := make([]vtt.Cue, 0, len(said))
	for i, c := range said {
		end := c.End
		if end == 0 {
			if end = c.At + vtt.Reads(c.Text.Text); i+1 < len(said) && said[i+1].At > c.At {
				end = min(end, said[i+1].At)
			}
		}
		cues = append(cues, vtt.Cue{Begin: c.At, End: end, Text: c.Text.Text})
	}
	return cues, nil
}

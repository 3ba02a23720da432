package frame

import "time"

const (
	insane   = 2 * time.Second      // that a stream's timestamps may be away from the arrival of its packets
	slew     = 4 * time.Millisecond // by which a picture is moved at most, to meet its sound
	mostSkew = time.Second          // between picture and sound: more, and the publisher's reports are not believed
)

// Least is the time between two frames of a track: what every file format can
// tell apart.
const Least = time.Millisecond

// Timeline gives the frames of one voice and of any number of pictures their
// times. Sound runs by its publisher's clock from when it first came, never
// moved, for a gap or a jump would be heard. A picture is moved, a little with
// each frame, to where the publisher's sender reports say that it belongs
// beside the sound (RFC 3550, section 6.4.1); so the layers of one picture meet
// too. A new stream, of a publisher who is back or of another layer, begins
// when it comes.
type Timeline struct {
	Began  time.Time // its zero
	sound  Track
	bond   time.Duration // a moment of the timeline less the same by the publisher's clock
	bonded bool
}

// Track is how far one voice or picture has come.
type Track struct {
	stream uint64
	ts     uint32        // of the last frame
	media  time.Duration // and its time, before any move
	moved  time.Duration
	last   time.Duration // and after
	any    bool
}

// Sound gives a frame of the voice its time.
func (t *Timeline) Sound(f Frame) time.Duration {
	if t.sound.follow(f, t.Began) {
		t.bonded = false
	}
	if !f.Wall.IsZero() {
		t.bond, t.bonded = t.sound.media-time.Duration(f.Wall.UnixNano()), true
	}
	return t.sound.settle()
}

// Picture gives a frame of a picture its time.
func (t *Timeline) Picture(tr *Track, f Frame) time.Duration {
	tr.follow(f, t.Began)
	if !f.Wall.IsZero() && t.bonded {
		if off := time.Duration(f.Wall.UnixNano()) + t.bond - tr.media - tr.moved; off < mostSkew && off > -mostSkew {
			tr.moved += min(max(off, -slew), slew)
		}
	}
	return tr.settle()
}

// follow counts on by the frame's timestamp, or begins anew where it came.
func (tr *Track) follow(f Frame, began time.Time) (anew bool) {
	came := f.Came.Sub(began)
	at := tr.media + time.Duration(int64(int32(f.TS-tr.ts))*int64(time.Second)/int64(f.Clock))
	if off := at + tr.moved - came; !tr.any || tr.stream != f.Stream || off > insane || off < -insane {
		at, tr.moved, tr.stream, anew = came, 0, f.Stream, true
	}
	tr.ts, tr.media = f.TS, at
	return anew
}

// settle is the time that the frame gets in the end: after the one before.
func (tr *Track) settle() time.Duration {
	at := max(tr.media+tr.moved, 0)
	if tr.any {
		at = max(at, tr.last+Least)
	}
	tr.last, tr.any = at, true
	return at
}

package record

import "time"

const (
	insane   = 2 * time.Second      // that a stream's timestamps may be away from the arrival of its packets
	slew     = 4 * time.Millisecond // by which a picture is moved at most, to meet its sound
	mostSkew = time.Second          // between picture and sound: more, and the publisher's reports are not believed
	least    = time.Millisecond     // between two frames of a track: what every file format can tell apart
)

// timeline gives the frames of one voice and one picture their times in a
// recording. Sound runs by its publisher's clock from when it first came, never
// moved, for a gap or a jump would be heard. A picture is moved, a little with
// each frame, to where the publisher's sender reports say that it belongs
// beside the sound (RFC 3550, section 6.4.1). A new stream, of a publisher who
// is back or of another layer, begins when it comes.
type timeline struct {
	began        time.Time // the recording's zero
	sound, image track
	bond         time.Duration // a moment of the recording less the same by the publisher's clock
	bonded       bool
}

// track is how far one of the two has come.
type track struct {
	stream uint64
	ts     uint32        // of the last frame
	media  time.Duration // and its time, before any move
	moved  time.Duration
	last   time.Duration // and after
	any    bool
}

// place gives a frame its time.
func (t *timeline) place(f frame, sound bool) time.Duration {
	tr := &t.image
	if sound {
		tr = &t.sound
	}
	came := f.came.Sub(t.began)
	at := tr.media + time.Duration(int64(int32(f.ts-tr.ts))*int64(time.Second)/int64(f.clock))
	if off := at + tr.moved - came; !tr.any || tr.stream != f.stream || off > insane || off < -insane {
		at, tr.moved, tr.stream = came, 0, f.stream
		if sound {
			t.bonded = false
		}
	}
	tr.ts, tr.media = f.ts, at
	published := time.Duration(f.wall.UnixNano())
	switch {
	case f.wall.IsZero():
	case sound:
		t.bond, t.bonded = at-published, true
	case t.bonded:
		if off := published + t.bond - at - tr.moved; off < mostSkew && off > -mostSkew {
			tr.moved += min(max(off, -slew), slew)
		}
	}
	at = max(at+tr.moved, 0)
	if tr.any {
		at = max(at, tr.last+least)
	}
	tr.last, tr.any = at, true
	return at
}

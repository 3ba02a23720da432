package record

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	amp4 "github.com/abema/go-mp4"
	"github.com/at-wat/ebml-go"
	"github.com/at-wat/ebml-go/webm"
	"pgregory.net/rapid"
)

// TestIndexOfMP4: another reader, which knows nothing of fragments, finds every
// sample by the index of a finished file, with its time and its keyframes.
func TestIndexOfMP4(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		video := rapid.Bool().Draw(t, "video")
		l := layoutOf(formatMP4, video, !video || rapid.Bool().Draw(t, "sound"))
		film := drawFilm(t, l)
		raw := write(t, l, film, true)
		r := bytes.NewReader(raw)
		info, err := amp4.Probe(r)
		if err != nil {
			t.Fatal(err)
		}
		var got []timed
		for _, track := range info.Tracks {
			sync := map[int]bool{}
			boxes, err := amp4.ExtractBoxWithPayload(r, nil, amp4.BoxPath{amp4.BoxTypeMoov(), amp4.BoxTypeTrak(), amp4.BoxTypeMdia(), amp4.BoxTypeMinf(), amp4.BoxTypeStbl(), amp4.StrToBoxType("stss")})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range boxes {
				for _, n := range b.Payload.(*amp4.Stss).SampleNumber {
					sync[int(n)] = true
				}
			}
			sound, i, at := track.TrackID == soundID, 0, uint64(0)
			for _, c := range track.Chunks {
				offset := c.DataOffset
				for range c.SamplesPerChunk {
					s := track.Samples[i]
					got = append(got, timed{sound, sample{
						at: span(int64(at), int64(track.Timescale)), key: sound || sync[i+1], data: raw[offset : offset+uint64(s.Size)],
					}})
					offset += uint64(s.Size)
					at += uint64(s.TimeDelta)
					i++
				}
			}
			if i != len(track.Samples) || track.Duration != at {
				t.Fatalf("track %d: %d of %d samples are in chunks, %d ticks of %d", track.TrackID, i, len(track.Samples), at, track.Duration)
			}
		}
		if err := sameFilm(got, film); err != nil {
			t.Fatal(err)
		}
		longest := time.Duration(0)
		for _, s := range film {
			longest = max(longest, s.at)
		}
		if length := span(int64(info.Duration), int64(info.Timescale)); length < longest || length > longest+time.Second+20*time.Millisecond {
			t.Fatalf("%v long, the last sample is at %v", length, longest)
		}
	})
}

// TestIndexOfWebM: the first bytes of a finished file say how long it plays and
// where its cues are; each cue leads to a cluster that begins with a keyframe
// of that time, and every keyframe has one.
func TestIndexOfWebM(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := layoutOf(formatWebM, true, rapid.Bool().Draw(t, "sound"))
		film := drawFilm(t, l)
		raw := write(t, l, film, true)
		var v struct {
			EBML    webm.EBMLHeader `ebml:"EBML"`
			Segment webm.Segment    `ebml:"Segment"`
		}
		if err := ebml.Unmarshal(bytes.NewReader(raw), &v); err != nil {
			t.Fatal(err)
		}
		_, data, size, _ := elementAt(bytes.NewReader(raw), 0, int64(len(raw)))
		_, segment, n, err := elementAt(bytes.NewReader(raw), data+size, int64(len(raw)))
		if err != nil || segment+n != int64(len(raw)) {
			t.Fatalf("the segment has %d bytes of %d: %v", n, int64(len(raw))-segment, err)
		}
		for _, seek := range v.Segment.SeekHead.Seek {
			if at := raw[segment+int64(seek.SeekPosition):]; !bytes.HasPrefix(at, seek.SeekID) {
				t.Fatalf("%x is not where it should be, but %x", seek.SeekID, at[:4])
			}
		}
		var want, got []string
		longest := time.Duration(0)
		for _, s := range film {
			if longest = max(longest, s.at); s.key && !s.sound {
				want = append(want, fmt.Sprint(ms(s.at)))
			}
		}
		for _, cue := range v.Segment.Cues.CuePoint {
			got = append(got, fmt.Sprint(cue.CueTime))
			at := raw[segment+int64(cue.CueTrackPositions[0].CueClusterPosition):]
			if cue.CueTrackPositions[0].CueTrack != videoID || !bytes.HasPrefix(at, idCluster) {
				t.Fatalf("a cue leads to %x", at[:4])
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("cues at %v, keyframes at %v", got, want)
		}
		if length := time.Duration(v.Segment.Info.Duration) * time.Millisecond; length < longest-time.Millisecond || length > longest+1020*time.Millisecond {
			t.Fatalf("%v long, the last sample is at %v", length, longest)
		}
	})
}

package hls

import (
	"bytes"
	"fmt"
	"time"
)

// report is what one rendition's playlist says of another (section 4.4.5.4).
type report struct {
	name   string
	number uint64
	part   int
}

// playlist writes the media playlist of a shelf, which is held: one for players
// that know parts, or a plain one (RFC 8216) that any player and cache knows.
type playlist struct {
	*shelf
	live    bool
	reports []report
}

func (p playlist) text() []byte {
	list := p.segments
	if !p.live && len(list) > 0 && !list[len(list)-1].whole {
		list = list[:len(list)-1]
	}
	whole := len(list)
	if whole > 0 && !list[whole-1].whole {
		whole--
	}
	first := max(0, whole-listed)
	list = list[first:]
	if len(list) == 0 {
		return nil
	}

	var b bytes.Buffer
	b.WriteString("#EXTM3U\n")
	version := 6
	if p.live {
		version = 9
	}
	fmt.Fprintf(&b, "#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:%d\n", version, int(segmentTarget.Seconds()))
	if p.live {
		fmt.Fprintf(&b, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=%s,HOLD-BACK=%s\n", seconds(holdBack), seconds(3*segmentTarget))
		fmt.Fprintf(&b, "#EXT-X-PART-INF:PART-TARGET=%s\n", seconds(partTarget))
	}
	fmt.Fprintf(&b, "#EXT-X-MEDIA-SEQUENCE:%d\n", list[0].number)
	alone := true
	for _, s := range list {
		alone = alone && s.independent()
	}
	if alone {
		b.WriteString("#EXT-X-INDEPENDENT-SEGMENTS\n")
	}
	var opening *opening
	for i, s := range list {
		if s.opening != opening {
			opening = s.opening
			fmt.Fprintf(&b, "#EXT-X-MAP:URI=\"%s\"\n", opening.name)
		}
		fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", p.began.Add(s.from).UTC().Format("2006-01-02T15:04:05.000Z"))
		if p.live && i >= whole-first-withParts {
			for n, part := range s.parts {
				fmt.Fprintf(&b, "#EXT-X-PART:DURATION=%s,URI=\"%d.%d.m4s\"", seconds(part.length), s.number, n)
				if part.independent {
					b.WriteString(",INDEPENDENT=YES")
				}
				b.WriteByte('\n')
			}
		}
		if s.whole {
			fmt.Fprintf(&b, "#EXTINF:%s,\n%d.m4s\n", seconds(s.length), s.number)
		}
	}
	if p.ended {
		b.WriteString("#EXT-X-ENDLIST\n")
		return b.Bytes()
	}
	if p.live {
		number, part := p.next()
		fmt.Fprintf(&b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"%d.%d.m4s\"\n", number, part)
		for _, r := range p.reports {
			fmt.Fprintf(&b, "#EXT-X-RENDITION-REPORT:URI=\"../%s/%s\",LAST-MSN=%d,LAST-PART=%d\n", r.name, liveName, r.number, r.part)
		}
	}
	return b.Bytes()
}

// seconds writes a duration without an exponent and to a tenth of a millisecond.
func seconds(d time.Duration) string { return fmt.Sprintf("%.4f", d.Seconds()) }

const (
	liveName  = "live.m3u8"
	plainName = "plain.m3u8"
)

// variants writes the multivariant playlist of a run's shelves.
func variants(run string, shelves []*shelf, name string) []byte {
	var b bytes.Buffer
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:6\n")
	for _, s := range shelves {
		s.mu.Lock()
		seg := s.segments[len(s.segments)-1]
		peak := s.peak
		s.mu.Unlock()
		// Segments of pictures vary: what a player has to count with is more than what was seen.
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,CODECS=\"%s\"", max(peak*5/4, 32_000), seg.opening.codecs)
		if seg.opening.width > 0 {
			fmt.Fprintf(&b, ",RESOLUTION=%dx%d", seg.opening.width, seg.opening.height)
		}
		fmt.Fprintf(&b, "\n%s/%s/%s\n", run, s.name, name)
	}
	return b.Bytes()
}

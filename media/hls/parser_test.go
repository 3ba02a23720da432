package hls

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// list is a media playlist as a strict parser reads it: it knows every tag that
// may be there, where, and how its attributes are written (RFC 8216bis, 4.1-4.4).
type list struct {
	live     bool
	target   int
	part     float64
	sequence uint64
	segments []listedSegment // the last one may be open
	open     []listedPart    // parts of the segment that grows
	hint     string
	reports  []report
	ended    bool
}

type listedSegment struct {
	number   uint64
	uri, mp4 string
	length   float64
	date     time.Time
	parts    []listedPart
}

type listedPart struct {
	uri         string
	length      float64
	independent bool
}

var attribute = regexp.MustCompile(`^([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)`)

func attributes(text string) (map[string]string, error) {
	all := map[string]string{}
	for text != "" {
		m := attribute.FindStringSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("attributes %q", text)
		}
		if _, twice := all[m[1]]; twice {
			return nil, fmt.Errorf("%s twice", m[1])
		}
		all[m[1]] = strings.Trim(m[2], `"`)
		text = text[len(m[0]):]
	}
	return all, nil
}

func parseList(raw []byte) (*list, error) {
	l := &list{target: -1}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	var parts []listedPart
	var pending *listedSegment
	mp4, date, length := "", time.Time{}, -1.0
	seen := map[string]bool{}
	for n := 0; lines.Scan(); n++ {
		line := lines.Text()
		if n == 0 {
			if line != "#EXTM3U" {
				return nil, fmt.Errorf("begins with %q", line)
			}
			continue
		}
		if l.ended {
			return nil, fmt.Errorf("%q after the end", line)
		}
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-SERVER-CONTROL", "#EXT-X-PART-INF", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-INDEPENDENT-SEGMENTS":
			if seen[name] || len(l.segments) > 0 || len(parts) > 0 {
				return nil, fmt.Errorf("%s twice or late", name)
			}
			seen[name] = true
		}
		var a map[string]string
		var err error
		switch name {
		case "#EXT-X-SERVER-CONTROL", "#EXT-X-PART-INF", "#EXT-X-MAP", "#EXT-X-PART", "#EXT-X-PRELOAD-HINT", "#EXT-X-RENDITION-REPORT":
			if a, err = attributes(value); err != nil {
				return nil, err
			}
		}
		switch {
		case name == "#EXT-X-VERSION":
			if v, err := strconv.Atoi(value); err != nil || v < 6 {
				return nil, fmt.Errorf("%s", line)
			}
		case name == "#EXT-X-TARGETDURATION":
			if l.target, err = strconv.Atoi(value); err != nil {
				return nil, err
			}
		case name == "#EXT-X-SERVER-CONTROL":
			l.live = a["CAN-BLOCK-RELOAD"] == "YES"
			back, err := strconv.ParseFloat(a["PART-HOLD-BACK"], 64)
			if err != nil || back < 1.5-1e-9 {
				return nil, fmt.Errorf("%s", line)
			}
			if back, err := strconv.ParseFloat(a["HOLD-BACK"], 64); err != nil || back < float64(3*l.target) {
				return nil, fmt.Errorf("%s", line)
			}
		case name == "#EXT-X-PART-INF":
			if l.part, err = strconv.ParseFloat(a["PART-TARGET"], 64); err != nil {
				return nil, err
			}
		case name == "#EXT-X-MEDIA-SEQUENCE":
			if l.sequence, err = strconv.ParseUint(value, 10, 64); err != nil {
				return nil, err
			}
		case name == "#EXT-X-INDEPENDENT-SEGMENTS":
		case name == "#EXT-X-MAP":
			mp4 = a["URI"]
		case name == "#EXT-X-PROGRAM-DATE-TIME":
			if date, err = time.Parse(time.RFC3339Nano, value); err != nil {
				return nil, err
			}
		case name == "#EXT-X-PART":
			d, err := strconv.ParseFloat(a["DURATION"], 64)
			if err != nil || a["URI"] == "" || a["INDEPENDENT"] != "" && a["INDEPENDENT"] != "YES" {
				return nil, fmt.Errorf("%s", line)
			}
			parts = append(parts, listedPart{a["URI"], d, a["INDEPENDENT"] == "YES"})
		case name == "#EXTINF":
			text, ok := strings.CutSuffix(value, ",")
			if length, err = strconv.ParseFloat(text, 64); err != nil || !ok {
				return nil, fmt.Errorf("%s", line)
			}
			pending = &listedSegment{number: l.sequence + uint64(len(l.segments)), length: length, mp4: mp4, date: date, parts: parts}
			parts, date = nil, time.Time{}
		case name == "#EXT-X-PRELOAD-HINT":
			if a["TYPE"] != "PART" || a["URI"] == "" || l.hint != "" {
				return nil, fmt.Errorf("%s", line)
			}
			l.hint = a["URI"]
		case name == "#EXT-X-RENDITION-REPORT":
			number, err1 := strconv.ParseUint(a["LAST-MSN"], 10, 64)
			part, err2 := strconv.Atoi(a["LAST-PART"])
			if err1 != nil || err2 != nil || !strings.HasPrefix(a["URI"], "../") {
				return nil, fmt.Errorf("%s", line)
			}
			l.reports = append(l.reports, report{strings.Split(a["URI"], "/")[1], number, part})
		case name == "#EXT-X-ENDLIST":
			l.ended = true
		case strings.HasPrefix(line, "#"), line == "":
			return nil, fmt.Errorf("no such tag: %q", line)
		default:
			if pending == nil || mp4 == "" {
				return nil, fmt.Errorf("%q without its tags", line)
			}
			pending.uri = line
			l.segments = append(l.segments, *pending)
			pending = nil
		}
	}
	l.open = parts
	if pending != nil || l.target < 0 || l.part > 0 != l.live || !l.live && (len(parts) > 0 || l.hint != "") {
		return nil, fmt.Errorf("something is missing or too much")
	}
	for i, s := range l.segments {
		if int(math.Round(s.length)) > l.target || s.length <= 0 || s.date.IsZero() {
			return nil, fmt.Errorf("segment %d: %v s", s.number, s.length)
		}
		sum := 0.0
		for _, p := range s.parts {
			sum += p.length
		}
		if len(s.parts) > 0 && math.Abs(sum-s.length) > 1e-3 {
			return nil, fmt.Errorf("segment %d has %v s, and its parts %v", s.number, s.length, sum)
		}
		for n, p := range s.parts {
			if p.length > l.part+1e-9 || n < len(s.parts)-1 && p.length < l.part*0.85 {
				return nil, fmt.Errorf("part %s has %v s", p.uri, p.length)
			}
		}
		if i > 0 {
			before := l.segments[i-1]
			if off := s.date.Sub(before.date).Seconds() - before.length; math.Abs(off) > 0.002 {
				return nil, fmt.Errorf("segment %d is dated %v s away from where it is", s.number, off)
			}
		}
	}
	for _, p := range l.open {
		if p.length > l.part+1e-9 || p.length < l.part*0.85 {
			return nil, fmt.Errorf("part %s has %v s", p.uri, p.length)
		}
	}
	return l, nil
}

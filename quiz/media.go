package quiz

import (
	"fmt"
	"math"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of what a question shows and where it is pointed at.
const (
	MaxAlt   = 300 // characters that stand for a picture
	MaxAreas = 12

	// HeatSide is how many cells a picture is wide and high where points are
	// counted: as many however many points there are.
	HeatSide = 20

	minSide = 0.01 // of an area: a finger, and an arrow key's step, must hit it
	grain   = 1e4  // points and areas are kept to so much of a picture
)

// The kinds of media.
const (
	MediaImage = "image"
	MediaAudio = "audio"
	MediaVideo = "video"
)

type (
	// Media is a picture, a sound or a film that belongs to a question.
	Media struct {
		URL  string        `json:"url"` // a file of this server's
		Kind string        `json:"kind"`
		Alt  wire.Personal `json:"alt,omitzero"` // what stands for it
	}
	// DraftMedia is [Media] that is written, and as it is shown.
	DraftMedia struct {
		URL  string `json:"url"`
		Kind string `json:"kind"`
		Alt  string `json:"alt,omitzero"`
	}
	// Area is a rectangle of a picture, in fractions of its width and height
	// from its upper left corner.
	Area struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
		W float64 `json:"w"`
		H float64 `json:"h"`
	}
	// Point is a place in a picture: how far across, and how far down.
	Point [2]float64
)

// has reports whether p is in the area; its edges belong to it.
func (a Area) has(p Point) bool {
	return a.X <= p[0] && p[0] <= near(a.X+a.W) && a.Y <= p[1] && p[1] <= near(a.Y+a.H)
}

// near is x to the grain: what adds up to an edge is at that edge.
func near(x float64) float64 { return math.Round(x*grain)/grain + 0 } // 0 added to -0 is 0

// clean returns the point to the grain, if it is within the picture.
func (p Point) clean() (Point, bool) {
	within := func(x float64) bool { return 0 <= x && x <= 1 }
	return Point{near(p[0]), near(p[1])}, within(p[0]) && within(p[1])
}

// cell is the cell that counts the point, row by row.
func (p Point) cell() int {
	at := func(x float64) int { return min(int(x*HeatSide), HeatSide-1) }
	return at(p[1])*HeatSide + at(p[0])
}

// clean returns the area to the grain, if it is one of a picture.
func (a Area) clean() (Area, bool) {
	out := Area{near(a.X), near(a.Y), near(a.W), near(a.H)}
	side := func(from, size float64) bool { return 0 <= from && size >= minSide && near(from+size) <= 1 }
	return out, side(out.X, out.W) && side(out.Y, out.H)
}

// clean returns the media with its text cleaned, or says what is wrong.
func (m *DraftMedia) clean(path string) (*DraftMedia, error) {
	if m == nil {
		return nil, nil
	}
	if _, ours := wire.FileOf(m.URL); !ours {
		return nil, wire.ErrField.In(path + "media.url")
	}
	if m.Kind != MediaImage && m.Kind != MediaAudio && m.Kind != MediaVideo {
		return nil, wire.ErrField.In(path + "media.kind")
	}
	out := *m
	if m.Alt != "" {
		var err error
		if out.Alt, err = wire.CleanText(m.Alt, MaxAlt, true); err != nil {
			return nil, wire.ErrText.In(path + "media.alt")
		}
	}
	return &out, nil
}

// cleanImages returns the pictures of n choices, "" where a choice has none,
// or nil if none of them has.
func cleanImages(images []string, n int, path string) ([]string, error) {
	if len(images) == 0 {
		return nil, nil
	}
	if len(images) != n {
		return nil, wire.ErrField.In(path)
	}
	for i, url := range images {
		if _, ours := wire.FileOf(url); url != "" && !ours {
			return nil, wire.ErrField.In(fmt.Sprintf("%s[%d]", path, i))
		}
	}
	if !slices.ContainsFunc(images, func(url string) bool { return url != "" }) {
		return nil, nil
	}
	return slices.Clone(images), nil
}

// cleanAreas returns the areas to the grain. Whoever does not see the picture
// needs words for it to find them.
func cleanAreas(areas []Area, media *DraftMedia, path string) ([]Area, error) {
	switch {
	case media == nil || media.Kind != MediaImage:
		return nil, wire.ErrField.In(path + "media")
	case media.Alt == "":
		return nil, wire.ErrText.In(path + "media.alt")
	case len(areas) == 0 || len(areas) > MaxAreas:
		return nil, wire.ErrField.In(path + "areas")
	}
	out := make([]Area, len(areas))
	for i, area := range areas {
		var ok bool
		if out[i], ok = area.clean(); !ok {
			return nil, wire.ErrField.In(fmt.Sprintf("%sareas[%d]", path, i))
		}
	}
	return out, nil
}

// own returns the media as by's words.
func (m *DraftMedia) own(by wire.UserID) *Media {
	if m == nil {
		return nil
	}
	out := &Media{URL: m.URL, Kind: m.Kind}
	if m.Alt != "" {
		out.Alt = wire.Own(by, m.Alt)
	}
	return out
}

// view is the media as everybody sees it.
func (m *Media) view() *DraftMedia {
	if m == nil {
		return nil
	}
	return &DraftMedia{m.URL, m.Kind, m.Alt.Text}
}

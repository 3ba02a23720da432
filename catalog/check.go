package catalog

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/lyceum-live/lyceum/wire"
)

// Limits of an item.
const (
	maxDescription = 8000 // characters
	maxTags        = 16
	maxTag         = 40 // characters
	maxURL         = 2000
	maxDuration    = 24 * 60 * 60 // seconds
	maxPrice       = 1_000_000_000
)

// problem is what is wrong with an item, and in which of its fields.
type problem struct{ field, text string }

// complete fills in what follows from the rest: a session is held in the room
// of its own id, and everything has its page.
func (e *entry) complete() {
	if e.Kind == Session && e.Room == "" {
		e.Room = wire.RoomID(e.ID)
	}
	if e.URL == "" {
		if e.Kind == Session {
			e.URL = "/class/" + string(e.Room)
		} else {
			e.URL = "/videos/" + e.ID
		}
	}
	if e.Tags == nil {
		e.Tags = []string{}
	}
}

// check cleans an item's texts and returns what is wrong with it, or nil.
func (e *entry) check() *problem {
	if !wire.RoomID(e.ID).Valid() {
		return &problem{"id", "must be 1 to 64 of a to z, 0 to 9 and '-', not beginning with '-'"}
	}
	for _, t := range []struct {
		field string
		text  *string
		max   int
		must  bool
	}{
		{"title", &e.Title, wire.MaxTitle, true},
		{"description", &e.Description, maxDescription, false},
		{"author", &e.Author, wire.MaxTitle, false},
	} {
		if *t.text == "" && !t.must {
			continue
		}
		clean, err := wire.CleanText(*t.text, t.max, t.field == "description")
		if err != nil {
			return &problem{t.field, fmt.Sprintf("must have 1 to %d characters that can be shown", t.max)}
		}
		*t.text = clean
	}
	if p := e.checkTags(); p != nil {
		return p
	}
	if e.Lang != "" {
		if _, err := language.Parse(e.Lang); err != nil {
			return &problem{"lang", `must be a language such as "en" or "zh-CN"`}
		}
	}
	if !slices.Contains([]Level{Anybody, Beginner, Intermediate, Advanced}, e.Level) {
		return &problem{"level", "must be beginner, intermediate or advanced"}
	}
	if e.DurationS < 0 || e.DurationS > maxDuration {
		return &problem{"duration_s", fmt.Sprintf("must be 0 to %d seconds", maxDuration)}
	}
	if e.Price < 0 || e.Price > maxPrice {
		return &problem{"price", fmt.Sprintf("must be 0 to %d", maxPrice)}
	}
	switch e.Kind {
	case Session:
		if !e.Room.Valid() {
			return &problem{"room", "must be 1 to 64 of a to z, 0 to 9 and '-', not beginning with '-'"}
		}
		if e.repeat.days > 0 && e.StartsAt == 0 {
			return &problem{"repeat", "needs starts_at, the first time"}
		}
	case Video:
		if e.Room != "" || e.StartsAt != 0 {
			return &problem{"room", "a video has no room and no time"}
		}
	default:
		return &problem{"kind", "must be session or video"}
	}
	for field, link := range map[string]string{"url": e.URL, "poster": e.Poster} {
		if link != "" && !safeLink(link) {
			return &problem{field, "must be an address with http or https, or a path of this site"}
		}
	}
	return nil
}

func (e *entry) checkTags() *problem {
	if len(e.Tags) > maxTags {
		return &problem{"tags", fmt.Sprintf("must be at most %d", maxTags)}
	}
	for i, tag := range e.Tags {
		clean, err := wire.CleanText(strings.ToLower(tag), maxTag, false)
		if err != nil {
			return &problem{"tags", fmt.Sprintf("each must have 1 to %d characters", maxTag)}
		}
		if slices.Contains(e.Tags[:i], clean) {
			return &problem{"tags", fmt.Sprintf("%q is there twice", clean)}
		}
		e.Tags[i] = clean
	}
	return nil
}

// safeLink reports whether a browser may be led there: no script, no data,
// and no path that a browser takes for another site ("//x", "/\x").
func safeLink(link string) bool {
	if len(link) > maxURL || strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(link)
	if err != nil || u.User != nil {
		return false
	}
	if strings.HasPrefix(link, "/") {
		return !strings.HasPrefix(link, "//")
	}
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

package catalog_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/wire"
)

var start = time.Date(2026, 1, 6, 18, 0, 0, 0, time.UTC)

// clock is a now that a test can move.
func clock(at *time.Time) func() time.Time { return func() time.Time { return *at } }

const small = `
sessions:
  - id: go-101
    title: "  Go for the curious "
    description: |
      First.

      Second.
    tags: [Go, programming]
    author: Ana
    lang: en
    level: beginner
    duration_s: 3600
    starts_at: 2026-01-06T19:00:00+01:00
    price: 1900
  - {id: calculus, title: Calculus, room: room-7, url: "https://example.org/c?x=1", poster: /static/c.png}
videos:
  - id: errors
    title: 错误也是值
    lang: zh-CN
`

func TestParse(t *testing.T) {
	c, err := catalog.Parse("small.yaml", []byte(small), clock(&start))
	if err != nil {
		t.Fatal(err)
	}
	want := []catalog.Item{{
		ID: "go-101", Kind: catalog.Session, Title: "Go for the curious", Description: "First.\n\nSecond.",
		Tags: []string{"go", "programming"}, Author: "Ana", Lang: "en", Level: catalog.Beginner, DurationS: 3600,
		StartsAt: wire.At(start), Room: "go-101", URL: "/class/go-101", Price: 1900,
	}, {
		ID: "calculus", Kind: catalog.Session, Title: "Calculus", Tags: []string{}, Room: "room-7",
		URL: "https://example.org/c?x=1", Poster: "/static/c.png",
	}, {
		ID: "errors", Kind: catalog.Video, Title: "错误也是值", Tags: []string{}, Lang: "zh-CN", URL: "/videos/errors",
	}}
	if got := c.All(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := c.Sessions(); !reflect.DeepEqual(got, want[:2]) {
		t.Errorf("sessions: got %+v", got)
	}
	if got := c.Videos(); !reflect.DeepEqual(got, want[2:]) {
		t.Errorf("videos: got %+v", got)
	}
	if got, ok := c.Get("errors"); !ok || !reflect.DeepEqual(got, want[2]) {
		t.Errorf("errors: got %+v, %v", got, ok)
	}
	if got, ok := c.ByRoom("room-7"); !ok || got.ID != "calculus" {
		t.Errorf("room-7: got %+v, %v", got, ok)
	}
	for _, id := range []string{"", "calculus ", "room-7"} {
		if got, ok := c.Get(id); ok {
			t.Errorf("%q: got %+v", id, got)
		}
	}
	if got, ok := c.ByRoom("calculus"); ok {
		t.Errorf("room calculus: got %+v", got)
	}
}

func TestItemOnTheWire(t *testing.T) {
	c, err := catalog.Parse("small.yaml", []byte(small), clock(&start))
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.Encode(c.Videos()[0])
	want := `{"id":"errors","kind":"video","title":"错误也是值","description":"","tags":[],"author":"","lang":"zh-CN",` +
		`"level":"","duration_s":0,"starts_at":0,"room":"","url":"/videos/errors","poster":"","price":0}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestBadFile(t *testing.T) {
	const s, v = "sessions:\n  - id: a\n    title: A\n    ", "videos:\n  - id: a\n    title: A\n    "
	tests := []struct{ name, text, want string }{
		{"an unknown list", "courses: []", "F:1: courses: there is no such list; there are sessions and videos"},
		{"no list", "sessions: x", "F:1: sessions: must be a list"},
		{"no mapping", "- a", `F:1: must be keys with values, as in "title: Calculus"`},
		{"an item that is a word", "videos:\n  - a", `F:2: video: must be keys with values, as in "title: Calculus"`},
		{"an unknown key", s + "titel: B", "F:4: a: titel: a session has no such key"},
		{"a room for a video", v + "room: b", "F:4: a: room: a video has no such key"},
		{"a time for a video", v + "starts_at: 2026-01-06T19:00:00Z", "F:4: a: starts_at: a video has no such key"},
		{"a key twice", s + "title: B", "F:4: title: is there already, on line 3"},
		{"a list twice", "videos:\nvideos:", "F:2: videos: is there already, on line 1"},
		{"an id twice", s + "lang: en\nvideos:\n  - title: B\n    id: a", "F:7: a: id: another item has this id"},
		{"a room twice", s + "lang: en\n  - id: b\n    title: B\n    room: a", "F:7: b: room: another session is held in this room"},
		{"a room twice, unsaid", s + "room: b\n  - id: b\n    title: B", "F:5: b: room: another session is held in this room"},
		{"no id", "videos:\n  - title: A", "F:2: id: must be 1 to 64 of a to z, 0 to 9 and '-', not beginning with '-'"},
		{"a bad id", "videos:\n  - title: A\n    id: ../A", "F:3: ../A: id: must be 1 to 64 of a to z, 0 to 9 and '-', not beginning with '-'"},
		{"a bad room", s + "room: A", "F:4: a: room: must be 1 to 64 of a to z, 0 to 9 and '-', not beginning with '-'"},
		{"no title", "videos:\n  - id: a", "F:2: a: title: must have 1 to 160 characters that can be shown"},
		{"a long title", "videos:\n  - id: a\n    title: " + strings.Repeat("字", 161), "F:3: a: title: must have 1 to 160 characters that can be shown"},
		{"no value", v + "level:", "F:4: a: level: has no value"},
		{"a level", v + "level: easy", "F:4: a: level: must be beginner, intermediate or advanced"},
		{"a language", v + "lang: klingonese", `F:4: a: lang: must be a language such as "en" or "zh-CN"`},
		{"tags that are no list", v + "tags: go", "F:4: a: tags: must be a list, as in [a, b]"},
		{"a list in tags", v + "tags: [[go]]", "F:4: a: tags: must be a list of words"},
		{"a tag twice", v + "tags: [go, Go]", `F:4: a: tags: "go" is there twice`},
		{"an empty tag", v + `tags: [go, " "]`, "F:4: a: tags: each must have 1 to 40 characters"},
		{"many tags", v + "tags: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "F:4: a: tags: must be at most 16"},
		{"a list for a text", v + "author: [a]", "F:4: a: author: must be a text"},
		{"a duration", v + "duration_s: 1m", "F:4: a: duration_s: must be a whole number"},
		{"a long duration", v + "duration_s: 86401", "F:4: a: duration_s: must be 0 to 86400 seconds"},
		{"a price", v + "price: -1", "F:4: a: price: must be 0 to 1000000000"},
		{"a time", s + "starts_at: tomorrow", "F:4: a: starts_at: must be a time such as 2026-01-06T19:00:00+01:00"},
		{"a time without a zone", s + "starts_at: 2026-01-06T19:00:00", "F:4: a: starts_at: must be a time such as 2026-01-06T19:00:00+01:00"},
		{"a repeat", s + "repeat: often", "F:4: a: repeat: must be daily or weekly"},
		{"a repeat of nothing", s + "repeat: daily", "F:4: a: repeat: needs starts_at, the first time"},
		{"a zone", s + "zone: Atlantis/West", "F:4: a: zone: must be a time zone such as Europe/Berlin"},
		{"a script", v + "url: javascript:alert(1)", "F:4: a: url: must be an address with http or https, or a path of this site"},
		{"two documents", "videos:\n---\nvideos:", "F:2: a second document begins here; a catalogue is one"},
		{"not YAML", "videos:\n  a: b: c", "F:2: not YAML: mapping values are not allowed in this context"},
		{"not UTF-8", "videos:\n  - id: \xff", "F: not YAML: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := catalog.Parse("F", []byte(tt.text), clock(&start))
			if err == nil || err.Error() != tt.want && (tt.name != "not UTF-8" || !strings.HasPrefix(err.Error(), tt.want)) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestLinks(t *testing.T) {
	for link, fine := range map[string]bool{
		"/videos/a": true, "/a?b=c#d": true, "https://example.org/a.mp4": true, "http://10.0.0.7:8080/": true,
		"//evil.example": false, `/\evil.example`: false, "javascript:alert(1)": false, "JaVaScRiPt:alert(1)": false,
		"data:text/html,x": false, "ftp://example.org": false, "https:///a": false, "videos/a": false, "../a": false,
		" https://example.org": false, "https://exa mple.org": false, "https://a\tb": false, "https://user:secret@example.org": false,
		"http://[::1": false, "/" + strings.Repeat("a", 2000): false,
	} {
		_, err := catalog.New([]catalog.Item{{ID: "a", Kind: catalog.Video, Title: "A", URL: link}}, clock(&start))
		if (err == nil) != fine {
			t.Errorf("url %q: %v", link, err)
		}
		_, err = catalog.New([]catalog.Item{{ID: "a", Kind: catalog.Video, Title: "A", Poster: link}}, clock(&start))
		if (err == nil) != fine {
			t.Errorf("poster %q: %v", link, err)
		}
	}
}

func TestNewLeavesItsItemsAlone(t *testing.T) {
	items := []catalog.Item{{ID: "a", Kind: catalog.Video, Title: "A", Tags: []string{"Go"}}}
	c, err := catalog.New(items, clock(&start))
	if err != nil {
		t.Fatal(err)
	}
	got := c.All()
	if items[0].Tags[0] != "Go" || items[0].URL != "" || got[0].Tags[0] != "go" {
		t.Errorf("gave %+v, got %+v", items[0], got[0])
	}
	got[0].Title = "changed"
	if again, _ := c.Get("a"); again.Title != "A" {
		t.Errorf("got %+v", again)
	}
	if _, err := catalog.New([]catalog.Item{{ID: "a", Title: "A"}}, clock(&start)); err == nil {
		t.Error("an item that is neither session nor video was accepted")
	}
	none, err := catalog.New(nil, clock(&start))
	if err != nil || len(none.All()) != 0 {
		t.Errorf("an empty catalogue: %v", err)
	}
}

func TestRepeats(t *testing.T) {
	const weekly = "sessions:\n  - {id: a, title: A, duration_s: 3600, starts_at: 2026-03-24T19:00:00+01:00, repeat: weekly, zone: Europe/Berlin}"
	now := start
	c, err := catalog.Parse("F", []byte(weekly), clock(&now))
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct{ name, now, want string }{
		{"long before", "2026-01-01T00:00:00Z", "2026-03-24T19:00:00+01:00"},
		{"while it runs", "2026-03-24T19:59:59+01:00", "2026-03-24T19:00:00+01:00"},
		{"when it is over", "2026-03-24T20:00:00+01:00", "2026-03-31T19:00:00+02:00"}, // summer time came on the 29th
		{"much later", "2027-01-01T00:00:00Z", "2027-01-05T19:00:00+01:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now = at(tt.now)
			if got := c.Sessions()[0].StartsAt; got != wire.At(at(tt.want)) {
				t.Errorf("got %s, want %s", got.Time().UTC(), tt.want)
			}
		})
	}
}

// TestNextIsNext holds every repeat, zone and moment to what next means: not
// over yet, at the first time's hour by the zone's clocks, and the one before
// it is over.
func TestNextIsNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"}).Draw(t, "zone")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		word, days := "daily", 1
		if rapid.Bool().Draw(t, "weekly") {
			word, days = "weekly", 7
		}
		length := time.Duration(rapid.IntRange(60, 4*3600).Draw(t, "seconds")) * time.Second
		first := time.Date(2026, 1, rapid.IntRange(1, 300).Draw(t, "day"), rapid.IntRange(4, 23).Draw(t, "hour"), 30, 0, 0, loc)
		now := start.Add(time.Duration(rapid.IntRange(0, 3*365*24*60).Draw(t, "minutes")) * time.Minute)
		text := "sessions: [{id: a, title: A, duration_s: " + strconv.Itoa(int(length.Seconds())) + ", starts_at: \"" + first.Format(time.RFC3339) + "\", repeat: " + word + ", zone: " + zone + "}]"
		c, err := catalog.Parse("F", []byte(text), clock(&now))
		if err != nil {
			t.Fatal(err)
		}
		got := c.Sessions()[0].StartsAt.Time().In(loc)
		if got.Before(first) || !got.Add(length).After(now) {
			t.Fatalf("%s is over or too early at %s", got, now)
		}
		if got.Hour() != first.Hour() || got.Minute() != first.Minute() {
			t.Fatalf("%s is at another hour than %s", got, first)
		}
		if before := got.AddDate(0, 0, -days); !before.Before(first) && before.Add(length).After(now) {
			t.Fatalf("%s comes before %s", before, got)
		}
	})
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	if _, err := catalog.Load(path, clock(&start)); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("a file that is not there: %v", err)
	}
	for text, items := range map[string]int{"": 0, "# soon\n": 0, "sessions:\nvideos: []\n": 0, small: 3} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := catalog.Load(path, clock(&start)); err != nil || len(c.All()) != items {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestSampleIsRichAndLinked holds configs/catalog.yaml to what pages and the
// recommender need: both languages, and for every item others of its topic.
func TestSampleIsRichAndLinked(t *testing.T) {
	c, err := catalog.Load("../configs/catalog.yaml", clock(&start))
	if err != nil {
		t.Fatal(err)
	}
	if s, v := len(c.Sessions()), len(c.Videos()); s < 12 || v < 30 {
		t.Errorf("%d sessions and %d videos", s, v)
	}
	all := c.All()
	for _, item := range all {
		near := 0
		for _, other := range all {
			if other.ID != item.ID && slices.ContainsFunc(item.Tags, func(tag string) bool { return slices.Contains(other.Tags, tag) }) {
				near++
			}
		}
		if near < 2 {
			t.Errorf("%s has %d others of its topics", item.ID, near)
		}
		if item.Description == "" || item.Author == "" || item.Lang == "" || item.DurationS == 0 {
			t.Errorf("%s is incomplete", item.ID)
		}
		if item.Kind == catalog.Session && item.StartsAt.Time().Before(start.Add(-24*time.Hour)) {
			t.Errorf("%s is over", item.ID)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("videos: &v [*v]"))
	f.Add([]byte("sessions: [{id: a, title: A, starts_at: 9999-12-31T23:59:59Z, repeat: daily}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := catalog.Parse("F", text, clock(&start))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "F:") {
				t.Errorf("an error that does not say where: %v", err)
			}
			return
		}
		for _, item := range c.All() { // what was accepted is accepted again
			if item.Kind == catalog.Video {
				if _, err := catalog.New([]catalog.Item{item}, clock(&start)); err != nil {
					t.Errorf("%+v: %v", item, err)
				}
			}
		}
	})
}

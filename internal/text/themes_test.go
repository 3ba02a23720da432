package text_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/text"
)

func TestThemes(t *testing.T) {
	list := []string{
		"The pace is too fast", "too fast for me, slow down", "Too fast!", "great pace but too fast",
		"Loved the live demo", "the live demo was the best part", "more of the Live Demo please",
		"Audio quality was bad", "bad audio quality", "the audio keeps dropping",
		"语速太快了，跟不上", "老师语速太快", "语速有点快，跟不上", "課件很清楚", "课件很好", "希望分享课件",
		"", "👍", "ok",
	}
	got := text.Themes(list, 8)
	has := map[string]text.Theme{}
	for _, th := range got {
		has[strings.ToLower(th.Phrase)] = th
	}
	for phrase, count := range map[string]int{"too fast": 4, "live demo": 3, "audio quality": 2, "语速太快": 2, "跟不上": 2, "课件": 3} {
		if th, ok := has[phrase]; !ok || th.Count != count {
			t.Errorf("%s: got %+v in %+v", phrase, th, got)
		}
	}
	if _, ok := has["demo"]; ok {
		t.Errorf("%q is a theme beside live demo", "demo")
	}
	if th := has["too fast"]; !slices.Equal(th.Examples, []int{0, 1, 2, 3}) {
		t.Errorf("examples of too fast: %v", th.Examples)
	}
}

func TestThemesOfFew(t *testing.T) {
	if got := text.Themes([]string{"the sound is bad"}, 5); len(got) == 0 {
		t.Error("one comment has no theme")
	}
	if got := text.Themes(nil, 5); len(got) != 0 {
		t.Errorf("no comments have the themes %v", got)
	}
	if got := text.Themes([]string{"sound", "sound"}, -1); len(got) != 0 {
		t.Errorf("asked for none, got %v", got)
	}
}

func TestThemesAreStable(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := rapid.SliceOfN(phrases, 0, 30).Draw(rt, "comments")
		n := rapid.IntRange(0, 10).Draw(rt, "n")
		got := text.Themes(list, n)
		if !reflect.DeepEqual(got, text.Themes(list, n)) {
			rt.Fatal("another order the second time")
		}
		if len(got) > n {
			rt.Errorf("%d themes, asked for %d", len(got), n)
		}
		for _, th := range got {
			if th.Count < len(th.Examples) || len(th.Examples) == 0 || th.Phrase == "" || !slices.IsSorted(th.Examples) {
				rt.Errorf("%+v", th)
			}
			for _, i := range th.Examples {
				if !strings.Contains(spaceless(list[i]), spaceless(th.Phrase)) {
					rt.Errorf("%q is no example of %q", list[i], th.Phrase)
				}
			}
		}
	})
}

func spaceless(s string) string { return strings.ReplaceAll(strings.ToLower(s), " ", "") }

func FuzzThemes(f *testing.F) {
	f.Add("too fast\n太快了\n\xff\nlive demo")
	f.Fuzz(func(t *testing.T, s string) {
		for _, th := range text.Themes(strings.Split(s, "\n"), 10) {
			if !utf8.ValidString(th.Phrase) || th.Phrase == "" || th.Count < 1 {
				t.Errorf("%+v", th)
			}
		}
	})
}

func BenchmarkThemes2000(b *testing.B) {
	text.WarmUp()
	list := comments(b)
	var many []string
	for i := range 2000 {
		many = append(many, fmt.Sprint(list[i%len(list)], " ", list[(i*7+3)%len(list)]))
	}
	b.ReportAllocs()
	for b.Loop() {
		text.Themes(many, 20)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/comment")
}

package vtt_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/vtt"
)

// words are texts with all that means something in the format.
func words() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{"-->", "<", ">", "&", "&lt;", "&amp;", "</v>", "<v Ana>", "NOTE", "WEBVTT", "00:00:01.000 --> 00:00:02.000",
		"\n", "\n\n", "\r\n", "\r", "\x00", "\ufeff", " ", "\t", "words", "句子", "é", "😀", "\xff", "-", "STYLE", "::cue"})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(pieces, rapid.String()), 0, 8).Draw(t, "pieces"), "")
	})
}

func cues() *rapid.Generator[[]vtt.Cue] {
	one := rapid.Custom(func(t *rapid.T) vtt.Cue {
		begin := rapid.Int64Range(0, 400*3_600_000).Draw(t, "begin")
		return vtt.Cue{Begin: begin, End: begin + rapid.Int64Range(-1000, 60_000).Draw(t, "for"), Text: words().Draw(t, "text")}
	})
	return rapid.SliceOfN(one, 0, 6)
}

// TestRoundTrip: whatever people write is read back as they wrote it, and
// nothing in it becomes another cue.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := cues().Draw(t, "cues")
		var want []vtt.Cue
		for _, c := range list {
			if c.Text = vtt.Clean(c.Text); c.Text != "" && c.End > c.Begin {
				want = append(want, c)
			}
		}
		file := string(vtt.Write(list))
		got, err := vtt.Parse(file)
		if err != nil {
			t.Fatalf("%v in\n%s", err, file)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %+v, want %+v, of\n%s", got, want, file)
		}
		for i, block := range strings.Split(strings.TrimSuffix(file, "\n"), "\n\n") {
			lines := strings.Split(block, "\n")
			if i > 0 && (len(lines) < 2 || strings.Count(block, "-->") != 1 || !strings.Contains(lines[0], " --> ") || strings.ContainsAny(strings.Join(lines[1:], ""), "<>")) {
				t.Fatalf("block %q", block)
			}
		}
	})
}

func TestParse(t *testing.T) {
	file := "\ufeffWEBVTT - a class\r\nKind: captions\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\nNOTE\r\nnothing\r\n\r\n" +
		"intro\r\n00:01.500 --> 00:00:03.250 align:start position:10%\r\n<v.loud Ana Berg>Hi <b>all</b> of <00:00:02.000>you &amp; &lt;me&gt;&#33;\r\nsecond line\r\n\r\n" +
		"101:00:00.000\t-->\t101:00:00.001\n-- >\n"
	got, err := vtt.Parse(file)
	want := []vtt.Cue{{1500, 3250, "Ana Berg: Hi all of you & <me>!\nsecond line"}, {363600000, 363600001, "-- >"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{
		"", "WEBVT\n", "WEBVTTX\n\n", "webvtt\n", "00:00:00.000 --> 00:00:01.000\nx",
		"WEBVTT\n\n00:00:02.000 --> 00:00:01.000\nx", "WEBVTT\n\n00:00:01.000 --> 00:00:01.000\nx",
		"WEBVTT\n\n0:00:01.000 --> 00:00:02.000\nx", "WEBVTT\n\n00:60:00.000 --> 01:00:02.000\nx", "WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nx",
		"WEBVTT\n\n-1:00:01.000 --> 00:00:02.000\nx", "WEBVTT\n\nid\nwords", "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nx --> y",
		"WEBVTT\n\n00:00:01.0000 --> 00:00:02.000\nx", "WEBVTT\n\n00:00:+1.000 --> 00:00:02.000\nx",
	} {
		if cues, err := vtt.Parse(bad); err == nil {
			t.Errorf("%q: %v", bad, cues)
		}
	}
}

// TestCut: what is in a span is at its place there, and nothing else is.
func TestCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cue := vtt.Cue{Begin: rapid.Int64Range(0, 100_000).Draw(t, "begin"), Text: "x"}
		cue.End = cue.Begin + rapid.Int64Range(1, 20_000).Draw(t, "for")
		s := vtt.Span{From: rapid.Int64Range(0, 100_000).Draw(t, "from"), At: rapid.Int64Range(0, 100_000).Draw(t, "at")}
		s.To = s.From + rapid.Int64Range(0, 60_000).Draw(t, "span")
		got := vtt.Cut([]vtt.Cue{cue}, []vtt.Span{s})
		shown := max(0, min(cue.End, s.To)-max(cue.Begin, s.From))
		if (shown >= 200) != (len(got) == 1) && shown != cue.End-cue.Begin {
			t.Fatalf("%d ms of it are in the span, and there are %v", shown, got)
		}
		for _, c := range got {
			if c.Begin < s.At || c.End > s.At+s.To-s.From || c.End-c.Begin != shown || c.Begin-s.At != max(cue.Begin, s.From)-s.From {
				t.Fatalf("%v of %v in %v", c, cue, s)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v A>b &amp; c")
	f.Add("WEBVTT\n\nNOTE x\n\n1\n00:01.000 --> 00:02.000 line:0\nx\n\n")
	f.Add("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<<<>>>&&&#x0;&#1114112;\n")
	f.Fuzz(func(t *testing.T, file string) {
		cues, err := vtt.Parse(file)
		if err != nil {
			return
		}
		for _, c := range cues {
			if c.Begin < 0 || c.End <= c.Begin || c.Text == "" || c.Text != vtt.Clean(c.Text) {
				t.Errorf("cue %+v", c)
			}
		}
		again, err := vtt.Parse(string(vtt.Write(cues)))
		if err != nil || !slices.Equal(again, cues) {
			t.Errorf("%+v read again: %+v, %v", cues, again, err)
		}
	})
}

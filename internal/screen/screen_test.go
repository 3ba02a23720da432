package screen_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/configs"
	"github.com/lyceum-live/lyceum/internal/screen"
)

func must(t testing.TB, r screen.Rules) *screen.Screen {
	t.Helper()
	s, err := screen.New(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func list(action screen.Action, words ...string) screen.Rules {
	return screen.Rules{Lists: []screen.List{{Name: "words", Action: action, Words: words}}}
}

// samples is the lists that come with Lyceum, read as the server reads them.
func samples(t testing.TB, more screen.Config) *screen.Screen {
	t.Helper()
	more.Lists = append(more.Lists, "en=mask", "zh=hold")
	s, err := screen.Load(more, func(name string) ([]byte, error) { return configs.FS.ReadFile("words/" + name + ".txt") })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWordsAreFoundHoweverTheyAreDressed(t *testing.T) {
	s := must(t, list(screen.Mask, "shit", "idiot", "*fuck*", "wank*", "ass", "good", "kill yourself", "刷单", "加微信", "法轮", "傻逼", "加v信", "办证"))
	for _, found := range []string{
		"shit", "SHIT", "Shit!", "oh shit.", "shit?!", "(shit)", "“shit”", "#shit", "well,shit", // as it is
		"ｓｈｉｔ", "ＳＨＩＴ", "𝓼𝓱𝓲𝓽", "ⓢⓗⓘⓣ", "𝕤𝕙𝕚𝕥", "ˢʰⁱᵗ", // width and style
		"shít", "s̷h̷i̷t̷", "ṡḣïť", // accents
		"ѕhіt", "ѕһіт", "shıt", "ꜱʜɪᴛ", "shιt", // look-alikes
		"sh1t", "5hit", "$hit", "sh!t", "5h1t", "1d10t", "id1ot", "f.u.c.k", "phfuckph", // leet
		"shiiiit", "ssshhhiiittt", "shiiit!!!", "idiooooot", // drawn out
		"s h i t", "S  H  I  T", "s h i t head", "you s h i t !", // spaced
		"s.h.i.t", "s-h-i-t", "s_h_i_t", "s/h/i/t", "sh-it", "sh.it", "s.hi.t", "s·h·i·t", // dotted
		"s*it", "sh*t", "s**t", "id*ot", "f**k", "i**ot", // starred
		"s\u200bh\u200bi\u200bt", "sh\u00adit", "s\ufeffhit", "sh\u2060it", "\u202esh\u202cit", // invisible
		"wanker", "WANKERS", "motherfucker", "unfuckable", // open ends
		"ass", "asss", "goood", "kill  yourself", "KILL\nYOURSELF", "k1ll yourse1f", "kill-yourself",
		"刷单", "刷單", "刷 单", "刷.单", "刷-單", "刷\u200b单", "來刷單嗎", "我在刷单", "刷。单", "刷【单】",
		"加微信", "加 微 信", "加微信：abc", "请加微信", "快加微信", "加.微.信", "加~微~信", "加Ｖ信", "加v信", "加V 信", "加\u2060微信",
		"法轮", "法輪", "法-輪", "傻逼", "傻 逼", "你是傻逼吗", "傻逼逼逼逼", "办证", "辦證", "办✨证",
	} {
		if v := s.Check(found); v.Action != screen.Mask {
			t.Errorf("nothing is found in %q", found)
		} else if again := s.Check(v.Text); len(again.Hits) > 0 {
			t.Errorf("%q is masked as %q, in which %+v is found", found, v.Text, again.Hits)
		}
	}
	for _, fine := range []string{
		"", " ", "*", "****", "Scunthorpe", "god", "gd", "asses", "shitake", "ashit", "shi t", "s hit", "this hit", "is it", "wan ker",
		"he'll", "a*s", "ship", "shot", "s", "killyourself's sake", "kill the process yourself", "方法轮流", "参加微信群", "印刷单面", "主办证券", "傻", "逼真", "单刷", "信微加",
	} {
		if v := s.Check(fine); len(v.Hits) > 0 {
			t.Errorf("%+v is found in %q", v.Hits, fine)
		}
	}
}

// Nothing of a list that comes with Lyceum, and no rule of conduct, may be
// found in what classes really say.
func TestFalseHits(t *testing.T) {
	s := samples(t, screen.Config{Links: screen.Hold, LinkHosts: []string{"example.org", "asp.net"}, Capitals: screen.Mask, Repetition: screen.Hold})
	n, hits := 0, 0
	check := func(file, line string) {
		n++
		if v := s.Check(line); len(v.Hits) > 0 {
			hits++
			t.Errorf("%s: %+v in %q", file, v.Hits, line)
		}
	}
	files, err := filepath.Glob("../text/testdata/*.tsv")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files of class comments, %v", len(files), err)
	}
	for _, file := range append(files, "testdata/clean.txt") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(content) {
			if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
				for field := range bytes.SplitSeq(line, []byte("\t")) {
					check(file, string(field))
				}
			}
		}
	}
	t.Logf("%d false hits in %d texts", hits, n)
	if n < 700 {
		t.Errorf("only %d texts are looked at", n)
	}
}

func TestSampleListsFindWhatTheyAreFor(t *testing.T) {
	s := samples(t, screen.Config{})
	for text, want := range map[string]screen.Action{
		"what the fuck is this":       screen.Mask,
		"you are an a$$hole":          screen.Mask,
		"this is bullsh1t":            screen.Mask,
		"b i t c h":                   screen.Mask,
		"加我微信領紅包":                     screen.Hold,
		"日结兼职，一天300":                  screen.Hold,
		"傻。逼":                         screen.Hold,
		"cheap V1AGRA":                screen.Mask,
		"this is shit, 刷单加微信":         screen.Hold, // the sterner of the two
		"what is a monad":             screen.Pass,
		"今天讲什么":                       screen.Pass,
		"the retard in 'retardation'": screen.Mask,
	} {
		if v := s.Check(text); v.Action != want {
			t.Errorf("%q: %v, want %v (%+v)", text, v.Action, want, v.Hits)
		}
	}
}

func TestMaskedTextKeepsTheRest(t *testing.T) {
	s := must(t, list(screen.Mask, "shit", "kill yourself", "傻逼"))
	for text, want := range map[string]string{
		"oh shit, sorry":        "oh ****, sorry",
		"s h i t happens":       "* * * * happens",
		"Kill Yourself now":     "**** ******** now",
		"你是傻逼，老师":               "你是**，老师",
		"s\u200bhit":            "****",
		"shit shit":             "**** ****",
		"Ｓｈｉｔ":                  "****",
		"nothing to see 没有什么 🙂": "nothing to see 没有什么 🙂",
	} {
		if v := s.Check(text); v.Text != want {
			t.Errorf("%q is masked as %q, want %q", text, v.Text, want)
		}
	}
}

// The stars of one word may be all that is missing of another.
func TestWhatMaskingMakesIsMasked(t *testing.T) {
	s := must(t, list(screen.Mask, "*ass*", "grumpy"))
	if v := s.Check("grassy"); v.Text != "******" || v.Action != screen.Mask {
		t.Errorf("masked as %q, %v", v.Text, v.Action)
	}
}

func TestWordsWithinTheBeginningsOfOthers(t *testing.T) {
	s := must(t, list(screen.Block, "*abcd*", "*bcde*", "*c*", "她们都好", "们都在", "都"))
	for _, text := range []string{"abc", "xbcx", "她们都"} {
		if s.Check(text).Action != screen.Block {
			t.Errorf("nothing is found in %q", text)
		}
	}
}

func TestAllowedWordsWin(t *testing.T) {
	r := list(screen.Block, "*cock*", "刷单")
	r.Allow = []string{"*peacock*", "cocktail", "冲刷单元格"}
	s := must(t, r)
	for text, want := range map[string]screen.Action{
		"a peacock": screen.Pass, "peacocks and cocktail": screen.Pass, "cocktails": screen.Block,
		"a peacock and a cock": screen.Block, "冲刷单元格": screen.Pass, "刷单": screen.Block,
	} {
		if v := s.Check(text); v.Action != want {
			t.Errorf("%q: %v, want %v", text, v.Action, want)
		}
	}
}

func TestLinks(t *testing.T) {
	s := must(t, screen.Rules{Links: screen.Mask, LinkHosts: []string{"example.org", "*.School.edu.cn", "asp.net"}})
	for _, link := range []string{
		"http://evil.test", "HTTPS://EVIL.TEST/x?y", "see https://bit.ly/3x", "www.evil.com", "evil.com", "buy at evil.com!", "看evil.com来", "evil.com，快来",
		"a.b.evil.cn/path", "evil。com", "evil．com", "evil (dot) com", "evil[dot]com", "evil dot com", "evil点com", "evil點cn", "t.me/joinchat", "bit.ly/x",
		"magnet:?xt=urn:btih:1", "tg://join?invite=1", "weixin://dl/chat", "data:text/html,x", "https://example.org.evil.test/", "https://example.org@evil.test/",
		"https://evil.test\\@example.org", "notexample.org", "example.online/offer",
	} {
		if v := s.Check(link); len(v.Hits) == 0 {
			t.Errorf("no link is found in %q", link)
		}
	}
	for _, fine := range []string{
		"main.go", "node.js", "fmt.Println", "e.g.", "3.14", "1.to", "i.e.", "main.cc", "window.top", "this.link", "end.So", "It works.Me too", "x.community", "a.com1",
		"https://example.org/x", "http://www.example.org", "www.example.org", "example.org", "lab.school.edu.cn", "https://school.edu.cn:8443/a", "ASP.NET",
		"the dot com bubble", "ana@gmail.com", "9点to10点", "data:three", "javascript:void", "http", "www", "hello world", "今天。明天", "第1.5节", "v1.2.3", "10.0.0.1",
	} {
		if v := s.Check(fine); len(v.Hits) > 0 {
			t.Errorf("%q is found in %q", fine[v.Hits[0].Start:v.Hits[0].End], fine)
		}
	}
}

func TestCapitalsAndRepetition(t *testing.T) {
	s := must(t, screen.Rules{Capitals: screen.Mask, Repetition: screen.Mask})
	for text, want := range map[string]string{
		"THIS IS THE WORST CLASS EVER": "this is the worst class ever",
		"NASA and ESA":                 "NASA and ESA",
		"OK THANKS":                    "OK THANKS",
		strings.Repeat("a", 40):        "aaa",
		"hahahahaha":                   "hahahahaha",
		"哈哈哈哈哈哈哈哈":                     "哈哈哈哈哈哈哈哈",
	} {
		if v := s.Check(text); v.Text != want {
			t.Errorf("%q becomes %q, want %q", text, v.Text, want)
		}
	}
	// A phrase again and again cannot be shortened: somebody looks.
	for _, text := range []string{strings.Repeat("buy now ", 10), strings.Repeat("买课找我", 10)} {
		if v := s.Check(text); v.Action != screen.Hold {
			t.Errorf("%q: %v, want hold", text, v.Action)
		}
	}
}

func TestALongTextIsNeverShownUnread(t *testing.T) {
	s := must(t, list(screen.Mask, "shit"))
	if v := s.Check("shit " + strings.Repeat("x ", 8<<10)); v.Action != screen.Hold {
		t.Errorf("%v, want hold", v.Action)
	}
}

func TestBrokenListsAreNamed(t *testing.T) {
	files := map[string]string{
		"good": "# remark\nshit # why\n\n刷单\n", "stars": "shit\n\n**\n", "long": "x\n" + strings.Repeat("y", screen.MaxWord+1), "binary": "a\nb\n\xff\n",
	}
	read := func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, fmt.Errorf("open %s: no such file", name)
	}
	for entry, want := range map[string]string{
		"stars=mask": "stars:3: ", "long=hold": "long:2: ", "binary=block": "binary:3: not UTF-8", "missing=mask": "open missing",
		"good": "is not file=action", "good=shout": "mask, hold or block", "good=pass": "mask, hold or block", "=mask": "is not file=action",
	} {
		if _, err := screen.Load(screen.Config{Lists: []string{entry}}, read); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", entry, err, want)
		}
	}
	if _, err := screen.Load(screen.Config{Lists: []string{"good=mask"}, Allow: []string{"--"}}, read); err == nil {
		t.Error("an allowed word of nothing is accepted")
	}
	if s, err := screen.Load(screen.Config{}, read); s != nil || err != nil {
		t.Errorf("a screen without rules: %v, %v", s, err)
	}
	if s, err := screen.Load(screen.Config{Lists: []string{"good=block"}}, read); err != nil || s.Check("sh1t").Action != screen.Block {
		t.Errorf("a good list: %v", err)
	}
}

// dressed draws texts in which the words of the lists stand in many disguises,
// among others and beside each other.
func dressed() *rapid.Generator[string] {
	pieces := []string{"shit", "SH1T", "s h i t", "s*it", "ass", "a.s.s", "kill yourself", "刷单", "刷 單", "加微信", "fuck", "grassy", "x", " ", "  ", "*", ".", "-", "'", "\u200b",
		"\u0301", "方法轮流", "参", "法轮", "evil.com", "https://evil.test/a", "AAAAAAAAAAAAAAAAAAAAAAAA", "!", "$", "1", "ﬁ", "㍿", "\xff", "\xe5\x88", "😀", "ſ", "İ", "ß", "\n", "ท", "한글"}
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(0, 24).Draw(t, "pieces") {
			if rapid.IntRange(0, 3).Draw(t, "any") == 0 {
				b.WriteString(rapid.String().Draw(t, "text"))
			} else {
				b.WriteString(rapid.SampledFrom(pieces).Draw(t, "piece"))
			}
		}
		return b.String()
	})
}

func everything(t testing.TB) *screen.Screen {
	r := list(screen.Mask, "shit", "*ass*", "fuck*", "kill yourself", "刷单", "加微信", "法轮", "grumpy", "xx*")
	r.Links, r.Capitals, r.Repetition = screen.Mask, screen.Mask, screen.Mask
	r.Allow = []string{"grassy"}
	return must(t, r)
}

// holds checks what is true of every verdict.
func holds(t testing.TB, s *screen.Screen, text string) {
	v := s.Check(text)
	for _, h := range v.Hits {
		if h.Start < 0 || h.End > len(text) || h.Start > h.End {
			t.Fatalf("%q: hit %+v is outside", text, h)
		}
		if utf8.ValidString(text) && (h.Start < len(text) && !utf8.RuneStart(text[h.Start]) || h.End < len(text) && !utf8.RuneStart(text[h.End])) {
			t.Fatalf("%q: hit %+v cuts a character", text, h)
		}
	}
	if (len(v.Hits) == 0) != (v.Action == screen.Pass) {
		t.Fatalf("%q: %v with %+v", text, v.Action, v.Hits)
	}
	if len(v.Hits) == 0 && v.Text != text {
		t.Fatalf("%q becomes %q without a hit", text, v.Text)
	}
	if utf8.ValidString(text) && !utf8.ValidString(v.Text) {
		t.Fatalf("%q becomes %q", text, v.Text)
	}
	if utf8.RuneCountInString(v.Text) > utf8.RuneCountInString(text)+strings.Count(strings.ToUpper(text), "İ") {
		t.Fatalf("%q grows to %q", text, v.Text)
	}
	if v.Action == screen.Mask {
		if again := s.Check(v.Text); again.Text != v.Text || len(again.Hits) > 0 {
			t.Fatalf("%q is masked as %q, and that as %q (%+v)", text, v.Text, again.Text, again.Hits)
		}
	}
	blanks := func(s string) int { return strings.Count(s, "\n") }
	if blanks(v.Text) > blanks(text) {
		t.Fatalf("%q: lines are made: %q", text, v.Text)
	}
}

func TestVerdicts(t *testing.T) {
	s := everything(t)
	rapid.Check(t, func(rt *rapid.T) { holds(t, s, dressed().Draw(rt, "text")) })
}

// What a naive reading finds, a word among others by blanks alone, is found.
func TestPlainWordsAreAlwaysFound(t *testing.T) {
	words := []string{"shit", "idiot", "bastard", "moron", "kill yourself", "刷单", "王八蛋"}
	s := must(t, list(screen.Block, words...))
	others := []string{"the", "class", "is", "fine", "2*3", "e.g.", "🙂", "—", "课，", "OK!"}
	rapid.Check(t, func(rt *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom(others)).Draw(rt, "before")
		word := rapid.SampledFrom(words).Draw(rt, "word")
		if rapid.Bool().Draw(rt, "upper") {
			word = strings.Map(func(r rune) rune { return unicode.ToUpper(r) }, word)
		}
		parts = append(append(parts, word), rapid.SliceOf(rapid.SampledFrom(others)).Draw(rt, "after")...)
		if text := strings.Join(parts, " "); s.Check(text).Action != screen.Block {
			rt.Fatalf("nothing is found in %q", text)
		}
	})
}

func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"shit", "s*it s h i t", "刷\u200b单 加 微 信", "gr***y", "https://evil.test/ass.com", "\xff\xfe", "ﬁ㍿ſİß", strings.Repeat("ha", 30), "a.s.s-ass*ass"} {
		f.Add(seed)
	}
	s := everything(f)
	f.Fuzz(func(t *testing.T, text string) { holds(t, s, text) })
}

// A comment of 200 characters against 20,000 words.
func BenchmarkCheck(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	var words []string
	for range 10_000 {
		word := make([]byte, 5+random.IntN(8))
		for i := range word {
			word[i] = byte('a' + random.IntN(26))
		}
		han := make([]rune, 2+random.IntN(3))
		for i := range han {
			han[i] = rune(0x4e00 + random.IntN(3000))
		}
		words = append(words, string(word), string(han))
	}
	r := list(screen.Mask, words...)
	r.Links, r.Capitals, r.Repetition = screen.Hold, screen.Mask, screen.Hold
	s := must(b, r)
	starred := strings.Repeat("a*bc*de ", 25)
	for name, text := range map[string]string{
		"english": strings.Repeat("Why does the second derivative change its sign there? ", 4)[:200],
		"chinese": string([]rune(strings.Repeat("老师，为什么二阶导数在这里会变号？我没有听懂这一步。", 8))[:200]),
		"starred": starred,
	} {
		b.Run(name, func(b *testing.B) {
			s.Check(text)
			b.ReportAllocs()
			for b.Loop() {
				s.Check(text)
			}
		})
	}
}

package screen

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A link is an address with a scheme or www, or a bare host under one of the
// top-level domains that spam comes from and people mean. Under a domain that
// is also a word, or ends the names of files, only an address with a path is
// one: there are "main.cc", "window.top" and "end.So" in a class.
var (
	schemed = regexp.MustCompile(`(?i)\b(?:(?:https?|ftp|wss?|tg|weixin|alipays?)://|magnet:\?|data:[a-z]+/)[^\s<>"']+|\bwww[.。][^\s<>"'，；、！？）】]+`)
	bare    = regexp.MustCompile(`(?i)\b((?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?[.。．｡])+(?:` + domains + `))(?:[:/?#][^\s<>"']*)?`)
	worded  = regexp.MustCompile(`(?i)\b((?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+(?:` + wordDomains + `))/[\p{L}\p{N}][^\s<>"']*`)
	spelled = regexp.MustCompile(`(?i)\b([\p{L}\p{N}][\p{L}\p{N}-]*)\s*(?:\(dot\)|\[dot\]|\bdot\b|点|點)\s*(` + domains + `)`)
)

const (
	domains     = `(?:com|net|org|cn|ru|xyz|biz|vip|icu|wang|ly|gg|uk|de|fr|jp|kr|tw|hk|eu|cfd|sbs|gq|tk|cf)\b`
	wordDomains = `info|cc|tv|top|shop|site|online|club|link|click|work|live|win|bet|fun|pro|to|me|io|ai|app|dev|us|monster|buzz|space|website|loan|men|ml|ga|gl|gd`
)

// links are where a text has links to hosts other than the fine ones.
func links(s string, fine []string) [][2]int {
	var found [][2]int
	add := func(start, end int, host string) {
		for _, f := range found {
			if f[0] <= start && end <= f[1] {
				return // within an address that was found above
			}
		}
		host = strings.ToLower(strings.NewReplacer("。", ".", "．", ".", "｡", ".").Replace(host))
		for _, f := range fine {
			if host == f || strings.HasSuffix(host, "."+f) {
				return
			}
		}
		found = append(found, [2]int{start, end})
	}
	// What an expression cannot do without is looked for first: they are slow.
	var whole [][]int
	if strings.ContainsAny(s, ":.。") {
		whole = schemed.FindAllStringIndex(s, -1)
	}
	for _, at := range whole {
		add(at[0], at[1], hostOf(s[at[0]:at[1]]))
	}
	var forms []*regexp.Regexp
	if strings.ContainsAny(s, ".。．｡") {
		forms = append(forms, bare)
	}
	if strings.Contains(s, ".") && strings.Contains(s, "/") {
		forms = append(forms, worded)
	}
	for _, form := range forms {
		for _, at := range form.FindAllStringSubmatchIndex(s, -1) {
			inside := slices.ContainsFunc(whole, func(w []int) bool { return w[0] <= at[0] && at[1] <= w[1] })
			if inside || at[0] > 0 && s[at[0]-1] == '@' {
				continue // judged as a whole, or where mail goes to
			}
			add(at[0], at[1], s[at[2]:at[3]])
		}
	}
	if lower := strings.ToLower(s); !strings.Contains(lower, "dot") && !strings.ContainsAny(s, "点點") {
		return found
	}
	for _, at := range spelled.FindAllStringSubmatchIndex(s, -1) {
		switch strings.ToLower(s[at[2]:at[3]]) {
		case "the", "a", "this", "that", "every", "of": // the dot com bubble
			continue
		}
		add(at[0], at[1], s[at[2]:at[3]]+"."+s[at[4]:at[5]])
	}
	return found
}

// hostOf is an address's host: without scheme, user, port and path.
func hostOf(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	if i := strings.IndexAny(address, `/?#\`); i >= 0 {
		address = address[:i]
	}
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		address = address[i+1:]
	}
	if i := strings.LastIndexByte(address, ':'); i >= 0 {
		address = address[:i]
	}
	return strings.TrimRight(address, ".,;!?")
}

// Shouting is at least so many letters with a case, so many of them capitals:
// an acronym or two shout at nobody.
const (
	shoutLetters = 16
	shoutShare   = 0.8
)

func shouts(s string) bool {
	upper, lower := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	return upper+lower >= shoutLetters && float64(upper) >= shoutShare*float64(upper+lower)
}

// Repetition is a letter so often in a row, or the same few letters: laughter
// (哈哈哈, hahaha) is shorter.
const (
	sameLetters = 24 // in a row
	sameWords   = 8  // times the same word, phrase or syllable in a row
	longPeriod  = 64 // letters of the longest phrase that is looked for
	leastRepeat = 32 // letters that all of it has at least
)

// repeats looks for the same again and again.
func repeats(k bones) bool {
	var letters []rune
	for _, m := range k.marks {
		if m.run >= sameLetters {
			return true
		}
		for range min(m.run, 2) {
			letters = append(letters, m.r)
		}
	}
	for period := 1; period <= longPeriod && period*sameWords <= len(letters); period++ {
		run := 0
		for i := period; i < len(letters); i++ {
			if letters[i] != letters[i-period] {
				run = 0
				continue
			}
			if run++; run >= period*(sameWords-1) && run+period >= leastRepeat {
				return true
			}
		}
	}
	return false
}

// shortened is a text with no character more than three times in a row.
func shortened(s string) string {
	var b strings.Builder
	last, n := rune(-1), 0
	for _, r := range s {
		if r == last {
			n++
		} else {
			last, n = r, 1
		}
		if n <= 3 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

package text

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed feeling_en.txt
var englishLines string

//go:embed feeling_zh.txt
var chineseLines string

// lexicon has weights by words, and how long its longest entry is: in words for
// English phrases, in characters for Chinese.
type lexicon struct {
	weight  map[string]float64
	longest int
}

var englishLexicon = sync.OnceValue(func() *lexicon {
	l := readLexicon(englishLines)
	phrases := map[string]float64{}
	for w, weight := range l.weight {
		phrases[strings.ReplaceAll(w, "_", " ")] = weight
		l.longest = max(l.longest, strings.Count(w, "_")+1)
	}
	l.weight = phrases
	return l
})

var chineseLexicon = sync.OnceValue(func() *lexicon {
	l := readLexicon(chineseLines)
	for w := range l.weight {
		l.longest = max(l.longest, utf8.RuneCountInString(w))
	}
	return l
})

// readLexicon reads lines of a weight and its words. A file of ours that is
// wrong stops the first caller: tests load them all.
func readLexicon(lines string) *lexicon {
	l := &lexicon{weight: map[string]float64{}}
	for line := range strings.Lines(lines) {
		if line[0] == '#' {
			continue
		}
		fields := strings.Fields(line)
		weight, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			panic("text: a line of a lexicon begins with " + fields[0])
		}
		for _, w := range fields[1:] {
			l.weight[w] = weight
		}
	}
	return l
}

// emoji have weights like words.
var emoji = func() map[rune]float64 {
	m := map[rune]float64{}
	for weight, list := range map[float64]string{
		3:    "😍🥰🤩❤♥💕💖💗💓💞💘🏆🎉🎊💯",
		2.2:  "😀😃😄😁😊☺🙂😇🤗😘😻👍👏🙏💪🌟⭐✨🔥🌹🌸👌🥳😋😎🤝💐🎁🫶✅🙌👑💎😸🧡💛💚💙💜",
		1.2:  "😂🤣😆😌😉😜😝🙃☀🌈",
		-1.2: "😐😑😶🙄😕😟🤔😓😥😴🥱💤😬🥴😵❓⚠",
		-2.2: "😞😔😣😖😫😩😢😭😠👎💔😒☹🙁😤😰😨😱🤒🤕🤦❌😷🥵",
		-3:   "😡🤬🤮🤢💩🖕👿",
	} {
		for _, r := range list {
			m[r] = weight
		}
	}
	return m
}()

package text

import (
	"regexp"
	"strings"
	"unicode"
)

// IsQuestion reports whether a text asks something: by a question mark of any
// script at the end of a sentence, by Chinese interrogatives and particles, by
// the openings of English questions. It is conservative: a statement about
// asking ("I know how it works", 什么都不懂) is none.
func IsQuestion(s string) bool {
	s = clean(s)
	if marked(s) {
		return true
	}
	for _, sentence := range strings.FieldsFunc(Fold(withoutAddresses(begin(s, maxQuestion))), func(r rune) bool {
		return strings.ContainsRune(".!;\n", r)
	}) {
		if asksInChinese(sentence) || asksInEnglish(sentence) {
			return true
		}
	}
	return false
}

// marked looks for a question mark that ends a sentence: nothing, a blank, a
// sign, an emoji or Chinese follows, or closing quotes and then nothing more.
func marked(s string) bool {
	runes := []rune(s)
	last := len(runes) - 1 // letter
	for last >= 0 && !unicode.IsLetter(runes[last]) {
		last--
	}
	for i := 0; i < len(runes); i++ {
		if !isMark(runes[i]) {
			continue
		}
		j := i + 1
		for j < len(runes) && (isMark(runes[j]) || strings.ContainsRune("!.~…。", runes[j])) {
			j++
		}
		closed := j
		for j < len(runes) && closes(runes[j]) {
			j++
		}
		switch {
		case last < 0, i == 0 && j <= last: // no words at all, or a sign in front of them
		case j > last: // nothing is said after it
			return true
		case j > closed: // quoted or bracketed, and more follows
		case unicode.IsSpace(runes[j]) || !letter(runes[j]) && runes[j] >= 0x80:
			return true
		}
		i = j - 1
	}
	return false
}

func isMark(r rune) bool { return r == '?' || r == '؟' || r == '⸮' || r == '⁇' }

func closes(r rune) bool {
	return unicode.In(r, unicode.Pe, unicode.Pf) || r == '"' || r == '\'' || r == '”' || r == '’' || r == '」' || r == '』'
}

var (
	chineseAsks = regexp.MustCompile(`请问|请教|想问|问一下|问下|能否|可否|是否|为什么|为啥|为何|什么|怎么|怎样|咋|啥|如何|哪|谁|` +
		`多少|多久|多大|多长时间|何时|几点|几号|几时|第几|星期几|有没有`)
	// Interrogatives that ask nothing here.
	chineseSays = regexp.MustCompile(`[什怎]么[^,吗呢]{0,3}[都也]|[啥谁哪咋][^,吗呢]{0,3}[都也]|没什么|没啥|没怎么|不怎么|什么的$|多少有|多少会|` +
		`无论|不管|不论|不知道?(为|怎|什|谁|哪|如|是)|[我已也就都终](经|于)?(都|就)?(知道|明白|懂|理解|学会|清楚)了?(怎|如|为|什|哪|谁|是|有)|` +
		`(讲|说|告诉|教|教会|介绍|解释|分享|总结)(了|清楚了?)[^,]{0,4}(怎|如|为|什|哪|是)|(知道|明白|懂|清楚|学会|理解)了(怎|如|为|什|哪|谁|是)|多么|怎么这么(好|棒|厉害)|哪怕|谁知|随便|` +
		`想什么就|[^你有谁人道]知道(怎|如|为|什|哪|谁)`)
	chineseEnds   = regexp.MustCompile(`(吗|[^什怎这那多要]么|了没|了没有|懂没|懂没有|好不|行不|可以不|是不)$`)
	chineseNe     = regexp.MustCompile(`呢$`)
	chineseNeSays = regexp.MustCompile(`着呢$|[在还才正可没不]+[^,]*呢$|[^,]*(哦|很|真|太|好)[^,]*呢$`)
)

func asksInChinese(s string) bool {
	if strings.IndexFunc(s, isHan) < 0 {
		return false
	}
	for _, part := range strings.Split(s, ",") {
		part = strings.TrimRight(part, " ~-\"'·)]")
		part = strings.TrimRightFunc(part, func(r rune) bool { return r >= 0x2000 && !unicode.IsLetter(r) })
		if chineseEnds.MatchString(part) {
			return true
		}
		if chineseSays.MatchString(part) {
			continue
		}
		if chineseNe.MatchString(part) && !chineseNeSays.MatchString(part) || yesOrNo(part) || chineseAsks.MatchString(part) {
			return true
		}
	}
	return false
}

// yesOrNo finds 是不是, 能不能, 对不对: a character on both sides of 不.
func yesOrNo(s string) bool {
	runes := []rune(s)
	for i := 1; i+1 < len(runes); i++ {
		if runes[i] == '不' && runes[i-1] == runes[i+1] && isHan(runes[i-1]) &&
			!strings.ContainsRune("时动偏差", runes[i-1]) {
			return true
		}
	}
	return false
}

// How an English question opens, after greetings: folded, words by one blank.
var (
	englishHello = regexp.MustCompile(`^((hi|hello|hey|dear|sorry|excuse me|um+|uh|so|and|but|ok|okay|well|please|pls|sir|teacher|professor|prof|miss|everyone|all|guys|` +
		`quick question|question|q|also|btw|by the way|just curious|one more thing|again|then|wait|oh|thanks|thank you|just wondering|good (morning|afternoon|evening))[ ,:-]+)+`)
	englishAsks = regexp.MustCompile(`^(` + strings.Join([]string{
		`what('?s|'?re)? ?(is|are|was|were|do|does|did|about|if|happens?|happened|should|can|could|will|would|has|have|kinds?|types?|sort|time|page|chapter|book|books|software|version|the (difference|point|best|meaning|purpose|deadline|answer|formula|name|link)|exactly|else)\b`,
		`what'?s\b`, `why (is|are|was|were|do|does|did|not|would|can|can't|cannot|could|should|isn't|aren't|don't|doesn't|didn't|won't|has|have|the|we|it|this|that|use)\b`, `why$`,
		`how (do|does|did|is|are|was|were|can|could|should|would|will|to|many|much|long|often|come|about|far|soon|old|big|large|deep|fast|well (do|does|did)|might|has|have)\b`, `how'?s\b`,
		`(when|where) (is|are|was|were|do|does|did|can|could|should|would|will|has|have|to)\b`, `(when|where)'?s (the|my|our|your)\b`,
		`(who|whom|whose) (is|are|was|were|do|does|did|can|could|should|would|will|has|have|wants|else)\b`, `who'?s (the|going|teaching)\b`,
		`which (one|ones|of|is|are|do|does|should|would|book|books|chapter|page|version|method|way|tool|language|type|kind|option|part|formula|product|brand|fund|day|time|exam|software|[a-z]+ (is|are|do|does|should|can|would|will))\b`,
		`(is|are|was|isn't|aren't|wasn't|weren't) (i|you|we|they|he|she|it|there|this|that|these|those|the|a|an|my|our|your|any|anyone|anybody|someone|everyone|everybody|it's)\b`,
		`were (you|we|they|there|these|those|the)\b`, `am i\b`,
		`(do|don't|did|didn't) (i|you|we|they|these|those|he|she|it|people|students|beginners|anyone|anybody|the|this|that|all of|any of)\b`,
		`(does|doesn't) [a-z]`,
		`(can|can't|could|couldn't|will|won't|would|wouldn't|should|shouldn't|shall) (i|you|we|they|he|she|it|this|that|these|those|the|a|an|my|our|your|there|anyone|anybody|someone|somebody|everyone|people|students|beginners|pregnant|u)\b`,
		`(may|might) (i|we|it be)\b`,
		`(have|haven't) (you|we|they|i|the|there)\b`, `(has|hasn't) (anyone|anybody|someone|he|she|it|the|this|that|there|everyone)\b`,
		`any(one|body)( here| else)? (know|knows|got|have|has|tried|understand|understands|can|else)\b`, `any (idea|ideas|chance|tips?|advice|suggestions?|recommendations?|news|update|updates|plans?)\b`,
		`i (was |am |'m )?(just )?(wonder|wondering)\b`, `i'm (just )?wondering\b`, `wondering (if|whether|how|why|what|when|where)\b`,
		`(i have|i've got|got|have) a( quick| small| dumb| stupid| silly)? question\b`, `my question is\b`, `can't we\b`,
	}, "|") + `)`)
	// Openings that ask nothing.
	englishSays = regexp.MustCompile(`^(which (is|was) (why|how|what|where|when)\b|do (the|this|that|it) |did it\b|what (is|was) (said|taught|shown|explained)\b|how (do|does) .* (was|is) (well|clearly|very) |did the (homework|exercise|reading|quiz|test|work|same)s?$|will do\b|can do\b|what if .*\bis (covered|explained))`)
	englishTag  = regexp.MustCompile(`, ?(isn't it|aren't they|aren't we|don't you|don't we|doesn't it|didn't it|can't we|can't you|won't it|is it|are they|does it|do you)$`)
)

func asksInEnglish(s string) bool {
	s = strings.Trim(s, " \"'([-")
	s = strings.TrimRightFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	s = begin(s, 400)
	s = englishHello.ReplaceAllString(s, "")
	return !englishSays.MatchString(s) && englishAsks.MatchString(s) || englishTag.MatchString(s)
}

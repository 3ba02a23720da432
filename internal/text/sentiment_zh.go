package text

import "strings"

var (
	chineseNot = set(`不 没 没有 别 不是 不会 不要 不能 不够 并不 并非 毫无 无 未 非 从不 从没 绝不 绝非 没那么 不那么 不算 没觉得 不觉得 不感 谈不上 称不上 算不上 没啥 没什么 不再`)
	// Adverbs of degree multiply the next weight.
	chineseDegree = map[string]float64{
		"太": 1.5, "很": 1.25, "非常": 1.5, "特别": 1.4, "超": 1.5, "超级": 1.6, "极": 1.6, "极其": 1.7, "最": 1.6, "真": 1.3, "真的": 1.2, "真是": 1.2,
		"好": 1.3, "挺": 1.1, "十分": 1.4, "相当": 1.3, "尤其": 1.3, "巨": 1.5, "贼": 1.5, "完全": 1.4, "简直": 1.4, "实在": 1.3, "真心": 1.4, "无比": 1.6,
		"格外": 1.3, "更": 1.2, "更加": 1.2, "如此": 1.2, "这么": 1.2, "那么": 1.1, "多么": 1.3, "一直": 1.1, "总是": 1.2, "老是": 1.2, "绝对": 1.4, "不是一般的": 1.6,
		"有点": 0.7, "有些": 0.7, "稍": 0.6, "稍微": 0.6, "略": 0.6, "略微": 0.6, "比较": 0.9, "还算": 0.7, "还": 0.9, "一点": 0.8, "有一点": 0.7, "些许": 0.6, "不太": -0.6, "不大": -0.6, "不怎么": -0.7, "不是很": -0.6, "没多": -0.6, "不那么": -0.6, "不够": -0.8,
	}
	// After 太 and the like each of these is a complaint, alone it is none.
	chineseMeasure = set(`快 慢 大 小 多 少 长 短 高 低 远 近 早 晚 急 重 轻 吵 暗 亮 厚 薄 干 油 深 浅 久 热 冷 贵 难 简单 抽象 理论 啰嗦 复杂`)
	chineseTooMuch = set(`太 过于 过 有点 有些 好 太过 实在太`)
	chineseBut     = set(`但 但是 可是 不过 然而 却 只是 就是 可惜 结果 反而 谁知 后来`)
)

// maxReach is how many unknown characters may stand between a negation or an
// adverb and the word that it goes with.
const maxReach = 5

// feelChinese adds what a stretch of Chinese shows: the longest known words
// from left to right, each with the negations and adverbs before it.
func feelChinese(s string, m *mood) {
	runes := []rune(simplifyRun(s))
	var c clause
	for i := 0; i < len(runes); {
		r := runes[i]
		if !isHan(r) {
			switch {
			case strings.ContainsRune(",.;!?，。；！？、…~\n", r):
				c = clause{}
			case emoji[r] != 0:
				m.add(emoji[r])
			}
			i++
			continue
		}
		n := c.word(runes[i:], m)
		i += n
	}
}

// clause is what waits for the word that it goes with.
type clause struct {
	not     int
	degree  float64 // 0: none
	tooMuch bool
	reach   int // unknown characters since
}

func (c *clause) forget() { *c = clause{} }

// word takes the longest known word at the beginning of runes and returns its
// length.
func (c *clause) word(runes []rune, m *mood) int {
	l := chineseLexicon()
	for n := min(l.longest, len(runes)); n > 0; n-- {
		w := string(runes[:n])
		if chineseBut[w] {
			m.but()
			c.forget()
			return n
		}
		next := ""
		if n < len(runes) && isHan(runes[n]) {
			next = string(runes[n])
		}
		// 好 before another word of feeling is "very"; alone it is "good".
		if d, known := chineseDegree[w]; known && (w != "好" || next != "" && c.opens(l, runes[n:])) {
			c.degree = d * orOne(c.degree)
			c.tooMuch, c.reach = c.tooMuch || chineseTooMuch[w], 0
			return n
		}
		if c.tooMuch && c.reach == 0 && chineseMeasure[w] && (c.degree > 1 || l.weight[w] != 0) && l.weight[w] <= 1.3 {
			c.say(-1.6, m)
			return n
		}
		if weight, known := l.weight[w]; known {
			if weight != 0 {
				c.say(weight, m)
			}
			return n
		}
		if chineseNot[w] {
			c.not++
			c.reach = 0
			return n
		}
	}
	if c.reach++; c.reach > maxReach {
		c.forget()
	}
	return 1
}

// opens reports whether a word of feeling or measure begins runes.
func (c *clause) opens(l *lexicon, runes []rune) bool {
	for n := min(3, len(runes)); n > 0; n-- {
		w := string(runes[:n])
		if l.weight[w] != 0 || chineseMeasure[w] {
			return true
		}
	}
	return false
}

func (c *clause) say(weight float64, m *mood) {
	weight *= orOne(c.degree)
	if c.not%2 == 1 {
		if weight *= denied; c.degree > 1 {
			weight *= 0.8 // not very good is less than not good
		}
	}
	m.add(weight)
	c.forget() // the next word of feeling needs its own
}

func orOne(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}

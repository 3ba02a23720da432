package recommend

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reason says why an item is suggested. Code is for programs; Text is for
// the person.
type Reason struct {
	Code    ReasonCode
	Title   string // of the item that it follows from, for the codes that have one
	Tag     string // the topic, for same_topic
	Author  string // for same_author
	Minutes int    // until it begins, for starts_soon
}

// ReasonCode is what kind of reason it is.
type ReasonCode string

// The reasons.
const (
	BecauseWatched ReasonCode = "because_watched" // others who wanted Title, which this person had, want it
	PeopleAlso     ReasonCode = "people_also"     // others of this class, Title, want it
	SameTopic      ReasonCode = "same_topic"      // it is about Tag
	SameAuthor     ReasonCode = "same_author"     // it is by Author
	Similar        ReasonCode = "similar"         // it reads like Title
	PopularNow     ReasonCode = "popular_now"     // many want it these hours
	Popular        ReasonCode = "popular"         // many have wanted it
	LiveNow        ReasonCode = "live_now"        // it is on air
	StartsSoon     ReasonCode = "starts_soon"     // it begins in Minutes
	NewHere        ReasonCode = "new"             // it has just come in
	Discover       ReasonCode = "discover"        // something else for once
)

// Text is the reason in words, in Chinese for a language that begins with
// "zh" and in English otherwise.
func (r Reason) Text(lang string) string {
	text := reasonTexts[r.Code]
	i := 0
	if strings.HasPrefix(strings.ToLower(lang), "zh") {
		i = 1
	}
	if r.Code == StartsSoon && r.Minutes >= 100 {
		text = [2]string{"Starts in {hours} hours", "{hours} 小时后开始"}
	}
	return strings.NewReplacer(
		"{title}", r.Title, "{tag}", r.Tag, "{author}", r.Author,
		"{minutes}", strconv.Itoa(r.Minutes), "{hours}", strconv.Itoa((r.Minutes+30)/60),
	).Replace(text[i])
}

var reasonTexts = map[ReasonCode][2]string{
	BecauseWatched: {"Because you liked “{title}”", "因为你喜欢《{title}》"},
	PeopleAlso:     {"People in “{title}” also like this", "《{title}》的同学也喜欢"},
	SameTopic:      {"More about {tag}", "更多关于“{tag}”的内容"},
	SameAuthor:     {"Also by {author}", "同样来自 {author}"},
	Similar:        {"Similar to “{title}”", "与《{title}》相似"},
	PopularNow:     {"Popular right now", "正在热门"},
	Popular:        {"A favourite here", "大家都喜欢"},
	LiveNow:        {"Live now", "正在直播"},
	StartsSoon:     {"Starts in {minutes} min", "{minutes} 分钟后开始"},
	NewHere:        {"New here", "新上线"},
	Discover:       {"Something different for you", "换个口味试试"},
}

// reason finds what spoke most for the pick: the group of features that lifts
// it furthest above the mean of all candidates and that can name its ground.
func (e *Engine) reason(q *query, p pick, means []float32) Reason {
	it := &e.entries[p.item]
	if p.explored > 0 {
		if e.isNew(q, it) {
			return Reason{Code: NewHere}
		}
		return Reason{Code: Discover}
	}
	var lift [groups]float64
	sets := setsOf(q)
	for i, f := range e.blend.features {
		lift[f.group] += e.blend.weight(i, sets) * float64(q.columns[i][p.place]-means[i])
	}
	order := []group{byNeighbours, byContent, byTime, byPopularity}
	slices.SortStableFunc(order, func(a, b group) int {
		switch {
		case lift[a] > lift[b]:
			return -1
		case lift[a] < lift[b]:
			return 1
		}
		return 0
	})
	for _, g := range order {
		if lift[g] <= 0 {
			break
		}
		if r, ok := e.ground(q, p, it, g); ok {
			return r
		}
	}
	for _, g := range []group{byTime, byPopularity} { // nothing stood out: say what is true
		if r, ok := e.ground(q, p, it, g); ok {
			return r
		}
	}
	return Reason{Code: Discover}
}

// ground puts a group's case for the pick in a reason, if it has one.
func (e *Engine) ground(q *query, p pick, it *entry, g group) (Reason, bool) {
	switch g {
	case byNeighbours:
		k, ok := e.near.because(q, p.item)
		title := ""
		if ok {
			title = e.entries[k.item].Title
		}
		switch {
		case title == "":
			return Reason{}, false
		case k.inRoom:
			return Reason{Code: PeopleAlso, Title: title}, true
		}
		return Reason{Code: BecauseWatched, Title: title}, true
	case byContent:
		return e.contentGround(q, p.item, it)
	case byTime:
		if it.Kind == Session && it.phase == PhaseLive {
			return Reason{Code: LiveNow}, true
		}
		minute := int64(time.Minute / time.Millisecond)
		if wait := int64(it.Starts - q.now); it.Kind == Session && wait > 0 && wait < 24*60*minute {
			return Reason{Code: StartsSoon, Minutes: int((wait + minute - 1) / minute)}, true
		}
		return Reason{Code: NewHere}, e.isNew(q, it)
	case byPopularity:
		for clock := range e.popular.clocks {
			n := e.popular.count(clock, p.item, q.now)
			if n < 1 {
				continue
			}
			if time.Duration(e.popular.clocks[clock].half)*time.Millisecond <= 24*time.Hour {
				return Reason{Code: PopularNow}, true
			}
			return Reason{Code: Popular}, true
		}
	}
	return Reason{}, false
}

func (e *Engine) contentGround(q *query, item ref, it *entry) (Reason, bool) {
	if tag, ok := e.content.because(q, item, &it.Item); ok {
		return Reason{Code: SameTopic, Tag: tag}, true
	}
	var best known
	most := 0.0
	for i, k := range q.context {
		if i == topicBack {
			break
		}
		if alike := e.content.alike(k.item, item); alike >= similarFrom && alike*float64(k.weight) > most {
			best, most = k, alike*float64(k.weight)
		}
	}
	if most > 0 && e.entries[best.item].Title != "" {
		return Reason{Code: Similar, Title: e.entries[best.item].Title}, true
	}
	for _, k := range q.context {
		if it.Author != "" && e.entries[k.item].Author == it.Author {
			return Reason{Code: SameAuthor, Author: it.Author}, true
		}
	}
	return Reason{}, false
}

// similarFrom is the likeness, 0 to 1, below which nobody would call two items
// similar.
const similarFrom = 0.15

// isNew reports whether the item came in within the last week.
func (e *Engine) isNew(q *query, it *entry) bool {
	const week = 7 * 24 * time.Hour / time.Millisecond
	return it.Created > 0 && it.Created <= q.now && int64(q.now-it.Created) < int64(week)
}

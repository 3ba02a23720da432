package survey

import (
	"cmp"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of a result. While a survey is open the staff gets it up to five times
// a second; what is shown afterwards comes with everybody's welcome. The staff
// reads all of the words page by page: see [State.Page].
const (
	MaxTexts    = 50       // answers in people's own words, of one item
	openBytes   = 8 << 10  // of those of all items together, as long as the survey is open
	closedBytes = 32 << 10 // and afterwards
)

// Result is what came out of a survey.
type Result struct {
	N     int          `json:"n"` // people who have answered
	Items []ItemResult `json:"items"`
}

// ItemResult is what came out of one item.
type ItemResult struct {
	N int `json:"n"` // people who have answered this item

	// Numbers; the means are absent as long as nobody has answered.
	Mean      *float64 `json:"mean,omitzero"`
	Median    *float64 `json:"median,omitzero"`
	Histogram []int    `json:"histogram,omitzero"` // from the lowest number on

	// NPS: the share of promoters (9, 10) less that of detractors (0 to 6), −100 to 100.
	NPS        *float64 `json:"nps,omitzero"`
	Promoters  int      `json:"promoters,omitzero"`
	Passives   int      `json:"passives,omitzero"`
	Detractors int      `json:"detractors,omitzero"`

	Counts []int    `json:"counts,omitzero"` // of each choice
	Texts  []string `json:"texts,omitzero"`  // some; see order
}

// outcome returns the result of the answers as they are. It must not be changed.
func (p *Survey) outcome() *Result {
	if p.result == nil {
		r := &Result{N: len(p.Answers), Items: make([]ItemResult, len(p.Items))}
		for i, item := range p.Items {
			r.Items[i] = p.item(i, item)
		}
		p.result = r
	}
	return p.result
}

// signed are answers with the name that they are kept under.
type signed struct {
	name wire.UserID
	Answers
}

// order puts the newest answers first, and those of an anonymous survey in the
// order of the hashes, which tells nothing.
func (p *Survey) order(a, b signed) int {
	if p.Anonymous {
		return cmp.Compare(a.name, b.name)
	}
	return cmp.Compare(b.Seq, a.Seq)
}

// first returns the answers to an item of words that come first, at most
// [MaxTexts], and says how many there are in all.
func (p *Survey) first(i int) (said []signed, n int) {
	for name, a := range p.Answers {
		if a.Given[i].Text.Text == "" { // none, or its author has been forgotten
			continue
		}
		n++
		this := signed{name, a}
		if len(said) == MaxTexts {
			if p.order(this, said[MaxTexts-1]) > 0 {
				continue // as nearly all, when there are thousands
			}
			said = said[:MaxTexts-1]
		}
		at, _ := slices.BinarySearchFunc(said, this, p.order)
		said = slices.Insert(said, at, this)
	}
	return said, n
}

func (p *Survey) item(i int, item Item) ItemResult {
	var r ItemResult
	switch low, high, number := item.Type.span(); {
	case number:
		r.Histogram = make([]int, high-low+1)
		for _, a := range p.Answers {
			if v := a.Given[i].Value; v != nil {
				r.Histogram[*v-low]++
				r.N++
			}
		}
		r.sum(low)
		if item.Type == NPS {
			r.recommend()
		}
	case item.Type == Choice:
		r.Counts = make([]int, len(item.Choices))
		for _, a := range p.Answers {
			for _, choice := range a.Given[i].Choices {
				r.Counts[choice]++
			}
			if len(a.Given[i].Choices) > 0 {
				r.N++
			}
		}
	default:
		var said []signed
		said, r.N = p.first(i)
		bytes, most := 0, p.share()
		for _, a := range said {
			text := a.Given[i].Text.Text
			if bytes += len(text); bytes > most && len(r.Texts) > 0 { // one may always be shown
				break
			}
			r.Texts = append(r.Texts, text)
		}
	}
	return r
}

// share is how many bytes of words each item may show.
func (p *Survey) share() int {
	items := 0
	for _, item := range p.Items {
		if item.Type == Text {
			items++
		}
	}
	if p.Phase == PhaseOpen {
		return openBytes / items
	}
	return closedBytes / items
}

// sum finds mean and median of the numbers in the histogram, which begins at low.
func (r *ItemResult) sum(low int) {
	if r.N == 0 {
		return
	}
	total := 0
	for i, n := range r.Histogram {
		total += n * (low + i)
	}
	at := func(place int) float64 { // of all numbers in their order
		for i, n := range r.Histogram {
			if place -= n; place < 0 {
				return float64(low + i)
			}
		}
		panic("survey: no such place")
	}
	mean := float64(total) / float64(r.N)
	median := (at((r.N-1)/2) + at(r.N/2)) / 2
	r.Mean, r.Median = &mean, &median
}

// recommend finds who recommends and who does not, of numbers from 0 to 10.
func (r *ItemResult) recommend() {
	for value, n := range r.Histogram {
		switch {
		case value >= 9:
			r.Promoters += n
		case value >= 7:
			r.Passives += n
		default:
			r.Detractors += n
		}
	}
	if r.N > 0 {
		score := 100 * float64(r.Promoters-r.Detractors) / float64(r.N)
		r.NPS = &score
	}
}

// figures is the result without what people wrote.
func (r *Result) figures() *Result {
	bare := &Result{N: r.N, Items: slices.Clone(r.Items)}
	for i := range bare.Items {
		bare.Items[i].Texts = nil
	}
	return bare
}

// TextsPage is a page of what people wrote.
type TextsPage struct {
	Texts []string `json:"texts"`
	Next  int      `json:"next"` // for the next page; 0: this is the last
}

// Page answers a query of the staff's for what people wrote to an item.
func (s *State) Page(c Texts) (TextsPage, error) {
	p := s.Surveys[c.Survey]
	switch {
	case p == nil:
		return TextsPage{}, wire.ErrNotFound.In("survey")
	case p.Phase == PhaseDraft:
		return TextsPage{}, ErrClosed
	case !p.known():
		return TextsPage{}, ErrOpen
	case c.Item < 0 || c.Item >= len(p.Items) || p.Items[c.Item].Type != Text:
		return TextsPage{}, wire.ErrField.In("item")
	case c.After < 0:
		return TextsPage{}, wire.ErrField.In("after")
	}
	page := TextsPage{Texts: []string{}}
	read := 0
	all := make([]signed, 0, len(p.Answers))
	for name, a := range p.Answers {
		all = append(all, signed{name, a})
	}
	slices.SortFunc(all, p.order)
	for _, a := range all {
		text := a.Given[c.Item].Text.Text
		if text == "" {
			continue
		}
		if read++; read <= c.After {
			continue
		}
		if len(page.Texts) == MaxTexts {
			page.Next = c.After + MaxTexts
			break
		}
		page.Texts = append(page.Texts, text)
	}
	return page, nil
}

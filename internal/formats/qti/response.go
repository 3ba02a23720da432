package qti

import (
	"errors"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
)

var errNoCorrect = errors.New("it has no correct answer")

// response is a response declaration: what is right, and what it is worth.
type response struct {
	id, cardinality, baseType string
	correct                   []string
	mapped                    []mapEntry
}

type mapEntry struct {
	key   string
	value float64
}

func (p *itemParser) declarations() {
	for _, d := range p.n.All("responseDeclaration") {
		r := &response{id: d.Attr("identifier"), cardinality: d.Attr("cardinality"), baseType: d.Attr("baseType")}
		for _, v := range d.Child("correctResponse").All("value") {
			r.correct = append(r.correct, strings.TrimSpace(v.Content()))
		}
		for _, e := range d.Child("mapping").All("mapEntry") {
			if v, err := strconv.ParseFloat(e.Attr("mappedValue"), 64); err == nil {
				r.mapped = append(r.mapped, mapEntry{strings.TrimSpace(e.Attr("mapKey")), v})
			}
		}
		p.responses[r.id] = r
	}
	for _, d := range p.n.All("outcomeDeclaration") {
		switch d.Attr("identifier") {
		case "SCORE":
			if v, err := strconv.ParseFloat(d.Attr("normalMaximum"), 64); err == nil && v > 0 {
				p.most = v
			}
		case "MAXSCORE":
			v, err := strconv.ParseFloat(strings.TrimSpace(d.Child("defaultValue").Content()), 64)
			if err == nil && v > 0 && p.most == 0 {
				p.most = v
			}
		}
	}
	p.rules = p.n.Child("responseProcessing")
}

func (p *itemParser) response(n *bounded.Node) *response {
	if r := p.responses[n.Attr("responseIdentifier")]; r != nil {
		return r
	}
	return &response{}
}

// mapping says whether answers are worth what the mapping says, rather than
// all or nothing.
func (p *itemParser) mapping(r *response) bool {
	if len(r.mapped) == 0 {
		return false
	}
	if len(r.correct) == 0 {
		return true
	}
	if p.rules == nil {
		return false
	}
	for _, m := range p.rules.Find("mapResponse") {
		if m.Attr("identifier") == r.id {
			return true
		}
	}
	return strings.Contains(p.rules.Attr("template"), "map_response")
}

// weights is what each answer is worth, in percent of the greatest score.
func (p *itemParser) weights(r *response, single bool) map[string]float64 {
	out := map[string]float64{}
	if !p.mapping(r) {
		for _, c := range r.correct {
			if out[c] = 100; !single {
				out[c] = bank.Share(len(r.correct))
			}
		}
		return out
	}
	most := p.most
	if most == 0 {
		for _, e := range r.mapped {
			if single {
				most = max(most, e.value)
			} else if e.value > 0 {
				most += e.value
			}
		}
	}
	for _, e := range r.mapped {
		if most > 0 {
			out[e.key] = min(100, max(-100, bank.Weight(100*e.value/most)))
		}
	}
	return out
}

// keys is all answers that are known, in their order.
func (r *response) keys() []string {
	var out []string
	seen := map[string]bool{}
	add := func(k string) {
		if !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	for _, e := range r.mapped {
		add(e.key)
	}
	for _, c := range r.correct {
		add(c)
	}
	return out
}

// right is the answers that are worth most.
func (r *response) right() []string {
	var best []string
	most := 0.0
	for _, e := range r.mapped {
		if e.value > most {
			best, most = nil, e.value
		}
		if e.value > 0 && e.value == most {
			best = append(best, e.key)
		}
	}
	if len(best) == 0 {
		return r.correct
	}
	return best
}

// pairs is the right pairs of identifiers.
func (r *response) pairs() [][2]string {
	values := r.correct
	if len(values) == 0 {
		for _, e := range r.mapped {
			if e.value > 0 {
				values = append(values, e.key)
			}
		}
	}
	var out [][2]string
	for _, v := range values {
		if f := strings.Fields(v); len(f) == 2 {
			out = append(out, [2]string{f[0], f[1]})
		}
	}
	return out
}

// ranges reads the numbers that the scoring rules compare an answer with.
func (p *itemParser) ranges(r *response) ([]bank.Range, error) {
	var out []bank.Range
	var fault error
	p.rules.Walk(func(n *bounded.Node) bool {
		if n.Name != "responseIf" && n.Name != "responseElseIf" {
			return true
		}
		w := p.earned(n)
		for _, c := range n.Children {
			if c.Name == "" || c.Name == "setOutcomeValue" || c.Name == "responseCondition" {
				continue
			}
			found, err := compared(c, r)
			if err != nil {
				fault = err
			}
			for _, f := range found {
				if f.Weight = w; w > 0 {
					out = append(out, f)
				}
			}
		}
		return true
	})
	return out, fault
}

// earned is what a condition sets the score to, in percent; everything where
// it does not say in numbers.
func (p *itemParser) earned(n *bounded.Node) float64 {
	for _, s := range n.All("setOutcomeValue") {
		if s.Attr("identifier") != "SCORE" {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(s.Child("baseValue").Content()), 64)
		if err != nil {
			return 100
		}
		most := p.most
		if most == 0 {
			most = max(v, 1)
		}
		return min(100, bank.Weight(100*v/most))
	}
	return 100
}

// compared is the numbers for which a condition holds.
func compared(n *bounded.Node, r *response) ([]bank.Range, error) {
	value := func() string {
		if b := n.Child("baseValue"); b != nil {
			return strings.TrimSpace(b.Content())
		}
		if len(r.correct) > 0 {
			return r.correct[0]
		}
		return ""
	}
	one := func(number, tolerance string) ([]bank.Range, error) {
		if number == "" {
			return nil, nil
		}
		out, err := bank.Around(number, tolerance)
		return []bank.Range{out}, err
	}
	switch n.Name {
	case "match":
		return one(value(), "")
	case "equal":
		tolerance := strings.Fields(n.Attr("tolerance"))
		switch mode := n.Attr("toleranceMode"); {
		case mode == "" || mode == "exact" || len(tolerance) == 0:
			return one(value(), "")
		case mode == "relative":
			return relative(value(), tolerance)
		case len(tolerance) == 1 || tolerance[0] == tolerance[1]:
			return one(value(), tolerance[0])
		default:
			low, err := bank.Around(value(), tolerance[0])
			if err != nil {
				return nil, err
			}
			high, err := bank.Around(value(), tolerance[1])
			return []bank.Range{{Min: low.Min, Max: high.Max}}, err
		}
	case "equalRounded":
		figures, err := strconv.Atoi(n.Attr("figures"))
		if n.Attr("roundingMode") != "decimalPlaces" || err != nil || figures < 0 || figures > 30 {
			return nil, errors.New("it compares significant figures, which is not supported")
		}
		return one(value(), "5e-"+strconv.Itoa(figures+1))
	case "and":
		return bounds(n)
	case "or":
		var out []bank.Range
		for _, c := range n.Children {
			found, err := compared(c, r)
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
		return out, nil
	}
	return nil, nil
}

func relative(number string, tolerance []string) ([]bank.Range, error) {
	v, err := bank.Number(number)
	if err != nil {
		return nil, err
	}
	low, err := bank.Number(tolerance[0])
	if err != nil {
		return nil, err
	}
	high, err := bank.Number(tolerance[len(tolerance)-1])
	a, b := v*(1-low/100), v*(1+high/100)
	return []bank.Range{{Min: min(a, b), Max: max(a, b)}}, err
}

// bounds reads an answer that is at least one number and at most another.
func bounds(n *bounded.Node) ([]bank.Range, error) {
	low, high := "", ""
	for _, c := range n.Children {
		switch number := strings.TrimSpace(c.Child("baseValue").Content()); c.Name {
		case "gte", "gt":
			low = number
		case "lte", "lt":
			high = number
		}
	}
	if low == "" || high == "" {
		return nil, nil
	}
	r, err := bank.Between(low, high)
	return []bank.Range{r}, err
}

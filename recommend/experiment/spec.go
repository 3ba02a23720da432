package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Spec says what an experiment compares. As text it is
//
//	variety layer=lists share=0..0.5 window=24h effect=0.2 | control | varied:2 diversity=0.4
//
// its name and options, and then its arms, the control first: each with its
// weight (1 if none is given) and what it sets. The options:
//
//	layer       experiments of one layer have no person in common if their shares do not meet
//	share       the part of the people of its layer who take part, 0 to 1
//	window      how long after a person came in what they do counts
//	effect      the relative effect on purchases that it is planned for
//	interleave  both arms' rankings are drafted into one list
type Spec struct {
	Name       string
	Layer      string
	From, To   float64
	Window     time.Duration
	Effect     float64
	Interleave bool
	Arms       []Arm
}

// Arm is one way of being served.
type Arm struct {
	Name   string
	Weight float64
	Set    map[string]string // what it changes, in the words of whoever serves
}

const (
	maxArms   = 8
	maxWindow = 90 * 24 * time.Hour
)

// UnmarshalText reads a spec.
func (s *Spec) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), "|")
	words := strings.Fields(parts[0])
	if len(words) == 0 {
		return errors.New("an experiment needs a name")
	}
	out := Spec{Name: words[0], To: 1, Window: 24 * time.Hour, Effect: 0.2}
	for _, word := range words[1:] {
		if err := out.option(word); err != nil {
			return err
		}
	}
	for _, part := range parts[1:] {
		arm, err := armOf(part)
		if err != nil {
			return err
		}
		out.Arms = append(out.Arms, arm)
	}
	if err := out.Check(); err != nil {
		return err
	}
	*s = out
	return nil
}

func (s *Spec) option(word string) (err error) {
	name, value, given := strings.Cut(word, "=")
	switch {
	case name == "interleave" && !given:
		s.Interleave = true
	case name == "layer" && value != "":
		s.Layer = value
	case name == "share":
		from, to, ok := strings.Cut(value, "..")
		if s.From, err = strconv.ParseFloat(from, 64); err == nil && ok {
			s.To, err = strconv.ParseFloat(to, 64)
		}
		if err != nil || !ok {
			return fmt.Errorf("share=%s: want two numbers such as 0..0.5", value)
		}
	case name == "window":
		if s.Window, err = time.ParseDuration(value); err != nil {
			return fmt.Errorf("window=%s: want a duration such as 24h", value)
		}
	case name == "effect":
		if s.Effect, err = strconv.ParseFloat(value, 64); err != nil {
			return fmt.Errorf("effect=%s: want a number such as 0.2", value)
		}
	default:
		return fmt.Errorf("there is no option %q", word)
	}
	return nil
}

func armOf(part string) (Arm, error) {
	words := strings.Fields(part)
	if len(words) == 0 {
		return Arm{}, errors.New("an arm needs a name")
	}
	name, weight, given := strings.Cut(words[0], ":")
	arm := Arm{Name: name, Weight: 1, Set: map[string]string{}}
	if given {
		var err error
		if arm.Weight, err = strconv.ParseFloat(weight, 64); err != nil {
			return arm, fmt.Errorf("arm %s: weight %q is not a number", name, weight)
		}
	}
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, "=")
		if _, twice := arm.Set[key]; !ok || value == "" || twice {
			return arm, fmt.Errorf("arm %s: want name=value, once each, not %q", name, word)
		}
		arm.Set[key] = value
	}
	return arm, nil
}

// MarshalText writes a spec as UnmarshalText reads it.
func (s Spec) MarshalText() ([]byte, error) {
	var b strings.Builder
	b.WriteString(s.Name)
	if s.Layer != "" {
		fmt.Fprintf(&b, " layer=%s", s.Layer)
	}
	if s.From != 0 || s.To != 1 {
		fmt.Fprintf(&b, " share=%v..%v", s.From, s.To)
	}
	fmt.Fprintf(&b, " window=%v effect=%v", s.Window, s.Effect)
	if s.Interleave {
		b.WriteString(" interleave")
	}
	for _, a := range s.Arms {
		fmt.Fprintf(&b, " | %s:%v", a.Name, a.Weight)
		keys := make([]string, 0, len(a.Set))
		for k := range a.Set {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			fmt.Fprintf(&b, " %s=%s", k, a.Set[k])
		}
	}
	return []byte(b.String()), nil
}

// Check says what is wrong with a spec.
func (s Spec) Check() error {
	switch {
	case !named(s.Name):
		return fmt.Errorf("name %q: want 1 to 40 of a-z, 0-9, '-' and '_'", s.Name)
	case s.Layer != "" && !named(s.Layer):
		return fmt.Errorf("%s: layer %q: want 1 to 40 of a-z, 0-9, '-' and '_'", s.Name, s.Layer)
	case !(0 <= s.From && s.From < s.To && s.To <= 1):
		return fmt.Errorf("%s: share %v..%v is not a part of 0..1", s.Name, s.From, s.To)
	case s.Window < time.Minute || s.Window > maxWindow:
		return fmt.Errorf("%s: window %v: want 1m to %v", s.Name, s.Window, maxWindow)
	case !(0.01 <= s.Effect && s.Effect <= 10):
		return fmt.Errorf("%s: effect %v: want 0.01 to 10", s.Name, s.Effect)
	case len(s.Arms) < 2 || len(s.Arms) > maxArms:
		return fmt.Errorf("%s: want 2 to %d arms", s.Name, maxArms)
	case s.Interleave && len(s.Arms) != 2:
		return fmt.Errorf("%s: two arms are interleaved, not %d", s.Name, len(s.Arms))
	}
	for i, a := range s.Arms {
		switch {
		case !named(a.Name):
			return fmt.Errorf("%s: arm %q: want 1 to 40 of a-z, 0-9, '-' and '_'", s.Name, a.Name)
		case !(0.001 <= a.Weight && a.Weight <= 1000):
			return fmt.Errorf("%s: arm %s: weight %v: want 0.001 to 1000", s.Name, a.Name, a.Weight)
		case s.Interleave && a.Weight != s.Arms[0].Weight:
			return fmt.Errorf("%s: interleaved arms are of one weight", s.Name)
		case slices.IndexFunc(s.Arms, func(other Arm) bool { return other.Name == a.Name }) != i:
			return fmt.Errorf("%s: there are two arms %s", s.Name, a.Name)
		}
	}
	return nil
}

// CheckAll says what is wrong with several specs together: two of one name, or
// two of one layer that would share people.
func CheckAll(specs []Spec) error {
	for i, s := range specs {
		if err := s.Check(); err != nil {
			return err
		}
		for _, other := range specs[:i] {
			if other.Name == s.Name {
				return fmt.Errorf("there are two experiments %s", s.Name)
			}
			if s.Layer != "" && other.Layer == s.Layer && s.From < other.To && other.From < s.To {
				return fmt.Errorf("%s and %s have people of layer %s in common", other.Name, s.Name, s.Layer)
			}
		}
	}
	return nil
}

func named(s string) bool {
	if len(s) == 0 || len(s) > 40 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Assign returns the arm of a person, or false if they do not take part. It
// depends on the names, weights and shares alone. Layers are those of Tang,
// Agarwal, O'Brien and Meyer (KDD 2010): who is where in one says nothing of
// where they are in another.
func (s Spec) Assign(person wire.UserID) (arm int, part bool) {
	layer := s.Layer
	if layer == "" {
		layer = "of " + s.Name
	}
	if at := place("layer", layer, person); at < s.From || at >= s.To {
		return 0, false
	}
	at := place("experiment", s.Name, person) * s.total()
	for i, a := range s.Arms {
		if at -= a.Weight; at < 0 {
			return i, true
		}
	}
	return len(s.Arms) - 1, true // by rounding
}

func (s Spec) total() (sum float64) {
	for _, a := range s.Arms {
		sum += a.Weight
	}
	return sum
}

// arm returns the place of an arm by its name.
func (s Spec) arm(name string) (int, bool) {
	i := slices.IndexFunc(s.Arms, func(a Arm) bool { return a.Name == name })
	return i, i >= 0
}

// place is where a person lies on a salted scale from 0 to 1.
func place(what, salt string, person wire.UserID) float64 {
	h := sha256.New()
	for _, part := range []string{what, salt, string(person)} {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return float64(binary.BigEndian.Uint64(h.Sum(nil))>>11) / float64(1<<53)
}

// logBeta is the logarithm of the beta function.
func logBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

package bot

import (
	"fmt"
	"math/rand/v2"
)

// Persona is what makes a student who they are.
type Persona struct {
	Name    string
	Lang    string  // en or zh-CN
	Skill   float64 // how likely they are to know an answer
	Chatty  float64 // how much they write, around 1
	Curious float64 // how much they ask and vote on questions, around 1
	Taste   uint64  // decides what they prefer in a poll
}

// personas makes n people from a seed. No two have the same name.
func (s *script) personas(n int, seed uint64) []Persona {
	rng := rand.New(rand.NewPCG(seed, 0x9e09))
	taken := map[string]bool{s.Teacher: true}
	people := make([]Persona, n)
	for i := range people {
		p := Persona{
			Lang:    langEN,
			Skill:   0.35 + 0.6*rng.Float64(),
			Chatty:  0.3 + 1.4*rng.Float64(),
			Curious: 0.3 + 1.4*rng.Float64(),
			Taste:   rng.Uint64(),
		}
		if rng.Float64() < 0.35 {
			p.Lang = langZH
		}
		for p.Name = s.name(rng, p.Lang); taken[p.Name]; p.Name = s.name(rng, p.Lang) {
			if i > len(s.Names.EN.First)*len(s.Names.ZH.First)/4 { // names run out in a very large class
				p.Name = fmt.Sprintf("%s %d", p.Name, i)
				break
			}
		}
		taken[p.Name] = true
		people[i] = p
	}
	return people
}

// name makes up a name as people write theirs.
func (s *script) name(rng *rand.Rand, lang string) string {
	if lang == langZH {
		return pick(rng, s.Names.ZH.Last) + pick(rng, s.Names.ZH.First)
	}
	first, last := pick(rng, s.Names.EN.First), pick(rng, s.Names.EN.Last)
	switch style := rng.Float64(); {
	case style < 0.2:
		return first
	case style < 0.45:
		return first + " " + string([]rune(last)[:1]) + "."
	}
	return first + " " + last
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

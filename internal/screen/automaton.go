package screen

import (
	"cmp"
	"slices"
)

// pattern is one word of a list as it is looked for.
type pattern struct {
	marks []mark
	list  int
}

// automaton finds all of many patterns in one pass (Aho and Corasick, Efficient
// String Matching, CACM 18, 1975). It goes by the letters; how often each is
// repeated is compared where a pattern ends.
type automaton struct {
	nodes    []node
	edges    map[edge]int32 // one map for all nodes: most have one way on
	patterns []pattern
}

type node struct {
	parent int32
	r      rune // by which the parent goes here
	depth  int32
	fail   int32   // the longest proper end of this node's letters that begins a pattern
	output int32   // the nearest node by fail at which patterns end; 0: none
	ends   []int32 // patterns that end here
}

type edge struct {
	from int32
	r    rune
}

func newAutomaton() *automaton {
	return &automaton{nodes: make([]node, 1), edges: map[edge]int32{}}
}

func (a *automaton) add(p pattern) {
	at := int32(0)
	for i, m := range p.marks {
		next, ok := a.edges[edge{at, m.r}]
		if !ok {
			next = int32(len(a.nodes))
			a.nodes = append(a.nodes, node{parent: at, r: m.r, depth: int32(i + 1)})
			a.edges[edge{at, m.r}] = next
		}
		at = next
	}
	a.nodes[at].ends = append(a.nodes[at].ends, int32(len(a.patterns)))
	a.patterns = append(a.patterns, p)
}

// link sets where to go on when a letter does not fit. Call it once, after the
// last add.
func (a *automaton) link() {
	order := make([]int32, 0, len(a.nodes))
	for i := range a.nodes[1:] {
		order = append(order, int32(i+1))
	}
	slices.SortFunc(order, func(x, y int32) int { return cmp.Compare(a.nodes[x].depth, a.nodes[y].depth) })
	for _, i := range order {
		n := &a.nodes[i]
		if n.depth == 1 {
			continue
		}
		n.fail = a.step(a.nodes[n.parent].fail, n.r)
		n.output = n.fail
		if len(a.nodes[n.fail].ends) == 0 {
			n.output = a.nodes[n.fail].output
		}
	}
}

func (a *automaton) step(at int32, r rune) int32 {
	for {
		if n, ok := a.edges[edge{at, r}]; ok {
			return n
		}
		if at == 0 {
			return 0
		}
		at = a.nodes[at].fail
	}
}

// find calls found with each pattern that stands in the text, and with the
// marks where it does.
func (a *automaton) find(text []mark, found func(p pattern, at []mark)) {
	if len(a.patterns) == 0 {
		return
	}
	at := int32(0)
	for i, m := range text {
		at = a.step(at, m.r)
		for n := at; n != 0; n = a.nodes[n].output {
			for _, p := range a.nodes[n].ends {
				pattern := a.patterns[p]
				if stands := text[i+1-len(pattern.marks) : i+1]; fits(pattern.marks, stands) {
					found(pattern, stands)
				}
			}
		}
	}
}

// fits compares how often each letter is repeated: as often as in the pattern,
// or drawn out to three and more. "good" is not "god", "gooood" is both. A
// letter at an open end may go on.
func fits(p, t []mark) bool {
	for i := range p {
		switch {
		case t[i].run == p[i].run, t[i].run >= 3 && t[i].run > p[i].run:
		case (i == 0 || i == len(p)-1) && t[i].run > p[i].run && unspaced(p[i].r):
		default:
			return false
		}
	}
	return true
}

package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// meant returns "; did you mean …?" for a key that is not there, or "" if
// nothing is like it. The right name in the wrong section is the likeliest
// slip, then a name with a letter or two changed.
func (t *tree) meant(key string) string {
	keys := append(sortedKeys(t.byKey), sortedKeys(t.sections)...)
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, k := range keys {
		if k != "" && k[strings.LastIndexByte(k, '.')+1:] == last {
			return "; did you mean " + k + "?"
		}
	}
	if near := nearest(key, keys, max(1, min(3, len(last)/3))); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// nearest returns the name that takes the fewest edits to become s, at most
// limit, or "".
func nearest(s string, names []string, limit int) string {
	best := ""
	for _, name := range names {
		if d := edits(s, name); d <= limit && name != "" {
			best, limit = name, d-1
		}
	}
	return best
}

// edits is the least number of letters to add, drop, change or swap with
// their neighbour (optimal string alignment).
func edits(a, b string) int {
	if len(a) > 128 || len(b) > 128 {
		return len(a) + len(b)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

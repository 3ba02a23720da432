package text

import (
	"strings"
	"testing"
)

func TestLexicons(t *testing.T) {
	for name, lines := range map[string]string{"English": englishLines, "Chinese": chineseLines} {
		seen := map[string]bool{}
		for line := range strings.Lines(lines) {
			if line[0] == '#' {
				continue
			}
			for _, w := range strings.Fields(line)[1:] {
				if seen[w] {
					t.Errorf("%s: %s is there twice", name, w)
				}
				seen[w] = true
				if plain := strings.ReplaceAll(w, "_", " "); Fold(plain) != plain {
					t.Errorf("%s: %s is not folded", name, w)
				}
			}
		}
		for w, weight := range readLexicon(lines).weight {
			if weight < -4 || weight > 4 {
				t.Errorf("%s: %s weighs %v", name, w, weight)
			}
		}
	}
}

func TestSynonymsAreUnambiguous(t *testing.T) {
	first := map[string]string{}
	for line := range strings.Lines(synonymLines) {
		if line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		for _, w := range words {
			if was, again := first[w]; again && was != words[0] {
				t.Errorf("%s stands for %s and for %s", w, was, words[0])
			}
			first[w] = words[0]
		}
	}
}

package text_test

import (
	"bufio"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/text"
)

// labelled reads lines of fields that are separated by tabs.
func labelled(tb testing.TB, file string) [][]string {
	tb.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var rows [][]string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		rows = append(rows, strings.Split(lines.Text(), "\t"))
	}
	return rows
}

func side(score float64) string {
	switch {
	case score > text.Neutral:
		return "+"
	case score < -text.Neutral:
		return "-"
	}
	return "0"
}

// The lexicons were written with the 400 comments in sight, so these only
// guard what is reached. The fresh ones were written afterwards, most of them
// without a plain word of feeling ("the hour flew by"), and changed nothing of
// rules and lexicons: a lexicon is silent on most of these, and what counts is
// that it is seldom wrong when it speaks.
func TestSentimentOfLabelledComments(t *testing.T) {
	for _, tt := range []struct {
		file   string
		right  float64 // least share of all
		spoken float64 // least share of those that are not judged neutral
	}{
		{"comments_en.tsv", 0.95, 0.95},
		{"comments_zh.tsv", 0.95, 0.95},
		{"fresh_en.tsv", 0.3, 0.8},
		{"fresh_zh.tsv", 0.3, 0.8},
	} {
		t.Run(tt.file, func(t *testing.T) {
			right, spoken, spokenRight := 0, 0, 0
			rows := labelled(t, tt.file)
			mistaken := map[string]int{}
			for _, row := range rows {
				score, _ := text.Sentiment(row[1])
				got := side(score)
				if got != "0" {
					spoken++
				}
				if got != row[0] {
					mistaken[row[0]+" as "+got]++
					continue
				}
				if right++; got != "0" {
					spokenRight++
				}
			}
			all, said := float64(right)/float64(len(rows)), float64(spokenRight)/float64(spoken)
			t.Logf("%d of %d right (%.3f), %d of %d that take a side (%.3f); mistaken: %v",
				right, len(rows), all, spokenRight, spoken, said, mistaken)
			if all < tt.right || said < tt.spoken {
				t.Errorf("%.3f are right, want %.2f; of those that take a side %.3f, want %.2f", all, tt.right, said, tt.spoken)
			}
		})
	}
}

func TestSentimentRules(t *testing.T) {
	tests := []struct{ less, more string }{
		{"not good", "good"},
		{"bad", "not bad"},
		{"good", "very good"},
		{"slightly boring", "good"},
		{"very boring", "slightly boring"},
		{"good", "good!!"},
		{"this is good", "this is GOOD"},
		{"good but boring", "boring but good"},
		{"too fast", "fast"},
		{"too fast", "not too fast"},
		{"is it useful?", "it is useful"},
		{"nice 😡", "nice 😍"},
		{"without any interest, boring", "without boring parts"},
		{"不好", "好"},
		{"不好", "不是不好"},
		{"不太好", "很好"},
		{"不好", "不太好"},
		{"无聊", "不无聊"},
		{"好", "非常好"},
		{"非常无聊", "有点无聊"},
		{"声音好听但是内容无聊", "内容无聊但是声音好听"},
		{"太快了", "很快"},
		{"没有想象中好", "想象中好"},
		{"有用吗", "有用"},
		{"聽不懂", "聽懂了"},
		{"good 但是太无聊", "good"},
	}
	for _, tt := range tests {
		less, _ := text.Sentiment(tt.less)
		more, _ := text.Sentiment(tt.more)
		if less >= more {
			t.Errorf("%q has %.3f, %q has %.3f", tt.less, less, tt.more, more)
		}
	}
}

func TestSentimentOfNothing(t *testing.T) {
	for _, s := range []string{"", " ", "42", "the table", "桌子", "\xff\xfe", "好像有没有差不多"} {
		if score, n := text.Sentiment(s); score != 0 || n != 0 {
			t.Errorf("%q has %v by %d words", s, score, n)
		}
	}
}

func FuzzSentiment(f *testing.F) {
	for _, s := range []string{"not good but", "不是不好", "\xff好", "GREAT!!!! 😡", "但是但是", "too too fast", "'’'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		score, n := text.Sentiment(s)
		if math.IsNaN(score) || math.Abs(score) > 1 || n < 0 || n == 0 && score != 0 {
			t.Errorf("%q has %v by %d words", s, score, n)
		}
	})
}

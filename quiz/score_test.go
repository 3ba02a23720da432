package quiz_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

func TestScore(t *testing.T) {
	tests := []struct {
		name        string
		points      int
		took, limit wire.Millis
		want        int
	}{
		{"at once", 1000, 0, 20_000, 1000},
		{"within half a second", 1000, 499, 20_000, 1000},
		{"half a second", 1000, 500, 20_000, 988}, // 987.5
		{"Kahoot's own example", 1000, 2_000, 30_000, 967},
		{"a second of five", 1000, 1_000, 5_000, 900},
		{"half the time", 1000, 10_000, 20_000, 750},
		{"the last millisecond", 1000, 19_999, 20_000, 500}, // 500.025
		{"the whole time", 1000, 20_000, 20_000, 500},
		{"double points", 2000, 2_000, 30_000, 1933}, // 1933.3
		{"for practice", 0, 2_000, 30_000, 0},
		{"one point, half up", 1, 5_000, 5_000, 1}, // 0.5
		{"odd points, half up", 999, 5_000, 5_000, 500},
		{"below a half", 3, 4_999, 5_000, 2}, // 1.5003
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := quiz.Score(tt.points, tt.took, tt.limit); got != tt.want {
				t.Errorf("Score(%d, %d, %d) = %d, want %d", tt.points, tt.took, tt.limit, got, tt.want)
			}
		})
	}
}

// exact is the published formula in fractions, rounded half up.
func exact(points int, took, limit wire.Millis) int {
	if took < 500 {
		return points
	}
	x := big.NewRat(int64(took), 2*int64(limit))
	x.Sub(big.NewRat(1, 1), x).Mul(x, big.NewRat(int64(points), 1)).Add(x, big.NewRat(1, 2))
	return int(new(big.Int).Quo(x.Num(), x.Denom()).Int64()) // x is positive: this is its floor
}

func TestScoreIsTheFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.IntRange(0, quiz.MaxPoints).Draw(t, "points")
		limit := 1000 * wire.Millis(rapid.IntRange(quiz.MinSeconds, quiz.MaxSeconds).Draw(t, "seconds"))
		took := wire.Millis(rapid.IntRange(-1000, int(limit)).Draw(t, "took"))
		got := quiz.Score(points, took, limit)
		if want := exact(points, took, limit); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
		if got < 0 || got > points {
			t.Fatalf("%d is not within 0 and %d", got, points)
		}
		if later := quiz.Score(points, took+1, limit); later > got {
			t.Fatalf("a millisecond later is worth more: %d, %d", got, later)
		}
	})
}

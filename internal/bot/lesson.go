package bot

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
)

// quizQuestion is a question as the teacher creates it.
type quizQuestion struct {
	Text    string   `json:"text"`
	Choices []string `json:"choices"`
	Correct []int    `json:"correct"`
	Points  int      `json:"points"`
	Seconds int      `json:"seconds"`
}

// quizScript is a quiz as the teacher creates it.
type quizScript struct {
	Title     string         `json:"title"`
	Questions []quizQuestion `json:"questions"`
}

// A maker makes a fresh question: its text, the right answer and wrong ones.
type maker func(rng *rand.Rand) (text, right string, wrong []string)

// makers are the kinds of question that can be computed, so that a quiz is
// new however long the class is held.
var makers = []maker{
	func(rng *rand.Rand) (string, string, []string) {
		f := pick(rng, []int{100, 170, 343, 490, 686, 1000, 1372, 2000, 3430})
		right := 343 / float64(f)
		return fmt.Sprintf("A tone of %d Hz in air (343 m/s). How long is the wave?", f),
			length(right), []string{length(2 * right), length(right / 2), length(right * 10)}
	},
	func(rng *rand.Rand) (string, string, []string) {
		s := 3 * (2 + rng.IntN(8))
		return fmt.Sprintf("%d seconds pass between lightning and thunder. How far away was it? 闪电有多远？", s),
			fmt.Sprintf("about %d km", s/3), []string{fmt.Sprintf("about %d km", s), fmt.Sprintf("about %d km", s/3+2), fmt.Sprintf("about %d m", 100*s/3)}
	},
	func(rng *rand.Rand) (string, string, []string) {
		f := pick(rng, []int{110, 196, 220, 262, 330, 440, 523})
		n := 2 + rng.IntN(4)
		return fmt.Sprintf("A string plays %d Hz. Which frequency has its harmonic number %d?", f, n),
			hertz(n * f), []string{hertz((n + 1) * f), hertz(f + 100*n), hertz(f * n / 2)}
	},
	func(rng *rand.Rand) (string, string, []string) {
		a, b := 3+rng.IntN(7), 1+rng.IntN(2)
		return fmt.Sprintf("A crest of %d cm meets a trough of %d cm. How high is the sum there?", a, b),
			fmt.Sprintf("%d cm", a-b), []string{fmt.Sprintf("%d cm", a+b), fmt.Sprintf("%d cm", a*b+a), "0 cm"}
	},
	func(rng *rand.Rand) (string, string, []string) {
		m := 17 * (2 + rng.IntN(9))
		return fmt.Sprintf("You clap %d m from a cliff (sound: 340 m/s). When is the echo back?", m),
			seconds(float64(m) / 170), []string{seconds(float64(m) / 340), seconds(float64(m) / 85), seconds(float64(m) / 34)}
	},
	func(rng *rand.Rand) (string, string, []string) {
		f := 2 * (5 + rng.IntN(40))
		return fmt.Sprintf("A wave makes %d swings in 2 seconds. Its frequency? 频率是多少？", f),
			hertz(f / 2), []string{hertz(f), hertz(2 * f), hertz(f/2 + 5)}
	},
	func(rng *rand.Rand) (string, string, []string) {
		a := pick(rng, []int{220, 330, 440, 494})
		d := 2 + rng.IntN(7)
		return fmt.Sprintf("Two strings play %d Hz and %d Hz. How many beats do you hear in a second?", a, a+d),
			strconv.Itoa(d), []string{strconv.Itoa(2 * d), strconv.Itoa(d + 3), strconv.Itoa(2*a + d)}
	},
	func(rng *rand.Rand) (string, string, []string) {
		l := 20 * (1 + rng.IntN(8))
		return fmt.Sprintf("A string of %d cm swings in its lowest standing wave. The wavelength? 波长是多少？", l),
			fmt.Sprintf("%d cm", 2*l), []string{fmt.Sprintf("%d cm", l), fmt.Sprintf("%d cm", l/2), fmt.Sprintf("%d cm", 4*l)}
	},
	func(rng *rand.Rand) (string, string, []string) {
		f, l := 5*(2+rng.IntN(9)), 2+rng.IntN(5)
		return fmt.Sprintf("f = %d Hz and λ = %d m. How fast is the wave? 波速是多少？", f, l),
			fmt.Sprintf("%d m/s", f*l), []string{fmt.Sprintf("%d m/s", f+l), fmt.Sprintf("%d m/s", f*l*2), fmt.Sprintf("%.3g m/s", float64(f)/float64(l))}
	},
	func(rng *rand.Rand) (string, string, []string) {
		n := 1 << (1 + rng.IntN(3))
		return fmt.Sprintf("%d equal singers instead of one: how much louder is that in decibels?", n),
			fmt.Sprintf("%.0f dB", 10*math.Log10(float64(n))),
			[]string{fmt.Sprintf("%d dB", 10*n), fmt.Sprintf("%d times", n), fmt.Sprintf("%.0f dB", 20*math.Log10(float64(n)))}
	},
}

func length(m float64) string {
	if m < 1 {
		return fmt.Sprintf("%.3g cm", 100*m)
	}
	return fmt.Sprintf("%.3g m", m)
}

func hertz(f int) string { return fmt.Sprintf("%d Hz", f) }

func seconds(s float64) string { return fmt.Sprintf("%.3g s", s) }

// several are the questions with more than one right answer.
var several = []quizQuestion{
	{Text: "Which of these need a medium? (several) 哪些需要介质？", Choices: []string{"Sound in air", "Light", "Waves on a string", "Radio"}, Correct: []int{0, 2}},
	{Text: "What changes when you only play louder? (several)", Choices: []string{"Amplitude", "Frequency", "Energy", "Wavelength"}, Correct: []int{0, 2}},
	{Text: "Which are nodes of a string's second harmonic? (several)", Choices: []string{"Its two ends", "The middle", "A quarter of its length", "A third of its length"}, Correct: []int{0, 1}},
	{Text: "What does v = f · λ hold for? (several) 公式适用于？", Choices: []string{"Sound", "Water waves", "Light", "Only strings"}, Correct: []int{0, 1, 2}},
}

var quizTitles = []string{
	"Warm-up", "Waves by numbers", "Ears open", "Strings attached", "小测：波与声音", "Quick round", "Echoes", "Second helping", "挑战赛", "Resonance",
}

// newQuiz makes a quiz of n questions, of kinds that differ.
func newQuiz(rng *rand.Rand, number, n, secs int) quizScript {
	q := quizScript{Title: fmt.Sprintf("%s · %d", quizTitles[number%len(quizTitles)], number+1)}
	kinds := rng.Perm(len(makers))
	for i := range n {
		if i == n-1 && number%2 == 1 { // now and then the last has several right answers
			last := pick(rng, several)
			last.Points, last.Seconds = 1000, secs
			q.Questions = append(q.Questions, last)
			continue
		}
		q.Questions = append(q.Questions, makers[kinds[i%len(kinds)]].question(rng, secs))
	}
	return q
}

// question makes a question with its choices shuffled.
func (m maker) question(rng *rand.Rand, secs int) quizQuestion {
	text, right, wrong := m(rng)
	choices := []string{right}
	for _, w := range wrong {
		if !slices.Contains(choices, w) {
			choices = append(choices, w)
		}
	}
	rng.Shuffle(len(choices), func(i, j int) { choices[i], choices[j] = choices[j], choices[i] })
	return quizQuestion{
		Text: text, Choices: choices, Correct: []int{slices.Index(choices, right)}, Points: 1000, Seconds: secs,
	}
}

// learned is what a student may know: the answers of the teacher's questions.
// Nobody reads it off the wire; how likely a student is to remember is their
// skill. Safe for many goroutines.
type learned struct {
	mu      sync.Mutex
	correct map[string][]int // by the question's text
}

func (l *learned) teach(questions []quizQuestion) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.correct = map[string][]int{} // of the last quiz only
	for _, q := range questions {
		l.correct[q.Text] = q.Correct
	}
}

func (l *learned) recall(text string) []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.correct[text]
}

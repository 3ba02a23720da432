package bot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/wire"
)

// lookEvery is how often the teacher looks whether a human host is there.
const lookEvery = 3 * time.Second

// lookRound is the same by the clock, and never so often that it costs much.
func (t *teacher) lookRound() time.Duration {
	return max(t.class.pace.Real(lookEvery), 100*time.Millisecond)
}

// errHuman ends what the teacher is at: a human host has come in.
var errHuman = errors.New("a human host is here")

// teacher holds the class: a picture, lessons, polls, quizzes and answers, for
// ever. While another host is present it does nothing of its own; whatever it
// had open is brought to an end first.
type teacher struct {
	class   *Class
	token   string
	rng     *rand.Rand
	lessons int // that were given
	quizzes int // that were held

	// Of the visit; owned by run.
	client   *Client
	scene    *Scene
	film     *film
	airs     bool      // the picture may be tried again
	human    bool      // another host was there at the last look
	lookedAt time.Time // when that was

	// What was begun and must be brought to an end, over whichever socket.
	greeted   bool
	poll      uint64 // an open one; 0: none
	quiz      uint64 // one that is not finished; 0: none
	quizAsked bool   // its first question was asked
}

// run teaches until ctx ends, and comes back after a lost connection.
func (t *teacher) run(ctx context.Context) error {
	t.rng = rand.New(rand.NewPCG(t.class.config.Seed, 0x7eac))
	for {
		err := t.visit(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if closed, ok := errors.AsType[*Closed](err); ok && !closed.Again() && closed.Code > 0 {
			return fmt.Errorf("the teacher may not come back: %w", err)
		}
		t.class.log.Debug("the teacher lost the class", zap.Error(err))
		if !t.class.sleep(ctx, 2*time.Second) {
			return nil
		}
	}
}

// visit teaches over one socket. It ends with an error or with ctx.
func (t *teacher) visit(ctx context.Context) error {
	c, err := Dial(ctx, t.class.config.URL, t.class.config.Room, t.token, langEN)
	if err != nil {
		return err
	}
	defer c.Close()
	t.client, t.scene, t.airs, t.human, t.lookedAt = c, &c.Welcome.Room, true, false, time.Time{}
	defer t.leave()
	for {
		if err := t.tidy(ctx); err != nil {
			return err
		}
		err := t.look(ctx)
		if err == nil {
			err = t.teach(ctx)
		}
		for errors.Is(err, errHuman) { // stand back until they have left
			if err = t.tidy(ctx); err == nil {
				err = t.wait(ctx, t.lookRound())
			}
			if err == nil {
				err = t.look(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// teach gives lesson after lesson. It ends with errHuman when a human host
// comes in.
func (t *teacher) teach(ctx context.Context) error {
	if t.scene.Phase != "live" {
		if err := t.do(ctx, "room.open", struct{}{}); err != nil {
			return err
		}
	}
	if err := t.onAir(ctx); err != nil {
		return err
	}
	if !t.greeted {
		t.greeted = true
		if err := t.do(ctx, "room.set", titleData{t.class.script.Title}); err != nil {
			return err
		}
		for _, text := range t.class.script.Says.Welcome {
			if err := t.say(ctx, text, 4*time.Second); err != nil {
				return err
			}
		}
	} else if err := t.say(ctx, t.class.script.Says.Back, 3*time.Second); err != nil {
		return err
	}
	for {
		l := t.class.script.Lessons[t.lessons%len(t.class.script.Lessons)]
		if err := t.give(ctx, l); err != nil {
			return err
		}
		if t.lessons%2 == 0 {
			if err := t.holdQuiz(ctx); err != nil {
				return err
			}
		}
		t.lessons++
	}
}

type titleData struct {
	Title string `json:"title"`
}

// give takes some forty seconds: an explanation, a poll and an answer.
func (t *teacher) give(ctx context.Context, l lesson) error {
	if err := t.onAir(ctx); err != nil {
		return err
	}
	for _, text := range l.Say {
		if err := t.say(ctx, text, 4*time.Second); err != nil {
			return err
		}
	}
	if err := t.say(ctx, l.Prompt, 3*time.Second); err != nil {
		return err
	}
	if err := t.holdPoll(ctx, l); err != nil {
		return err
	}
	return t.answerTop(ctx)
}

// holdPoll runs a lesson's poll and says what follows from it.
func (t *teacher) holdPoll(ctx context.Context, l lesson) error {
	var err error
	if t.poll, err = t.make(ctx, "poll.create", l.Poll); err != nil || t.poll == 0 {
		return err
	}
	if err := t.pause(ctx, 16*time.Second); err != nil {
		return err
	}
	if err := t.tidy(ctx); err != nil {
		return err
	}
	return t.say(ctx, l.After, 3*time.Second)
}

type pollData struct {
	Poll uint64 `json:"poll"`
}

type quizData struct {
	Quiz uint64 `json:"quiz"`
}

const (
	quizQuestions = 3
	quizSeconds   = 20               // of the class's time, to answer one
	quizWait      = 17 * time.Second // a student takes at most 15
)

// holdQuiz asks three questions in turn: ask, wait, reveal, next.
func (t *teacher) holdQuiz(ctx context.Context) error {
	// The server counts by the clock, in whole seconds.
	limit := min(max(int(math.Ceil(quizSeconds/t.class.pace.Speed)), 5), 600)
	script := newQuiz(t.rng, t.quizzes, quizQuestions, limit)
	t.quizzes++
	t.class.learned.teach(script.Questions)
	var err error
	if t.quiz, err = t.make(ctx, "quiz.create", script); err != nil || t.quiz == 0 {
		return err
	}
	t.quizAsked = false
	id := t.quiz
	if err := t.say(ctx, t.class.script.Says.Quiz, 3*time.Second); err != nil {
		return err
	}
	for range script.Questions {
		asked, err := t.make(ctx, "quiz.ask", quizData{id})
		if err != nil {
			return err
		}
		if asked == 0 { // somebody else's quiz runs
			return t.tidy(ctx)
		}
		t.quizAsked = true
		if err := t.pause(ctx, quizWait); err != nil {
			return err
		}
		if err := t.do(ctx, "quiz.close", quizData{id}); err != nil {
			return err
		}
		if err := t.do(ctx, "quiz.reveal", quizData{id}); err != nil {
			return err
		}
		if err := t.pause(ctx, 6*time.Second); err != nil {
			return err
		}
	}
	if err := t.tidy(ctx); err != nil {
		return err
	}
	if err := t.pause(ctx, time.Second); err != nil {
		return err
	}
	if q := t.scene.Quiz; q != nil && q.ID == id && len(q.Board) > 0 {
		return t.say(ctx, fmt.Sprintf(t.class.script.Says.Praise, q.Board[0].Name), 6*time.Second)
	}
	return nil
}

// tidy brings to an end what the teacher has begun, wherever it stands.
func (t *teacher) tidy(ctx context.Context) error {
	if t.poll != 0 {
		if err := t.do(ctx, "poll.close", pollData{t.poll}); err != nil {
			return err
		}
		t.poll = 0
	}
	if t.quiz == 0 {
		return nil
	}
	steps := []string{"quiz.close", "quiz.reveal", "quiz.finish"}
	if !t.quizAsked {
		steps = []string{"quiz.drop"}
	}
	for _, step := range steps {
		if err := t.do(ctx, step, quizData{t.quiz}); err != nil {
			return err
		}
	}
	t.quiz = 0
	return nil
}

// answerTop answers the two questions with the most votes that the script has
// an answer to. The one with the most votes of all is pinned: if it is a
// person's own, somebody who knows will see it.
func (t *teacher) answerTop(ctx context.Context) error {
	top := t.scene.Top(func(*Question) bool { return true })
	if top == nil {
		return t.pause(ctx, 3*time.Second)
	}
	if !top.Pinned {
		if err := t.do(ctx, "qa.pin", questionData{top.ID}); err != nil {
			return err
		}
		if t.lessons%3 == 0 {
			if err := t.say(ctx, t.class.script.Says.Pinned, time.Second); err != nil {
				return err
			}
		}
	}
	for range 2 {
		if err := t.pause(ctx, 4*time.Second); err != nil {
			return err
		}
		known := t.scene.Top(func(q *Question) bool { return t.class.script.answer(q.Text) != "" })
		if known == nil {
			break
		}
		err := t.do(ctx, "qa.answer", struct {
			Question uint64 `json:"question"`
			Text     string `json:"text"`
		}{known.ID, t.class.script.answer(known.Text)})
		if err != nil {
			return err
		}
		known.Answered = true // the view of it is still on its way
	}
	return t.pause(ctx, 2*time.Second)
}

// say writes a line and gives the class time to read it.
func (t *teacher) say(ctx context.Context, text string, then time.Duration) error {
	if err := t.do(ctx, "chat.say", sayData{Text: text}); err != nil {
		return err
	}
	return t.pause(ctx, then)
}

// do gives a command. A refusal is noted and passed over: a class goes on.
func (t *teacher) do(ctx context.Context, kind string, data any) error {
	_, err := t.make(ctx, kind, data)
	return err
}

// settling is the refusal of a reveal while some who see the class late may
// still answer: the teacher waits for them.
const settling = "quiz.settling"

// make gives a command that makes something and returns its id, 0 if it was
// refused.
func (t *teacher) make(ctx context.Context, kind string, data any) (uint64, error) {
	id, err := t.client.Command(ctx, kind, data)
	if e, ok := errors.AsType[*wire.Error](err); ok && e.Code == settling {
		if err := t.wait(ctx, time.Duration(e.RetryMS)*time.Millisecond); err != nil {
			return 0, err
		}
		id, err = t.client.Command(ctx, kind, data)
	}
	if refused(err) {
		t.class.log.Debug("the teacher was refused", zap.String("type", kind), zap.Error(err))
		t.class.counts.refusals.Add(1)
		return 0, nil
	}
	if err == nil {
		t.class.counts.did(kind)
	}
	return id, err
}

// pause lets some of the class's time pass, hears what happens in it and
// looks round.
func (t *teacher) pause(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(t.class.pace.Real(d))
	for {
		if err := t.wait(ctx, min(time.Until(end), t.lookRound())); err != nil {
			return err
		}
		if err := t.look(ctx); err != nil || !time.Now().Before(end) {
			return err
		}
	}
}

// wait hears what happens for some time by the clock.
func (t *teacher) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case m, ok := <-t.client.Messages():
			if !ok {
				return t.client.Err()
			}
			if err := t.hear(m); err != nil {
				return err
			}
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// hear follows the class. The picture ends with the class, when somebody else
// sends one, and when its connection is lost; later it may be tried again.
func (t *teacher) hear(m Message) error {
	ended := struct {
		PC string `json:"pc"`
	}{}
	if m.Type == "media.ended" {
		if err := m.Read(&ended); err != nil {
			return err
		}
	}
	if ended.PC == "send" || m.Type == "room.ended" {
		t.offAir()
		t.airs = true
	}
	return t.scene.Hear(m)
}

// look asks who is here, at most once a round, and returns errHuman if
// another host is.
func (t *teacher) look(ctx context.Context) error {
	if time.Since(t.lookedAt) >= t.lookRound() {
		human, err := t.otherHost(ctx)
		if err != nil {
			return err
		}
		t.human, t.lookedAt = human, time.Now()
	}
	if t.human {
		return errHuman
	}
	return nil
}

// otherHost pages through the people.
func (t *teacher) otherHost(ctx context.Context) (bool, error) {
	type request struct {
		After string `json:"after"`
		Limit int    `json:"limit"`
	}
	for r := (request{Limit: 200}); ; {
		var page struct {
			People []struct {
				wire.Person
				Here bool `json:"here"`
			} `json:"people"`
			Next string `json:"next"`
		}
		if err := t.client.Query(ctx, "people.list", r, &page); err != nil {
			if refused(err) {
				return t.human, nil // too busy to say: as it was
			}
			return false, err
		}
		for _, p := range page.People {
			if p.Here && p.Role == wire.Host && p.ID != t.client.Welcome.You.ID {
				return true, nil
			}
		}
		if r.After = page.Next; r.After == "" {
			return false, nil
		}
	}
}

// onAir sends the picture if nobody else does. A class without one goes on.
func (t *teacher) onAir(ctx context.Context) error {
	stage := t.scene.Stage
	if t.film != nil || !t.airs || stage.Live && stage.By != nil && stage.By.ID != t.client.Welcome.You.ID {
		return nil
	}
	t.airs = false
	f, err := publish(ctx, t.client)
	if err != nil {
		if closed := t.client.Err(); closed != nil {
			return closed
		}
		t.class.log.Warn("the demo has no picture", zap.Error(err))
		return ctx.Err()
	}
	t.film = f
	return t.do(ctx, "stage.go", sourcesData{[]string{"camera"}})
}

// leave takes the picture off before the socket ends, so that nobody waits for
// it to come back.
func (t *teacher) leave() {
	if t.film == nil {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	_ = t.do(ctx, "stage.go", sourcesData{[]string{}}) // the server notices by itself, only later
	_ = t.client.Query(ctx, "media.unpublish", struct{}{}, nil)
	t.offAir()
}

type sourcesData struct {
	Sources []string `json:"sources"`
}

// offAir stops sending.
func (t *teacher) offAir() {
	if t.film != nil {
		t.film.close()
		t.film = nil
	}
}

package bot_test

import (
	"context"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/wire"
)

// A teacher brings a quiz to its end though nobody in the class sees it at once.
func TestTheTeacherWaitsForLatePictures(t *testing.T) {
	r := newRig(t)
	r.house.Behind = func(wire.RoomID, wire.UserID) time.Duration { return 250 * time.Millisecond }
	class, err := bot.NewClass(bot.Config{
		URL: r.url, Room: algebra, Students: 3, Speed: 60, Seed: 1,
		Token: func(name string, role wire.Role) (string, error) { return r.token(algebra, name, role) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- class.Run(ctx) }()
	host := r.dial("Mo", wire.Moderator)
	for done := false; !done; {
		select {
		case m := <-host.Messages():
			done = m.Type == "quiz.finished"
		case <-ctx.Done():
			t.Fatal("no quiz came to its end")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the class: %v", err)
	}
}

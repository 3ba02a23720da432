package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

// demo runs the server with a class full of simulated viewers.
func demo(args []string) error {
	var students int
	var speed float64
	var seed uint64
	c, fs, err := loadConfig("demo", args, func(fs *flag.FlagSet) {
		fs.IntVar(&students, "students", 100, "simulated students")
		fs.Float64Var(&speed, "speed", 1, "how fast the class goes")
		fs.Uint64Var(&seed, "seed", 1, "the same seed makes the same people")
	})
	if err != nil {
		return err
	}
	switch {
	case fs.NArg() > 0:
		return fmt.Errorf("demo: unexpected %q", fs.Arg(0))
	case students < 0 || students > 5000:
		return fmt.Errorf("demo: --students: must be between 0 and 5000")
	case !(speed >= 0.1 && speed <= 50):
		return fmt.Errorf("demo: --speed: must be between 0.1 and 50")
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["log.level"] {
		c.Log.Level = "warn"
	}
	if !given["access.room"] {
		c.Access.Room = "waves" // in the sample catalogue, so that suggestions have something to go by
	}
	if !given["data.dir"] { // a demo leaves nothing behind, nor writes into a real class
		dir, err := os.MkdirTemp("", "lyceum-demo-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		c.Data.Dir = dir
	}
	// All come from one address and may hurry; the limit is for strangers.
	c.Access.Rate, c.Access.Burst = max(c.Access.Rate, 200), max(c.Access.Burst, 400)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return runDemo(ctx, c, os.Stdout, bot.Config{Students: students, Watchers: 5, Speed: speed, Seed: seed}, func(*installation, *bot.Class) {})
}

// runDemo serves, and holds the class until ctx ends: the people go first, then
// the server. up is called when the class begins.
func runDemo(ctx context.Context, c *Config, out io.Writer, people bot.Config, up func(*installation, *bot.Class)) error {
	served, stop := context.WithCancel(context.Background())
	defer stop()
	held := make(chan error, 1)
	begun := false
	begin := func(in *installation) {
		class, err := newClass(in, people)
		if err == nil {
			err = in.inviteTo(out, people.Students)
		}
		if err != nil {
			held <- err
			stop()
			return
		}
		begun = true
		up(in, class)
		go func() {
			err := class.Run(ctx)
			if err == nil {
				sayWhatHappened(out, class.Stats())
			}
			held <- err
			stop()
		}()
	}
	// A server that fails by itself ends the class as well.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := runServer(served, c, io.Discard, begin)
	cancel()
	if begun {
		if classErr := <-held; err == nil {
			err = classErr
		}
		return err
	}
	select {
	case classErr := <-held:
		return classErr
	default:
		return err
	}
}

// newClass makes the people of the demo.
func newClass(in *installation, people bot.Config) (*bot.Class, error) {
	id := wire.RoomID(in.config.Access.Room)
	log, err := newLogger(in.config)
	if err != nil {
		return nil, err
	}
	people.URL, people.Room, people.Log = in.url, id, log.Named("bot")
	people.Token = func(name string, role wire.Role) (string, error) { return in.pass(id, name, role) }
	return bot.NewClass(people)
}

// pass mints a room token for somebody new.
func (in *installation) pass(id wire.RoomID, name string, role wire.Role) (string, error) {
	return pass(in.keys, id, name, role)
}

func pass(keys *auth.Keys, id wire.RoomID, name string, role wire.Role) (string, error) {
	now := time.Now()
	return keys.Mint(auth.Claims{
		Kind: auth.Room, Room: id, User: auth.NewUserID(), Name: name, Role: role,
		Issued: now, Expires: now.Add(24 * time.Hour),
	})
}

// inviteTo says where to see the class.
func (in *installation) inviteTo(out io.Writer, students int) error {
	id := wire.RoomID(in.config.Access.Room)
	links := map[wire.Role]string{}
	for role, name := range map[wire.Role]string{wire.Host: "You, the host", wire.Moderator: "You, a moderator"} {
		token, err := in.pass(id, name, role)
		if err != nil {
			return err
		}
		links[role] = in.url + server.PathFor(role, id) + "#token=" + token
	}
	_, err := fmt.Fprintf(out, `A class with %d simulated students is beginning.

  Watch      %s
  Moderate   %s
  Teach      %s
             (the simulated teacher stands back while you are there)
  Sessions   %s

Stop with Ctrl-C.
`, students, in.url+server.PathFor(wire.Viewer, id), links[wire.Moderator], links[wire.Host], in.url)
	return err
}

func sayWhatHappened(out io.Writer, s bot.Stats) {
	fmt.Fprintf(out, `
The class is over. The students wrote %d messages, asked %d questions and gave
them %d votes; %d were answered. They voted %d times in %d polls, answered %d
times in %d quizzes and gained %d points.
`, s.Messages, s.Questions, s.Upvotes, s.Replies, s.Votes, s.Polls, s.Answers, s.Quizzes, s.Points)
}

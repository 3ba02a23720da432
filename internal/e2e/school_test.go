package e2e

import (
	"context"
	"testing"
)

// school is the class of a test: the server, and whoever is at it.
type school struct {
	*server
	browser                context.Context
	host, ana, ming, helen *person // the teacher, two viewers and a moderator
}

// newSchool starts a server and opens the browser; nobody is there yet. If the
// test fails, the server's log is shown.
func newSchool(t *testing.T) *school {
	t.Helper()
	s := &school{server: buildServer(t)}
	s.start(t)
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log.String())
		}
	})
	s.browser = openBrowser(t)
	return s
}

// part is a part of a class.
type part struct {
	name string
	play func(*testing.T, *school)
}

// play gives all four people a window and plays a class from its first part to
// the server's orderly end. The parts share the class, so the first that fails
// ends it.
func (s *school) play(t *testing.T, parts []part) {
	t.Helper()
	s.host = arrive(t, s.browser, "Ines", true)
	s.ana = arrive(t, s.browser, "Ana", true)
	s.ming = arrive(t, s.browser, "小明", true)
	s.helen = arrive(t, s.browser, "Helen", true)
	for _, part := range parts {
		ok := t.Run(part.name, func(t *testing.T) {
			part.play(t, s)
			for _, p := range s.people() {
				p.silent(t)
			}
		})
		if !ok {
			for _, p := range s.people() {
				p.failed(t)
			}
			t.Fatalf("the class cannot go on after %q", part.name)
		}
	}
	if code := s.stop(t); code != 0 {
		t.Errorf("the server ended with exit code %d", code)
	}
}

// people are all who have a window.
func (s *school) people() []*person { return []*person{s.host, s.ana, s.ming, s.helen} }

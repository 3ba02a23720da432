package e2e

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// killed ends the server as a power cut would, and starts it again: the pages
// come back by themselves, and everything is as it was.
func killed(t *testing.T, s *school) {
	token := s.ana.token(t)
	before := s.welcome(t, token)
	said := s.ana.texts(t, ".message__text")
	for _, p := range s.people() {
		// Pages must notice that nobody answers, and say so in the console.
		defer p.tolerate(`ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|WebSocket connection to .* failed`)()
	}
	s.kill()
	began := time.Now()
	s.ana.sees(t, "connection-banner", "Connection lost. Reconnecting…")
	s.ana.photographOnce(t, "reconnecting")
	s.start(t)
	for _, p := range []*person{s.host, s.ana, s.helen} {
		p.misses(t, "connection-banner", "")
	}
	t.Logf("all pages are connected again %v after the crash", time.Since(began).Round(time.Millisecond))
	if after := s.welcome(t, token); !reflect.DeepEqual(before, after) {
		t.Errorf("after the crash the class is\n%s\nbefore it was\n%s", indent(after), indent(before))
	}
	s.ana.earned(t, 31)
	s.ana.watches(t)
	t.Logf("the picture moves again %v after the crash", time.Since(began).Round(time.Millisecond))
	s.ana.reads(t, ".message__text", said...)
	s.host.sees(t, "studio-stage .badge--live", "On air")
	s.host.say(t, "Where were we?")
	s.ana.sees(t, ".message__text", "Where were we?")
	s.helen.sees(t, ".entry__text", "Where were we?")

	// A page that is opened anew sees the same.
	s.ana.open(t, s.url("/class/"+room))
	s.ana.reads(t, ".message__text", append(said, "Where were we?")...)
	s.ana.earned(t, 31)
	s.ana.watches(t)
}

func indent(v any) string {
	b, _ := json.MarshalIndent(v, "", " ")
	return string(b)
}

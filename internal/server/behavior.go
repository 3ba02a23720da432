package server

import (
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

const (
	maxBehaviors     = 1 << 20 // bytes of one request
	maxBehaviorLine  = 4 << 10 // bytes of one line
	maxBehaviorLines = 5000
	maxPageLines     = 100             // from a page
	maxRejected      = 100             // lines that the answer names
	oldestBehavior   = 24 * time.Hour  // how far back a line may be dated
	newestBehavior   = 5 * time.Minute // how far a clock may be ahead
)

// behaviorLine is one line that a page or another server sends.
type behaviorLine struct {
	ID     string      `json:"id,omitzero"`
	Person wire.UserID `json:"person,omitzero"`
	Item   string      `json:"item"`
	Kind   string      `json:"kind"`
	Weight float64     `json:"weight,omitzero"`
	At     wire.Millis `json:"at,omitzero"`
}

// rejectedLine says what was wrong with one.
type rejectedLine struct {
	Line int    `json:"line"`
	Code string `json:"code"`
	Text string `json:"text"`
}

// behaviors takes what people did, one JSON object a line. A page's person is
// its token's; another server says whom each line is about. A bad line is
// named and does not stop the others.
func (s *Server) behaviors(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	source, trusted := s.APIKeys.Check(bearer(r))
	var person wire.UserID
	if !trusted {
		who, err := s.person(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		person, source = who.User, string(who.User)
		if !s.pages.allow(source, now) {
			s.fail(w, r, errRate)
			return
		}
	}
	var batch []recommend.Behavior
	out := struct {
		Accepted int            `json:"accepted"`
		Repeated int            `json:"repeated"`
		Rejected []rejectedLine `json:"rejected"`
	}{}
	lines := 0
	err := wire.Lines(http.MaxBytesReader(w, r.Body, maxBehaviors), maxBehaviorLine, func(n int, b []byte) error {
		if lines++; lines > maxBehaviorLines || lines > maxPageLines && !trusted {
			return errTooLong
		}
		behavior, err := readBehavior(b, now, person, source, trusted)
		if err == nil {
			err = s.Behaviors.Check(behavior)
		}
		if err != nil {
			if len(out.Rejected) < maxRejected {
				e := s.texts.public(langOf(r.Header.Get("Accept-Language")), err)
				out.Rejected = append(out.Rejected, rejectedLine{n, e.Code, e.Error()})
			}
			return nil
		}
		batch = append(batch, behavior)
		return nil
	})
	if err != nil {
		if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
			err = errTooLong
		}
		s.fail(w, r, err)
		return
	}
	if len(batch) > 0 {
		fresh, err := s.Behaviors.Observe(r.Context(), batch)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		for _, new := range fresh {
			if new {
				out.Accepted++
			} else {
				out.Repeated++
			}
		}
	}
	s.answer(w, out)
}

// fromPages are the kinds of behaviour that a page may report. What counts
// for more (a purchase, a vote) comes from the server's own knowledge or from
// a server with a key.
var fromPages = map[string]bool{
	"browse": true, "impression": true, "click": true, "watch": true,
	"like": true, "share": true, "rate": true, "hide": true,
}

func readBehavior(b []byte, now time.Time, person wire.UserID, source string, trusted bool) (recommend.Behavior, error) {
	var line behaviorLine
	if err := wire.Decode(b, &line); err != nil {
		return recommend.Behavior{}, err
	}
	switch {
	case trusted:
		person = line.Person
	case line.Person != "" && line.Person != person:
		return recommend.Behavior{}, wire.ErrForbidden.In("person")
	case !fromPages[line.Kind]:
		return recommend.Behavior{}, wire.ErrField.In("kind")
	}
	if !person.Valid() {
		return recommend.Behavior{}, wire.ErrField.In("person")
	}
	if len(line.ID) > wire.MaxKey {
		return recommend.Behavior{}, wire.ErrField.In("id")
	}
	if line.ID == "" {
		line.ID = rand.Text()
	}
	at := line.At
	if at == 0 || !trusted {
		at = wire.At(now) // the server's clock: a page's word is not taken
	}
	if at > wire.At(now.Add(newestBehavior)) || at < wire.At(now.Add(-oldestBehavior)) {
		return recommend.Behavior{}, wire.ErrField.In("at")
	}
	behavior := recommend.Behavior{
		// Two sources never share an id, whatever they call their behaviours.
		ID: source + "/" + line.ID, Person: person, Item: line.Item, Kind: line.Kind, Weight: line.Weight, At: at,
	}
	return behavior, nil
}

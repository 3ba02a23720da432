package server

import (
	"context"
	"net/http"
	"time"

	"github.com/lyceum-live/lyceum/recommend/experiment"
	"github.com/lyceum-live/lyceum/wire"
)

// Experiments is what the server asks of the recommender's experiments.
type Experiments interface {
	// Experiments returns how they stand.
	Experiments() []experiment.Report
	// Decide stops or ships an arm.
	Decide(ctx context.Context, name, what, arm string) error
	// TakesPart reports whether a person takes part in them.
	TakesPart(person wire.UserID) bool
	// TakePart says whether a person is to.
	TakePart(ctx context.Context, person wire.UserID, part bool) error
}

// partOf is whether somebody takes part in experiments.
type partOf struct {
	Part bool `json:"part"`
}

// experimentRoutes are for everybody: to take part or not. How experiments
// stand concerns the whole server and no class, so that it is shown by
// [Server.OperatorPages] to operators alone.
func (s *Server) experimentRoutes() {
	s.mux.HandleFunc("GET /v1/me/experiments", s.takesPart)
	s.mux.HandleFunc("PUT /v1/me/experiments", s.takePart)
}

func (s *Server) takesPart(w http.ResponseWriter, r *http.Request) {
	who, err := s.person(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, partOf{s.Experiments.TakesPart(who.User)})
}

func (s *Server) takePart(w http.ResponseWriter, r *http.Request) {
	who, err := s.person(r)
	var body partOf
	if err == nil && !s.minds.allow(string(who.User), time.Now()) { // each is kept for good
		err = errRate
	}
	if err == nil {
		err = read(w, r, &body)
	}
	if err == nil {
		err = s.Experiments.TakePart(r.Context(), who.User, body.Part)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, body)
}

// OperatorPages are what operators see of the server beside its figures, by
// pattern: open ones are the page and its files, the same for everybody, and
// closed ones say something of this server or change it.
func (s *Server) OperatorPages() (open, closed map[string]http.Handler) {
	open = map[string]http.Handler{
		"GET /experiments":      s.page("experiments.html"),
		"GET /static/{path...}": http.HandlerFunc(s.static),
	}
	closed = map[string]http.Handler{
		"GET /v1/experiments":         http.HandlerFunc(s.experiments),
		"POST /v1/experiments/{name}": http.HandlerFunc(s.decide),
	}
	return open, closed
}

func (s *Server) experiments(w http.ResponseWriter, r *http.Request) {
	s.zipped(w, r, struct {
		Experiments []experiment.Report `json:"experiments"`
	}{s.Experiments.Experiments()})
}

func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	var body struct {
		What string `json:"what"`
		Arm  string `json:"arm"`
	}
	err := read(w, r, &body)
	if err == nil {
		err = s.Experiments.Decide(r.Context(), r.PathValue("name"), body.What, body.Arm)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.experiments(w, r)
}

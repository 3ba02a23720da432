// Package server is Lyceum's door: every HTTP and WebSocket handler. It
// checks who somebody is, reads what they send as strictly as it can, hands it
// to the part that it concerns, and writes the answer. It keeps no state of a
// class and knows no store.
package server

import (
	"context"
	"io/fs"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/report"
	"github.com/lyceum-live/lyceum/media/hls"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// Config says how the server meets the outside. The zero value means the
// defaults.
type Config struct {
	PublicURL string        // how people reach the server; "": as the request says
	Origins   []string      // other origins whose pages may open sockets
	Guests    bool          // anybody may join a room as a viewer by giving a name
	Ticket    time.Duration // how long a viewer's token opens a room
	Hello     time.Duration // how long a socket may wait with its hello
	Rate      float64       // messages a second that one socket may send
	Burst     int           // messages that one socket may send at once

	Joins      float64 // sockets a second that are let into classes
	Handshakes int     // sockets that may wait for their welcome at once
	Neighbours int     // and those of them from one address
}

func (c Config) withDefaults() Config {
	if c.Ticket <= 0 {
		c.Ticket = 24 * time.Hour
	}
	if c.Hello <= 0 {
		c.Hello = 5 * time.Second
	}
	if c.Rate <= 0 {
		c.Rate = 20
	}
	if c.Burst <= 0 {
		c.Burst = 80
	}
	if c.Joins <= 0 {
		c.Joins = 5000
	}
	if c.Handshakes <= 0 {
		c.Handshakes = 10_000
	}
	if c.Neighbours <= 0 {
		c.Neighbours = 1000
	}
	return c
}

// Points is what the server asks of the ledger.
type Points interface {
	Balance(ctx context.Context, user wire.UserID) (int64, error)
	// Find calls then once with the balance, now or later; then must not block.
	Find(user wire.UserID, then func(balance int64, err error))
	// Latest is the balance if it is known without waiting.
	Latest(user wire.UserID) (int64, bool)
	History(ctx context.Context, user wire.UserID, before string, limit int) ([]reward.Entry, string, error)
}

// Behaviors is what the server asks of the recommender.
type Behaviors interface {
	// Check says why a behaviour would be refused, or nil.
	Check(recommend.Behavior) error
	// Observe stores behaviours, learns from them, and reports which are new.
	Observe(context.Context, []recommend.Behavior) (fresh []bool, err error)
}

// Observer hears how requests fare, for metrics. It must not block.
type Observer interface {
	// Served is called after each request with the pattern of its route, "" if
	// it has none, and never with its path.
	Served(route string, status int, took time.Duration)
}

// Recommended is a catalogue item with the reason why it is shown.
type Recommended struct {
	catalog.Item
	Reason string `json:"reason"`
}

// Parts are what the server serves.
type Parts struct {
	House   *room.House
	Pool    *fanout.Pool
	Media   *signaling.Service
	Keys    *auth.Keys
	Once    *auth.OneTime
	APIKeys *auth.APIKeys
	Catalog *catalog.Catalog
	Points  Points
	Static  fs.FS
	Files   Files      // uploaded ones; nil: there are none
	Bank    bank.Store // questions that teachers keep; nil: they cannot
	Log     *zap.Logger

	// Recommend ranks the catalogue for a person, or for nobody in
	// particular (""), with reasons in that language.
	Recommend func(person wire.UserID, kind, lang string, limit int) []Recommended
	Behaviors Behaviors

	Experiments Experiments // nil: nobody is asked about them

	// HLS is what serves viewers without WebRTC; nil: nothing does.
	HLS *hls.Service
	// Recordings are those of all rooms; nil: there are none.
	Recordings *record.Archive
	// ChapterWords are what a recording's chapters are called, in their order.
	ChapterWords func(context.Context, record.Manifest) []string

	// Check says why the server can be of no use now, or nil; nil: it always is.
	Check func() error
	// Observer hears of every request; nil: nobody does.
	Observer Observer
}

// Server handles requests.
type Server struct {
	Parts
	config    Config
	texts     texts
	files     files
	pages     pace           // batches of behaviours that one person's pages send
	banking   pace           // requests about one person's question bank
	importing pace           // files of questions that one person has read
	posting   pace           // connections that one person has opened over HTTP
	minds     pace           // how often one person takes part in experiments, or not
	imports   chan struct{}  // a place for each file that is being read
	downloads chan struct{}  // a place for each file that is made and sent
	sockets   sync.WaitGroup // open ones, and one more until Close
	draining  atomic.Bool    // nobody new is let in
	lobby     lobby
	gate      gate
	reports   *report.Desk
	mayWatch  verdicts
	mux       *http.ServeMux
}

// New returns a server over its parts.
func New(config Config, parts Parts) (*Server, error) {
	s := &Server{
		Parts: parts, config: config.withDefaults(), mux: http.NewServeMux(),
		pages:   pace{every: time.Second, burst: 20},
		banking: pace{every: 50 * time.Millisecond, burst: 100}, importing: pace{every: time.Second, burst: 20},
		posting: pace{every: 500 * time.Millisecond, burst: 10}, minds: pace{every: 10 * time.Second, burst: 10},
		imports: make(chan struct{}, importsAtOnce), downloads: make(chan struct{}, downloadsAtOnce),
	}
	s.lobby.most, s.lobby.each = s.config.Handshakes, s.config.Neighbours
	s.gate.rate = s.config.Joins
	s.reports = report.NewDesk(s.House)
	var err error
	if s.texts, err = loadTexts(parts.Static); err != nil {
		return nil, err
	}
	if s.files, err = loadFiles(parts.Static); err != nil {
		return nil, err
	}
	s.routes()
	s.sockets.Add(1)
	return s, nil
}

// routes lists every address that the server answers.
func (s *Server) routes() {
	s.mux.HandleFunc("GET /healthz", s.Health)
	s.mux.HandleFunc("GET /readyz", s.Readiness)

	s.mux.HandleFunc("GET /v1/rooms/{room}/socket", s.newcomers(s.classSocket))
	s.mux.HandleFunc("GET /v1/rooms/{room}/admin", s.newcomers(s.adminSocket))
	s.captionRoutes()

	s.mux.HandleFunc("GET /v1/sessions", s.sessions)
	s.mux.HandleFunc("GET /v1/videos", s.videos)
	s.mux.HandleFunc("GET /v1/rooms/{room}", s.roomStatus)
	s.mux.HandleFunc("POST /v1/rooms/{room}/join", s.newcomers(s.join))
	s.mux.HandleFunc("POST /v1/rooms/{room}/claim", s.newcomers(s.claim))
	s.mux.HandleFunc("POST /v1/rooms/{room}/links", s.links)
	s.mux.HandleFunc("GET /v1/rooms/{room}/questions.csv", s.questions)
	s.reportRoutes()
	s.postedRoutes()
	s.hlsRoutes()
	s.mux.HandleFunc("POST /v1/rooms/{room}/questions/import", s.importQuestions)
	s.mux.HandleFunc("POST /v1/rooms/{room}/questions/export", s.exportQuestions)
	if s.Bank != nil {
		s.bankRoutes()
	}
	if s.Files != nil {
		s.mux.HandleFunc("POST /v1/rooms/{room}/files", s.upload)
		s.mux.HandleFunc("GET /v1/files/{id}", s.file)
	}
	s.mux.HandleFunc("POST /v1/rooms/{room}/redeem", s.newcomers(s.redeem))
	s.mux.HandleFunc("GET /v1/rooms/{room}/recordings", s.recordings)
	s.mux.HandleFunc("GET /v1/rooms/{room}/recordings/{recording}", s.recording)
	s.mux.HandleFunc("DELETE /v1/rooms/{room}/recordings/{recording}", s.removeRecording)
	s.mux.HandleFunc("GET /v1/rooms/{room}/recordings/{recording}/{file}", s.recordingFile)
	s.mux.HandleFunc("POST /v1/rooms/{room}/recordings/{recording}/clips", s.cutClip)
	s.mux.HandleFunc("POST /v1/rooms/{room}/poster", s.poster)
	s.mux.HandleFunc("GET /v1/clips/{clip}", s.clip)
	s.mux.HandleFunc("GET /v1/me/points", s.points)
	s.mux.HandleFunc("GET /v1/recommendations", s.recommendations)
	s.mux.HandleFunc("POST /v1/behaviors", s.behaviors)
	if s.Experiments != nil {
		s.experimentRoutes()
	}
	s.mux.HandleFunc(unrouted, s.unanswered)

	s.mux.HandleFunc("GET /{$}", s.page("index.html"))
	s.mux.HandleFunc("GET /class/{room}", s.page("class.html"))
	s.mux.HandleFunc("GET /host", s.page("host.html"))
	s.mux.HandleFunc("GET /host/{room}", s.page("host.html"))
	s.mux.HandleFunc("GET /moderate/{room}", s.page("moderate.html"))
	s.mux.HandleFunc("GET /videos/{id}", s.page("video.html"))
	s.mux.HandleFunc("GET /recording/{room}/{recording}", s.page("recording.html"))
	s.mux.HandleFunc("GET /static/{path...}", s.static)
	s.mux.HandleFunc("GET /favicon.ico", s.favicon)
}

// Close waits until all sockets are closed, or ctx is over. The house is
// closed first: it tells the sockets to come back.
func (s *Server) Close(ctx context.Context) {
	closed := make(chan struct{})
	s.sockets.Done()
	go func() {
		s.sockets.Wait()
		close(closed)
	}()
	select {
	case <-closed:
	case <-ctx.Done():
	}
}

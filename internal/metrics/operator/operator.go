// Package operator is the door for whoever runs the server: metrics, health,
// readiness and profiles on a listener of their own, apart from the public
// one.
//
//	/metrics  /healthz  /readyz  /debug/pprof/  and pages that are handed in
//
// It is reached from this machine alone unless there is a secret. With one,
// each request must carry it (Authorization: Bearer …), and an address that
// guesses is locked out for a while. A page in a browser on this machine does
// not get in either: not by a name that resolves to it (DNS rebinding), and
// not by a request across sites.
//
// By itself it changes nothing in the server, and logs no address and no secret.
package operator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/netutil"
)

// Default is where the door is unless it is put elsewhere.
const Default = "127.0.0.1:9464"

// Config says where operators come in.
type Config struct {
	Listen string `yaml:"listen" default:"127.0.0.1:9464" doc:"address for operators: /metrics, /healthz, /readyz and /debug/pprof/; unix:/path is a socket that only the server's user can open; empty: none. If the default is taken, by a second server on the machine, the server warns and goes on without; any other address must be free"`
	Secret string `yaml:"secret" doc:"what operators' requests carry as Authorization: Bearer; at least 16 characters; needed where the address can be reached from other machines. Set LYCEUM_OPS_SECRET rather than write it in a file that others read"`
}

// leastSecret is how many characters a secret has at least.
const leastSecret = 16

// Check reports what is wrong with the configuration.
func (c Config) Check() error {
	if c.Secret != "" && len(c.Secret) < leastSecret {
		return fmt.Errorf("secret: must have at least %d characters", leastSecret)
	}
	path, isUnix := strings.CutPrefix(c.Listen, unixPrefix)
	switch {
	case c.Listen == "":
		return nil
	case isUnix && path == "":
		return errors.New("listen: unix: needs a path")
	case isUnix:
		return nil
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if c.Secret == "" && !isLoopback(host) {
		return fmt.Errorf("listen: other machines reach this address, so there must be a secret of at least %d characters", leastSecret)
	}
	return nil
}

// isLoopback reports whether a host is this machine by its very name.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Pages are what operators see.
type Pages struct {
	Metrics           http.Handler
	Health, Readiness http.HandlerFunc

	// By pattern: Open ones need no secret, for a browser that opens a page has
	// none yet; so they say nothing of this server. Closed ones need it.
	Open, Closed map[string]http.Handler
}

// Door is an open listener for operators.
type Door struct {
	addr string
	http *http.Server
	done chan struct{} // closed when nothing is served any more
}

const (
	headerFor = 5 * time.Second // that a request may take to send its head
	idleFor   = 2 * time.Minute // that a connection may wait for its next request
	mostConns = 64              // whatever knocks here, files remain for the classes
)

// Open listens. Close ends it.
func Open(c Config, pages Pages, log *zap.Logger) (*Door, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	l, err := listen(c)
	if err != nil {
		return nil, err
	}
	d := &Door{addr: l.Addr().String(), done: make(chan struct{})}
	if l.Addr().Network() == "unix" {
		d.addr = c.Listen
	}
	d.http = &http.Server{
		Handler:           newGuard(c, l.Addr(), routes(pages), openTo(pages), log),
		ReadHeaderTimeout: headerFor, IdleTimeout: idleFor, MaxHeaderBytes: 16 << 10,
		ErrorLog: zap.NewStdLog(log),
	}
	go func() {
		defer close(d.done)
		if err := d.http.Serve(netutil.LimitListener(l, mostConns)); !errors.Is(err, http.ErrServerClosed) {
			log.Error("operators are not served any more", zap.Error(err))
		}
	}()
	return d, nil
}

// Addr is where the door is, as Config.Listen would say it.
func (d *Door) Addr() string { return d.addr }

// Close lets requests end until ctx is over, and cuts off those that have not.
func (d *Door) Close(ctx context.Context) {
	if d.http.Shutdown(ctx) != nil {
		_ = d.http.Close() // a profile, for instance, that takes its time
	}
	<-d.done
}

func routes(pages Pages) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", pages.Metrics)
	mux.Handle("GET /healthz", pages.Health)
	mux.Handle("GET /readyz", pages.Readiness)
	// Without the command line, whose flags may hold secrets.
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", http.NotFound)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
	for pattern, page := range pages.Closed {
		mux.Handle(pattern, page)
	}
	for pattern, page := range pages.Open {
		mux.Handle(pattern, page)
	}
	return mux
}

// openTo tells which requests need no secret.
func openTo(pages Pages) func(*http.Request) bool {
	mux := http.NewServeMux()
	for pattern := range pages.Open {
		mux.Handle(pattern, http.NotFoundHandler())
	}
	return func(r *http.Request) bool {
		_, pattern := mux.Handler(r)
		_, open := pages.Open[pattern] // and not an answer that the mux has for itself
		return open
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/lyceum-live/lyceum/internal/port"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

const (
	drainFor = 5 * time.Second  // that sockets and requests have to end once everybody was sent away
	readFor  = 30 * time.Second // that a request may take to arrive
	idleFor  = 2 * time.Minute  // that a connection may wait for its next request
)

// gcPercent lets the heap grow by half between two collections: most of what a
// server with ten thousand people holds is small and lives as long as they
// stay, and half as much garbage beside it costs little. GOGC in the
// environment says otherwise.
const gcPercent = 50

func serve(args []string) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	c, fs, err := loadConfig("serve", args, nil)
	if err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("serve: unexpected %q; a configuration file is named by --config", fs.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return runServer(ctx, c, os.Stdout, func(*installation) {})
}

// runServer serves until ctx ends. up is called once requests are answered.
func runServer(ctx context.Context, c *Config, out io.Writer, up func(*installation)) error {
	log, err := newLogger(c)
	if err != nil {
		return err
	}
	defer func() { _ = log.Sync() }()
	defer endAtSecondSignal(log)()
	in, err := install(ctx, c, log)
	if err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return nil // told to stop before it had begun
		}
		return err
	}
	defer in.close()
	pages, err := in.listen()
	if err != nil {
		return err
	}
	in.url = baseURL(c, pages.Addr())
	srv := &http.Server{Handler: in.server, ReadHeaderTimeout: c.HTTP.Header, ReadTimeout: readFor, IdleTimeout: idleFor, MaxHeaderBytes: 16 << 10, ErrorLog: zap.NewStdLog(log)}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(pages.Listener(port.Pages)) }()
	in.greet(out, pages.Addr())
	up(in)
	select {
	case err := <-failed:
		return fmt.Errorf("http: %w", err)
	case <-ctx.Done():
	}
	return in.drain(srv, pages)
}

// drain ends what the outside sees, in an order that loses nothing: nobody new
// is let in, those who are here are told to come back, what they asked for is
// finished, and requests under way are answered. Followers, media and the
// store end after it, when the installation is closed.
func (in *installation) drain(srv *http.Server, pages *port.Port) error {
	began := time.Now()
	in.log.Info("stopping")
	in.server.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), in.config.HTTP.Drain+drainFor)
	defer cancel()
	in.house.Drain(ctx, in.config.HTTP.Drain)
	in.house.Close()  // appends are finished and snapshots saved
	_ = pages.Close() // the next server may have the port
	err := srv.Shutdown(ctx)
	in.server.Close(ctx)
	in.log.Info("nobody is here any more", zap.Duration("after", time.Since(began)))
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// greet says where everything is.
func (in *installation) greet(out io.Writer, pages net.Addr) {
	id := wire.RoomID(in.config.Access.Room)
	secret, _ := in.once.Make(id, time.Now())
	fmt.Fprintf(out, `Lyceum is running.

  Pages      %[1]s
  Teach      %[1]s%[2]s#once=%[3]s
             (the host link works once, within 24 hours; lyceum token -role host makes others)
  Watch      %[1]s%[4]s
  Media      %[5]s
  Data       %[6]s
  Operators  %[7]s

Stop with Ctrl-C.
`, in.url, server.PathFor(wire.Host, id), secret, server.PathFor(wire.Viewer, id), in.ways(pages), in.config.Data.Dir, in.doorAddr())
}

// baseURL is how this machine reaches the server.
func baseURL(c *Config, addr net.Addr) string {
	if c.HTTP.PublicURL != "" {
		return c.HTTP.PublicURL
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func newLogger(c *Config) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(c.Log.Level)
	if err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	z := zap.NewProductionConfig()
	if c.Log.Format == "console" {
		z = zap.NewDevelopmentConfig()
		z.Development = false
		z.DisableStacktrace = true
	}
	z.DisableCaller = true
	z.Level = zap.NewAtomicLevelAt(level)
	return z.Build()
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/configs"
	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/internal/metrics"
	"github.com/lyceum-live/lyceum/internal/metrics/operator"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/static"
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
	l, err := net.Listen("tcp", c.HTTP.Addr)
	if err != nil {
		return fmt.Errorf("http: %w", err)
	}
	in.url = baseURL(c, l.Addr())
	srv := &http.Server{Handler: in.server, ReadHeaderTimeout: c.HTTP.Header, ReadTimeout: readFor, IdleTimeout: idleFor, MaxHeaderBytes: 16 << 10, ErrorLog: zap.NewStdLog(log)}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	in.greet(out)
	up(in)
	select {
	case err := <-failed:
		return fmt.Errorf("http: %w", err)
	case <-ctx.Done():
	}
	return in.drain(srv)
}

// drain ends what the outside sees, in an order that loses nothing: nobody new
// is let in, those who are here are told to come back, what they asked for is
// finished, and requests under way are answered. Followers, media and the
// store end after it, when the installation is closed.
func (in *installation) drain(srv *http.Server) error {
	began := time.Now()
	in.log.Info("stopping")
	in.server.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), in.config.HTTP.Drain+drainFor)
	defer cancel()
	in.house.Drain(ctx, in.config.HTTP.Drain)
	in.house.Close() // appends are finished and snapshots saved
	err := srv.Shutdown(ctx)
	in.server.Close(ctx)
	in.log.Info("nobody is here any more", zap.Duration("after", time.Since(began)))
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// installation is everything that runs, joined.
type installation struct {
	config    *Config
	log       *zap.Logger
	metrics   *metrics.Metrics
	door      *operator.Door // nil where operators have none
	url       string
	keys      *auth.Keys
	once      *auth.OneTime
	house     *room.House
	server    *server.Server
	engine    *media.Engine
	shelf     *catalog.Catalog
	closers   []func() // in the order of opening
	hostToken func(id wire.RoomID, name string) (string, error)
}

// close ends the parts in reverse order.
func (in *installation) close() {
	for i := len(in.closers) - 1; i >= 0; i-- {
		in.closers[i]()
	}
}

// install opens the store and joins all parts.
func install(ctx context.Context, c *Config, log *zap.Logger) (_ *installation, err error) {
	in := &installation{config: c, log: log, metrics: metrics.New(), once: &auth.OneTime{}}
	defer func() {
		if err != nil {
			in.close()
		}
	}()
	opened := func(close func()) { in.closers = append(in.closers, close) }

	if in.shelf, err = loadCatalog(c.Catalog.File); err != nil {
		return nil, err
	}
	apiKeys, err := auth.ParseAPIKeys(c.Access.Keys)
	if err != nil {
		return nil, fmt.Errorf("access.api_keys: %w", err)
	}
	store, err := sqlite.Open(ctx, c.Data.Dir, c.Store, log.Named("store"))
	if err != nil {
		return nil, err
	}
	store.OnCommit(in.metrics.Committed)
	opened(func() { _ = store.Close() })
	keyPath := filepath.Join(c.Data.Dir, keyFile)
	if in.keys, err = auth.LoadOrCreate(keyPath); err != nil {
		return nil, err
	}

	engine, err := newRecommender(ctx, c, store, in.shelf, log)
	if err != nil {
		return nil, err
	}
	pool := fanout.NewPool(c.Sockets)
	opened(pool.Close)
	if in.engine, err = media.NewEngine(c.Media, log.Named("media")); err != nil {
		return nil, err
	}
	opened(func() { _ = in.engine.Close() })
	stage := signaling.New(in.engine, log.Named("signaling"))
	opened(stage.Close)

	go text.WarmUp() // or a room would wait for the dictionary at its first Chinese search
	in.house = room.NewHouse(c.Room, store, room.NewVault(store), pool, log.Named("room"))
	in.house.Title = func(id wire.RoomID) string {
		if item, ok := in.shelf.ByRoom(id); ok {
			return item.Title
		}
		return titleOf(id)
	}
	if in.house.Screen, err = openScreen(c.Screen); err != nil {
		return nil, fmt.Errorf("moderation.lists: %w", err)
	}
	in.house.Observer = in.metrics
	recall(in.house, filepath.Join(c.Data.Dir, attendedFile), log.Named("room"))
	opened(in.house.Close)
	stage.OnStage(func(id wire.RoomID, _ []media.Source) { clearStage(stage, in.house, id, log) })

	archive, err := openArchive(c, in.shelf, in.house, engine, log.Named("record"))
	if err != nil {
		return nil, err
	}
	opened(archive.Close)
	bank := reward.NewBank(reward.NewRules(c.Points), store)
	for name, handle := range map[string]room.Handle{
		"points": earnPoints(bank, in.house),
		"learn":  learn(engine, in.shelf, in.house, log.Named("learn")),
		"media":  endMedia(stage, in.house, in.engine.Grace(), log),
		"record": recordClasses(archive, stage, in.house, c.Record.Auto),
	} {
		follower := room.NewFollower(name, in.house, store, log, in.metrics.Followed(name, handle))
		opened(follower.Close)
	}

	// What a class of the catalogue has come to, as far as it has begun.
	for _, item := range in.shelf.Sessions() {
		status, begun, err := in.house.Status(ctx, item.Room)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			log.Warn("a class of the catalogue cannot be opened", zap.String("room", string(item.Room)), zap.Error(err))
			continue // the others can
		}
		if begun && status.Phase != room.Waiting { // the phases are the room's own words
			engine.SetPhase(item.ID, recommend.Phase(status.Phase))
		}
	}
	opened(tend(engine, in.shelf, log.Named("learn")))
	opened(note(in.house, filepath.Join(c.Data.Dir, attendedFile), log.Named("room")))
	opened(retain(in.house, c.Data.Keep, log.Named("data")))

	uploads, err := files.Open(filepath.Join(c.Data.Dir, files.Folder), c.Files)
	if err != nil {
		return nil, err
	}
	in.server, err = server.New(server.Config{
		PublicURL: c.HTTP.PublicURL, Origins: c.HTTP.Origins, Guests: c.Access.Guests, Ticket: c.Access.Ticket,
		Rate: c.Access.Rate, Burst: c.Access.Burst, Joins: c.Access.Joins, Handshakes: c.Access.Handshakes, Neighbours: c.Access.Neighbours,
	}, server.Parts{
		House: in.house, Pool: pool, Media: stage, Keys: in.keys, Once: in.once, APIKeys: apiKeys,
		Catalog: in.shelf, Points: bank, Bank: store, Behaviors: engine, Static: static.FS, Files: uploads, Log: log.Named("http"),
		Recommend: func(person wire.UserID, kind, lang string, limit int) []server.Recommended {
			return recommended(engine, in.shelf, person, kind, lang, limit)
		},
		Recordings: archive, ChapterWords: chapterWords(in.house),
		Check: ability(store, keyPath), Observer: in.metrics,
	})
	if err != nil {
		return nil, err
	}
	in.count(pool, store, stage)
	if err := in.openDoor(); err != nil {
		return nil, err
	}
	opened(in.closeDoor) // first of all, for it asks the others
	in.hostToken = func(id wire.RoomID, name string) (string, error) {
		now := time.Now()
		return in.keys.Mint(auth.Claims{
			Kind: auth.Room, Room: id, User: auth.NewUserID(), Name: name, Role: wire.Host,
			Issued: now, Expires: now.Add(24 * time.Hour),
		})
	}
	return in, nil
}

// titleOf makes a room's name fit for people, until its host gives it a title.
func titleOf(id wire.RoomID) string {
	words := strings.ReplaceAll(string(id), "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// newRecommender builds the recommender and lets it read what it has learned
// from before.
func newRecommender(ctx context.Context, c *Config, store *sqlite.Store, shelf *catalog.Catalog, log *zap.Logger) (*recommend.Engine, error) {
	engine, err := recommend.New(c.Suggest, store, time.Now, rand.NewPCG(rand.Uint64(), rand.Uint64()))
	if err != nil {
		return nil, fmt.Errorf("suggest: %w", err)
	}
	engine.SetCatalog(itemsOf(shelf))
	began := time.Now()
	n, err := engine.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("suggest: %w", err)
	}
	log.Info("recommender ready", zap.Int("behaviours", n), zap.Duration("in", time.Since(began)))
	return engine, nil
}

// itemsOf is the catalogue as the recommender knows it.
func itemsOf(shelf *catalog.Catalog) []recommend.Item {
	all := shelf.All()
	items := make([]recommend.Item, 0, len(all))
	for _, i := range all {
		items = append(items, recommend.Item{
			ID: i.ID, Kind: string(i.Kind), Title: i.Title, Text: i.Description, Tags: i.Tags, Author: i.Author,
			Lang: i.Lang, Level: string(i.Level), Starts: i.StartsAt, Ends: endOf(i), Room: i.Room, Price: i.Price,
			Duration: time.Duration(i.DurationS) * time.Second,
		})
	}
	return items
}

// endOf is when a class is over by the timetable, or 0 if there is none.
func endOf(i catalog.Item) wire.Millis {
	if i.StartsAt == 0 {
		return 0
	}
	return i.StartsAt + wire.Millis(1000*cmp.Or(i.DurationS, usualClass))
}

// tend lets the recommender know, from time to time, when classes that repeat
// begin next, and keeps a snapshot of what it has learned. The function that
// it returns ends that, with a last snapshot.
func tend(engine *recommend.Engine, shelf *catalog.Catalog, log *zap.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	save := func() {
		if err := engine.Save(context.Background()); err != nil {
			log.Warn("snapshot of the recommender not saved; it will be learned again", zap.Error(err))
		}
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Minute)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				engine.SetCatalog(itemsOf(shelf))
				save()
			case <-ctx.Done():
				save()
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

func recommended(engine *recommend.Engine, shelf *catalog.Catalog, person wire.UserID, kind, lang string, limit int) []server.Recommended {
	r := recommend.Request{Person: person, Moment: "page", Now: wire.At(time.Now()), Limit: limit, Langs: []string{lang}}
	if kind != "" {
		r.Kinds = []string{kind}
	}
	items := make([]server.Recommended, 0, limit)
	for _, s := range engine.Suggest(r) {
		if item, ok := shelf.Get(s.Item.ID); ok {
			items = append(items, server.Recommended{Item: item, Reason: s.Reason.Text(lang)})
		}
	}
	return items
}

func loadCatalog(file string) (*catalog.Catalog, error) {
	if file != "" {
		return catalog.Load(file, time.Now)
	}
	const sample = "catalog.yaml"
	text, err := configs.FS.ReadFile(sample)
	if err != nil {
		return nil, err
	}
	return catalog.Parse(sample, text, time.Now)
}

// greet says where everything is.
func (in *installation) greet(out io.Writer) {
	id := wire.RoomID(in.config.Access.Room)
	secret, _ := in.once.Make(id, time.Now())
	fmt.Fprintf(out, `Lyceum is running.

  Pages      %[1]s
  Teach      %[1]s%[2]s#once=%[3]s
             (the host link works once, within 24 hours; lyceum token -role host makes others)
  Watch      %[1]s%[4]s
  Media      UDP %[5]s
  Data       %[6]s
  Operators  %[7]s

Stop with Ctrl-C.
`, in.url, server.PathFor(wire.Host, id), secret, server.PathFor(wire.Viewer, id), in.engine.Addr(), in.config.Data.Dir, in.doorAddr())
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

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"

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
	"github.com/lyceum-live/lyceum/media/hls"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/static"
	"github.com/lyceum-live/lyceum/wire"
)

// installation is everything that runs, joined. It is opened by [install] in
// the order of its fields and closed in the reverse one.
type installation struct {
	config  *Config
	log     *zap.Logger
	metrics *metrics.Metrics
	once    *auth.OneTime

	shelf       *catalog.Catalog
	apiKeys     *auth.APIKeys
	store       *sqlite.Store
	keys        *auth.Keys
	recommender *recommend.Engine
	pool        *fanout.Pool
	engine      *media.Engine
	stage       *signaling.Service
	hls         *hls.Service // nil: there is none
	house       *room.House
	archive     *record.Archive
	bank        *reward.Bank
	server      *server.Server
	door        *operator.Door // nil where operators have none
	url         string         // set when the server listens

	closers []func() // in the order of opening
}

// install opens the store and joins all parts.
func install(ctx context.Context, c *Config, log *zap.Logger) (*installation, error) {
	in := &installation{config: c, log: log, metrics: metrics.New(), once: &auth.OneTime{}}
	for _, open := range []func(context.Context) error{
		in.openData, in.openRecommender, in.openMedia, in.openHouse, in.openRecordings, in.follow, in.recallClasses, in.keepHouse, in.openServer,
	} {
		if err := open(ctx); err != nil {
			in.close()
			return nil, err
		}
	}
	return in, nil
}

// opened notes how to close what has been opened.
func (in *installation) opened(close func()) { in.closers = append(in.closers, close) }

// close ends the parts in reverse order.
func (in *installation) close() {
	for i := len(in.closers) - 1; i >= 0; i-- {
		in.closers[i]()
	}
}

// inData is the path of a file in the data folder.
func (in *installation) inData(name string) string { return filepath.Join(in.config.Data.Dir, name) }

// openData opens what is kept: the catalogue, the store, the keys.
func (in *installation) openData(ctx context.Context) (err error) {
	if in.shelf, err = loadCatalog(in.config.Catalog.File); err != nil {
		return err
	}
	if in.apiKeys, err = auth.ParseAPIKeys(in.config.Access.Keys); err != nil {
		return fmt.Errorf("access.api_keys: %w", err)
	}
	if in.store, err = sqlite.Open(ctx, in.config.Data.Dir, in.config.Store, in.log.Named("store")); err != nil {
		return err
	}
	in.store.OnCommit(in.metrics.Committed)
	in.opened(func() { _ = in.store.Close() })
	in.keys, err = auth.LoadOrCreate(in.inData(keyFile))
	return err
}

func (in *installation) openRecommender(ctx context.Context) (err error) {
	in.recommender, err = newRecommender(ctx, in.config, in.store, in.shelf, in.log)
	return err
}

// openMedia opens the ways to the people: sockets and media.
func (in *installation) openMedia(context.Context) (err error) {
	in.pool = fanout.NewPool(in.config.Sockets)
	in.opened(in.pool.Close)
	if in.engine, err = media.NewEngine(in.config.Media, in.log.Named("media")); err != nil {
		return err
	}
	in.opened(func() { _ = in.engine.Close() })
	in.stage = signaling.New(in.engine, in.log.Named("signaling"))
	in.opened(in.stage.Close)
	in.stage.SetCeiling(in.config.HLS.Viewers)
	if !in.config.HLS.Off {
		prefer := func(id wire.RoomID) { in.stage.Prefer(id, webrtc.MimeTypeH264) }
		in.hls = hls.New(in.config.HLS, in.stage.Stage, prefer, in.log.Named("hls"))
		in.opened(in.hls.Close)
	}
	return nil
}

// openHouse opens the house of the rooms.
func (in *installation) openHouse(context.Context) (err error) {
	go text.WarmUp() // or a room would wait for the dictionary at its first Chinese search
	log := in.log.Named("room")
	in.house = room.NewHouse(in.config.Room, in.store, room.NewVault(in.store), in.pool, log)
	in.house.Title = func(id wire.RoomID) string {
		if item, ok := in.shelf.ByRoom(id); ok {
			return item.Title
		}
		return titleOf(id)
	}
	if in.house.Screen, err = openScreen(in.config.Screen); err != nil {
		return fmt.Errorf("moderation.lists: %w", err)
	}
	if in.hls != nil {
		in.house.Behind = in.hls.Behind
	}
	in.house.Observer = in.metrics
	in.house.Records = in.config.Record.Auto
	recall(in.house, in.inData(attendedFile), log)
	in.opened(in.house.Close)
	in.stage.OnStage(func(id wire.RoomID, _ []media.Source) { clearStage(in.stage, in.house, id, in.log) })
	in.stage.OnSpeaker(func(id wire.RoomID, seat int) { in.house.Speaks(context.Background(), id, seat) })
	return nil
}

func (in *installation) openRecordings(context.Context) (err error) {
	in.archive, err = openArchive(in.config, in.shelf, in.house, in.recommender, in.log.Named("record"))
	if err != nil {
		return err
	}
	in.opened(in.archive.Close)
	return nil
}

// follow starts the followers of the log, before any room is opened.
func (in *installation) follow(context.Context) error {
	in.bank = reward.NewBank(reward.NewRules(in.config.Points), in.store)
	for name, handle := range map[string]room.Handle{
		"points": earnPoints(in.bank, in.house),
		"learn":  learn(in.recommender, in.shelf, in.house, in.log.Named("learn")),
		"media":  endMedia(in.stage, in.house, in.engine.Grace(), in.log),
		"record": recordClasses(in.archive, in.stage, in.house, in.config.Record.Auto),
	} {
		follower := room.NewFollower(name, in.house, in.store, in.log, in.metrics.Followed(name, handle))
		in.opened(follower.Close)
	}
	return nil
}

// recallClasses tells the recommender what the catalogue's classes have come
// to, as far as they have begun.
func (in *installation) recallClasses(ctx context.Context) error {
	for _, item := range in.shelf.Sessions() {
		status, begun, err := in.house.Status(ctx, item.Room)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			in.log.Warn("a class of the catalogue cannot be opened", zap.String("room", string(item.Room)), zap.Error(err))
			continue // the others can
		}
		if begun && status.Phase != room.Waiting { // the phases are the room's own words
			in.recommender.SetPhase(item.ID, recommend.Phase(status.Phase))
		}
	}
	return nil
}

// keepHouse starts what is done from time to time.
func (in *installation) keepHouse(context.Context) error {
	in.opened(tend(in.recommender, in.shelf, in.log.Named("learn")))
	in.opened(note(in.house, in.inData(attendedFile), in.log.Named("room")))
	in.opened(retain(in.house, in.config.Data.Keep, in.log.Named("data")))
	in.opened(expire(in.archive, in.house, in.unshelve, in.config.Record.Keep, in.log.Named("record")))
	return nil
}

// openServer joins all parts behind the HTTP handlers, the operators' among them.
func (in *installation) openServer(context.Context) error {
	c := in.config
	uploads, err := files.Open(in.inData(files.Folder), c.Files)
	if err != nil {
		return err
	}
	in.server, err = server.New(server.Config{
		PublicURL: c.HTTP.PublicURL, Origins: c.HTTP.Origins, Guests: c.Access.Guests, Ticket: c.Access.Ticket,
		Rate: c.Access.Rate, Burst: c.Access.Burst, Joins: c.Access.Joins, Handshakes: c.Access.Handshakes, Neighbours: c.Access.Neighbours,
	}, server.Parts{
		House: in.house, Pool: in.pool, Media: in.stage, Keys: in.keys, Once: in.once, APIKeys: in.apiKeys,
		Catalog: in.shelf, Points: in.bank, Bank: in.store, Behaviors: in.recommender, Experiments: in.recommender, Static: static.FS, Files: uploads, Log: in.log.Named("http"),
		Recommend: func(person wire.UserID, kind, lang string, limit int) []server.Recommended {
			return recommended(in.recommender, in.shelf, person, kind, lang, limit, in.log.Named("learn"))
		},
		HLS: in.hls, Recordings: in.archive, ChapterWords: chapterWords(in.house),
		Check: ability(in.store, in.inData(keyFile)), Observer: in.metrics,
	})
	if err != nil {
		return err
	}
	in.count(in.pool, in.store, in.stage)
	if err := in.openDoor(); err != nil {
		return err
	}
	in.opened(in.closeDoor) // closed first of all, for it asks the others
	return nil
}

// titleOf makes a room's name fit for people, until its host gives it a title.
func titleOf(id wire.RoomID) string {
	words := strings.ReplaceAll(string(id), "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
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

package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

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

func recommended(engine *recommend.Engine, shelf *catalog.Catalog, person wire.UserID, kind, lang string, limit int, log *zap.Logger) []server.Recommended {
	r := recommend.Request{Person: person, Moment: "page", Now: wire.At(time.Now()), Limit: limit, Langs: []string{lang}}
	if kind != "" {
		r.Kinds = []string{kind}
	}
	if person != "" {
		expose(context.Background(), engine, []wire.UserID{person}, r.Now, log)
	}
	items := make([]server.Recommended, 0, limit)
	for _, s := range engine.Suggest(r) {
		if item, ok := shelf.Get(s.Item.ID); ok {
			items = append(items, server.Recommended{Item: item, Reason: s.Reason.Text(lang)})
		}
	}
	return items
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// recordings is the folder of recordings within that of the data.
const recordings = "recordings"

// openArchive opens the recordings, and puts the clips that there are into
// the catalogue.
func openArchive(c *Config, shelf *catalog.Catalog, house *room.House, engine *recommend.Engine, log *zap.Logger) (*record.Archive, error) {
	archive, err := record.Open(filepath.Join(c.Data.Dir, recordings), c.Record, record.Told{
		Stopped: func(id wire.RoomID, recording uint64, reason string) {
			err := house.Do(context.Background(), id, wire.System, room.RecordFailed{ID: recording, Reason: reason})
			if err != nil && !errors.Is(err, room.ErrClosed) {
				log.Warn("the room does not know that its recording has ended", zap.String("room", string(id)), zap.Error(err))
			}
		},
		Cut: func(m record.Manifest, clip record.Clip) {
			publishClip(shelf, m, clip, log)
			engine.SetCatalog(itemsOf(shelf))
		},
	}, log)
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	archive.Clips(func(m record.Manifest, clip record.Clip) { publishClip(shelf, m, clip, log) })
	engine.SetCatalog(itemsOf(shelf))
	return archive, nil
}

// publishClip makes a clip a short video of the catalogue, by the same author
// and on the same topics as its class.
func publishClip(shelf *catalog.Catalog, m record.Manifest, clip record.Clip, log *zap.Logger) {
	class, _ := shelf.ByRoom(m.Room)
	name := record.Public(m.Room, clip.ID)
	title := clip.Title
	if title == "" {
		at := clip.From / 1000
		title = fmt.Sprintf("%s · %d:%02d", m.Title, at/60, at%60)
	}
	if _, known := shelf.Get(name); known {
		return
	}
	err := shelf.Add(catalog.Item{
		ID: name, Kind: catalog.Video, Title: title, Description: m.Title,
		Tags: class.Tags, Author: class.Author, Lang: class.Lang, Level: class.Level,
		DurationS: int((clip.Length + 999) / 1000), URL: "/v1/clips/" + name + filepath.Ext(clip.Name),
	})
	if err != nil {
		log.Warn("a clip is not in the catalogue", zap.String("room", string(m.Room)), zap.Error(err))
	}
}

// recordClasses does with recordings what a class's log says, and notes in
// them what happened in the class.
func recordClasses(archive *record.Archive, stage *signaling.Service, house *room.House, auto bool) room.Handle {
	return func(ctx context.Context, id wire.RoomID, events []room.Happened) error {
		air := func() *media.Stage { return stage.Stage(id) }
		for _, e := range events {
			h := e.Head
			switch e := e.Event.(type) {
			case room.Opened:
				if auto && justNow(house, id, h) {
					if err := house.Do(ctx, id, wire.System, room.RecordStart{}); err != nil && !errors.Is(err, room.ErrClosed) {
						return fmt.Errorf("record: %w", err)
					}
				}
			case room.RecordStarted:
				status, _, err := house.Status(ctx, id)
				if err == nil {
					err = archive.Start(id, h.Seq, status.Title, h.At, air)
				}
				if err != nil {
					return fmt.Errorf("record: %w", err)
				}
			case room.StageSet: // after a restart, the same recording goes on
				if recording := archive.Waiting(id); recording > 0 && len(e.Sources) > 0 {
					archive.Resume(id, recording, air)
				}
			case room.RecordStopped:
				archive.Stop(id, e.ID, h.At, e.Reason)
			case room.ClipMarked:
				archive.Want(id, e.Recording, h.Seq, e.Title, e.From, e.To)
			case room.SegmentSet:
				if e.Segment.Text != "" {
					archive.Mark(id, h.At, "segment", h.Seq)
				}
			case qa.Answered:
				archive.Mark(id, h.At, "question", e.Question)
			case poll.Opened:
				archive.Mark(id, h.At, "poll", e.Poll)
			case poll.Created:
				if e.Open {
					archive.Mark(id, h.At, "poll", h.Seq)
				}
			case quiz.Asked:
				archive.Mark(id, h.At, "quiz", e.Quiz)
			}
		}
		return nil
	}
}

// chapterWords are what the chapters of a recording are called, in order.
func chapterWords(house *room.House) func(context.Context, record.Manifest) []string {
	return func(ctx context.Context, m record.Manifest) []string {
		subjects := make([]room.Subject, len(m.Chapters))
		for i, c := range m.Chapters {
			subjects[i] = room.Subject{Kind: c.Kind, Ref: c.Ref}
		}
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		words, err := house.Words(ctx, m.Room, subjects)
		if err != nil {
			return make([]string, len(m.Chapters)) // their kinds will do
		}
		return words
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
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
	archive.Safe = house
	house.Reacted = func(id wire.RoomID, at wire.Millis, n int) { archive.Stir(id, at, record.Reactions, n) }
	archive.Clips(func(m record.Manifest, clip record.Clip) { publishClip(shelf, m, clip, log) })
	engine.SetCatalog(itemsOf(shelf))
	return archive, nil
}

// unshelve takes clips that are gone out of the catalogue.
func (in *installation) unshelve(clips []string) {
	for _, name := range clips {
		in.shelf.Remove(name)
	}
	if len(clips) > 0 {
		in.recommender.SetCatalog(itemsOf(in.shelf))
	}
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
	settled := sync.Map{} // rooms
	return func(ctx context.Context, id wire.RoomID, events []room.Happened) error {
		air := func() *media.Stage { return stage.Stage(id) }
		if _, done := settled.Load(id); !done { // what is on the disk may be of another log
			now, err := house.Recorded(ctx, id)
			if err != nil {
				return fmt.Errorf("record: %w", err)
			}
			if !now.On {
				now.ID = 0
			}
			archive.Settle(id, now.ID, now.Since)
			settled.Store(id, true)
		}
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
			case room.Captioned:
				archive.Say(id, h.Seq, e.Lang, e.Begin, e.End, e.Text)
			case room.CaptionFixed:
				archive.Correct(id, h.Seq, e.Cue, e.Text)
			case room.SegmentSet:
				if e.Segment.Text != "" {
					archive.Mark(id, h.At, "segment", h.Seq)
				}
			case room.Said:
				archive.Stir(id, h.At, record.Chat, 1)
			case qa.Asked, qa.Upvoted:
				archive.Stir(id, h.At, record.Questions, 1)
			case poll.Voted, poll.Balloted, quiz.Answered:
				archive.Stir(id, h.At, record.Answers, 1)
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

// When old recordings are looked for.
const (
	firstExpiry = 2 * time.Minute // after the start
	nextExpiry  = 24 * time.Hour
)

// expire deletes recordings once they are older than keep, 0: none. The
// function that it returns ends that.
func expire(archive *record.Archive, house *room.House, gone func(clips []string), keep time.Duration, log *zap.Logger) (stop func()) {
	if keep <= 0 {
		return func() {}
	}
	return periodically(firstExpiry, nextExpiry, func(ctx context.Context) {
		for _, m := range archive.Ended(wire.At(time.Now().Add(-keep))) {
			clips, err := expireOne(ctx, archive, house, m)
			gone(clips)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				log.Warn("an old recording is not deleted; tomorrow again", zap.String("room", string(m.Room)), zap.Uint64("recording", m.ID), zap.Error(err))
			}
		}
	})
}

// expireOne notes in a class's record that a recording goes, and deletes it:
// what is deleted has an entry, whatever comes in between.
func expireOne(ctx context.Context, archive *record.Archive, house *room.House, m record.Manifest) (clips []string, err error) {
	if err := house.Do(ctx, m.Room, wire.System, room.RecordDeleted{ID: m.ID, Old: true}); err != nil {
		return nil, err
	}
	return archive.Delete(m.Room, m.ID)
}

package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// commits are the figures of the batches that the store writes.
type commits struct {
	took, writes, rows prometheus.Histogram
}

func newCommits(m *Metrics) commits {
	return commits{
		took:   m.histogram("lyceum_store_commit_seconds", "How long a batch of writes took until all were on the disk or refused.", seconds),
		writes: m.histogram("lyceum_store_commit_writes", "Writes of all callers that were committed together.", sizes),
		rows:   m.histogram("lyceum_store_commit_rows", "Rows that a batch of writes made.", records),
	}
}

// Committed counts a batch of writes: how many callers wrote, the rows of them
// all, and how long it took until they were on the disk.
func (m *Metrics) Committed(writes, rows int, took time.Duration) {
	m.commits.took.Observe(took.Seconds())
	m.commits.writes.Observe(float64(writes))
	m.commits.rows.Observe(float64(rows))
}

// followers are the figures of those who read the rooms' logs.
type followers struct {
	events, failures *prometheus.CounterVec
	took, behind     *prometheus.HistogramVec
}

func newFollowers(m *Metrics) followers {
	return followers{
		events:   m.counters("lyceum_follower_events_total", "Events that a follower of the rooms' logs handled.", "follower"),
		failures: m.counters("lyceum_follower_failures_total", "Times that a follower could not handle events and has to try again.", "follower"),
		took:     m.histograms("lyceum_follower_handle_seconds", "How long a follower took for the events that waited in one room.", seconds, "follower"),
		behind:   m.histograms("lyceum_follower_lag_seconds", "How old the newest event was when a follower had handled it.", behind, "follower"),
	}
}

// Followed measures what a follower does with events. name is one of the few
// that the server has.
func (m *Metrics) Followed(name string, handle room.Handle) room.Handle {
	events, failures := m.follow.events.WithLabelValues(name), m.follow.failures.WithLabelValues(name)
	took, behind := m.follow.took.WithLabelValues(name), m.follow.behind.WithLabelValues(name)
	return func(ctx context.Context, id wire.RoomID, list []room.Happened) error {
		began := time.Now()
		if err := handle(ctx, id, list); err != nil {
			failures.Inc()
			return err
		}
		took.Observe(time.Since(began).Seconds())
		events.Add(float64(len(list)))
		if len(list) > 0 {
			behind.Observe(max(0, time.Since(list[len(list)-1].Head.At.Time()).Seconds()))
		}
		return nil
	}
}

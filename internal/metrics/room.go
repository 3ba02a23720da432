package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lyceum-live/lyceum/room"
)

var _ room.Observer = (*Metrics)(nil)

// rooms are the figures that rooms report.
type rooms struct {
	batch, waited, appended prometheus.Histogram
	events                  prometheus.Counter
	refused                 map[string]prometheus.Counter // by known code
	refusedOther            prometheus.Counter
	resumed, snapshot       prometheus.Counter
	opened, openedRecords   prometheus.Histogram
	openFailed              prometheus.Counter
	saved, savedBytes       prometheus.Histogram
	saveFailed, failed      prometheus.Counter
}

func newRooms(m *Metrics) rooms {
	refused := m.counters("lyceum_refusals_total", "Commands and entries that rooms refused, by error code.", "code")
	welcomes := m.counters("lyceum_welcomes_total", "Sockets let into a room: resumed where they were, or with a snapshot.", "kind")
	r := rooms{
		batch:         m.histogram("lyceum_room_batch_commands", "Commands that a room decided together.", sizes),
		waited:        m.histogram("lyceum_room_inbox_wait_seconds", "How long the oldest command of a batch waited in the room's inbox.", seconds),
		appended:      m.histogram("lyceum_room_append_seconds", "How long the store took to make a batch of events durable, as the room saw it.", seconds),
		events:        m.counter("lyceum_room_events_total", "Events that went into rooms' logs."),
		refused:       make(map[string]prometheus.Counter, len(Codes)),
		refusedOther:  refused.WithLabelValues("other"),
		resumed:       welcomes.WithLabelValues("resumed"),
		snapshot:      welcomes.WithLabelValues("snapshot"),
		opened:        m.histogram("lyceum_room_open_seconds", "How long it took to fold a room from its snapshot and its log.", seconds),
		openedRecords: m.histogram("lyceum_room_open_records", "Records beyond the snapshot that were read to open a room.", records),
		openFailed:    m.counter("lyceum_room_open_failures_total", "Rooms that could not be opened."),
		saved:         m.histogram("lyceum_room_snapshot_seconds", "How long it took to make and store a snapshot of a room.", seconds),
		savedBytes:    m.histogram("lyceum_room_snapshot_bytes", "Size of the snapshots of rooms.", bytes),
		saveFailed:    m.counter("lyceum_room_snapshot_failures_total", "Snapshots that could not be stored; the log has everything."),
		failed:        m.counter("lyceum_room_failures_total", "Rooms that panicked and were ended, to be rebuilt from their logs."),
	}
	for _, code := range Codes {
		r.refused[code] = refused.WithLabelValues(code)
	}
	return r
}

// Batched counts a batch of commands that were decided together.
func (m *Metrics) Batched(b room.Batch) {
	m.rooms.batch.Observe(float64(b.Commands))
	m.rooms.events.Add(float64(b.Events))
	m.rooms.waited.Observe(b.Waited.Seconds())
	if b.Append > 0 {
		m.rooms.appended.Observe(b.Append.Seconds())
	}
}

// Refused counts a refusal. A code that is not one of [Codes] counts as
// "other", so that no text can become a label.
func (m *Metrics) Refused(code string) {
	c, known := m.rooms.refused[code]
	if !known {
		c = m.rooms.refusedOther
	}
	c.Inc()
}

// Welcomed counts a socket that was let in.
func (m *Metrics) Welcomed(resumed bool) {
	if resumed {
		m.rooms.resumed.Inc()
	} else {
		m.rooms.snapshot.Inc()
	}
}

// Opened counts a room that was folded from its log.
func (m *Metrics) Opened(records int, took time.Duration, err error) {
	if err != nil {
		m.rooms.openFailed.Inc()
		return
	}
	m.rooms.opened.Observe(took.Seconds())
	m.rooms.openedRecords.Observe(float64(records))
}

// Saved counts a snapshot.
func (m *Metrics) Saved(bytes int, took time.Duration, err error) {
	if err != nil {
		m.rooms.saveFailed.Inc()
		return
	}
	m.rooms.saved.Observe(took.Seconds())
	m.rooms.savedBytes.Observe(float64(bytes))
}

// Failed counts a room that panicked.
func (m *Metrics) Failed() { m.rooms.failed.Inc() }

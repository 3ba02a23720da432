package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// figure is one value of what a part tells of itself.
type figure[S any] struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(S) float64
}

// count makes a figure that only grows. label is nothing, or the name and the
// value of what tells figures of one name apart.
func count[S any](name, help string, value func(S) float64, label ...string) figure[S] {
	return figure[S]{describe(name, help, label), prometheus.CounterValue, value}
}

// gauge makes a figure that goes up and down.
func gauge[S any](name, help string, value func(S) float64, label ...string) figure[S] {
	return figure[S]{describe(name, help, label), prometheus.GaugeValue, value}
}

func describe(name, help string, label []string) *prometheus.Desc {
	labels := prometheus.Labels{}
	for i := 0; i+1 < len(label); i += 2 {
		labels[label[i]] = label[i+1]
	}
	return prometheus.NewDesc(name, help, nil, labels)
}

// pulled is a part that is asked once for each scrape, so that its figures
// belong together.
type pulled[S any] struct {
	read    func() S
	figures []figure[S]
}

func (p pulled[S]) Describe(descs chan<- *prometheus.Desc) {
	for _, f := range p.figures {
		descs <- f.desc
	}
}

func (p pulled[S]) Collect(metrics chan<- prometheus.Metric) {
	s := p.read()
	for _, f := range p.figures {
		metrics <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(s))
	}
}

func pull[S any](m *Metrics, read func() S, figures ...figure[S]) {
	m.registry.MustRegister(pulled[S]{read, figures})
}

// Sockets reads the figures of the fan-out.
func (m *Metrics) Sockets(read func() fanout.Stats) {
	type S = fanout.Stats
	figures := []figure[S]{
		gauge("lyceum_sockets", "Sockets that are open.", func(s S) float64 { return float64(s.Connections) }),
		gauge("lyceum_sockets_waiting", "Sockets that take no more now and have to catch up.", func(s S) float64 { return float64(s.Waiting) }),
		gauge("lyceum_outbox_bytes", "Bytes that wait for sockets, of the rooms' frames and of personal ones.", func(s S) float64 { return float64(s.Outbox) }),
		gauge("lyceum_ring_bytes", "Bytes of frames that all rooms keep for slow and returning sockets.", func(s S) float64 { return float64(s.Ring) }),
		count("lyceum_frames_total", "Frames that rooms gave to be sent, each to all who hear it.", func(s S) float64 { return float64(s.Published) }),
		count("lyceum_socket_writes_total", "System calls that wrote to sockets.", func(s S) float64 { return float64(s.Writes) }),
		count("lyceum_socket_sent_bytes_total", "Bytes that sockets took.", func(s S) float64 { return float64(s.Bytes) }),
		count("lyceum_socket_blocked_total", "Times that a socket took no more and had to be waited for.", func(s S) float64 { return float64(s.Blocked) }),
	}
	for why := range fanout.Reasons {
		figures = append(figures, count("lyceum_socket_evictions_total", "Sockets that were cut off, by reason.",
			func(s S) float64 { return float64(s.Cut[why]) }, "reason", why.String()))
	}
	pull(m, read, figures...)
}

// Store reads the figures of the embedded store.
func (m *Metrics) Store(read func() sqlite.Stats) {
	type S = sqlite.Stats
	pull(m, read,
		count("lyceum_store_writes_total", "Writes that the store was asked for and answered.", func(s S) float64 { return float64(s.Jobs) }),
		count("lyceum_store_refused_total", "Writes that the store did not carry out, whatever the reason.", func(s S) float64 { return float64(s.Refused) }),
		count("lyceum_store_rows_total", "Rows written: records, ledger entries and behaviours.", func(s S) float64 { return float64(s.Rows) }),
		count("lyceum_store_commits_total", "Transactions that reached the disk.", func(s S) float64 { return float64(s.Commits) }),
		count("lyceum_store_filed_total", "Records moved from the tail, where they are written fast, to where they are read fast.", func(s S) float64 { return float64(s.Filed) }),
		gauge("lyceum_store_tail_records", "Records that are in the tail now.", func(s S) float64 { return float64(s.Tail) }),
		gauge("lyceum_store_bytes", "Size of the database file.", func(s S) float64 { return float64(s.Bytes) }),
		gauge("lyceum_store_wal_bytes", "Size of the file of the log of changes (WAL).", func(s S) float64 { return float64(s.WALBytes) }),
		gauge("lyceum_store_wal_pages", "Pages in the log of changes (WAL) as of the last commit.", func(s S) float64 { return float64(s.WALPages) }),
		count("lyceum_store_checkpoints_total", "Times that the log of changes (WAL) was moved into the database.", func(s S) float64 { return float64(s.Checkpoints) }),
		gauge("lyceum_store_queue_writes", "Writes that wait for the store now.", func(s S) float64 { return float64(s.Waiting) }),
	)
}

// house is what is counted of the rooms in memory.
type house struct {
	phases          map[room.Phase]int
	people, sockets int
}

// Rooms reads which rooms are in memory.
func (m *Metrics) Rooms(read func() map[wire.RoomID]room.Status) {
	sum := func() house {
		h := house{phases: map[room.Phase]int{}}
		for _, s := range read() {
			h.phases[s.Phase]++
			h.people += s.Count
			h.sockets += s.Sockets
		}
		return h
	}
	figures := []figure[house]{
		gauge("lyceum_people", "People present in the rooms that are in memory.", func(h house) float64 { return float64(h.people) }),
		gauge("lyceum_room_sockets", "Sockets that hear a room.", func(h house) float64 { return float64(h.sockets) }),
	}
	for _, phase := range []room.Phase{room.Waiting, room.Live, room.Over} {
		figures = append(figures, gauge("lyceum_rooms", "Rooms that are in memory, by phase.",
			func(h house) float64 { return float64(h.phases[phase]) }, "phase", string(phase)))
	}
	pull(m, sum, figures...)
}

// Media reads how many sources of each kind are on air.
func (m *Metrics) Media(kinds []string, read func() map[string]int) {
	type S = map[string]int
	var figures []figure[S]
	for _, kind := range kinds {
		figures = append(figures, gauge("lyceum_media_sources", "Sources that are on air, by kind.",
			func(s S) float64 { return float64(s[kind]) }, "source", kind))
	}
	pull(m, read, figures...)
}

// Ready reads whether the server would be given new visitors.
func (m *Metrics) Ready(read func() error) {
	pull(m, read, gauge("lyceum_ready", "1 while the server is ready for visitors, 0 while it drains or cannot serve.", func(err error) float64 {
		if err != nil {
			return 0
		}
		return 1
	}))
}

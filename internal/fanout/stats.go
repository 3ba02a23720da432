package fanout

// Reason says why a socket was cut off.
type Reason int

// Why a socket was cut off.
const (
	CutSlow   Reason = iota // it took nothing for too long
	CutBehind               // it took too little: its position left the ring
	CutFull                 // too many personal frames waited for it
	CutSilent               // nothing was heard of it
	CutBroken               // writing to it failed
	Reasons                 // how many reasons there are
)

// String names the reason, as for a label of a metric.
func (r Reason) String() string {
	names := [Reasons]string{"slow", "behind", "full", "silent", "broken"}
	if r < 0 || r >= Reasons {
		return "unknown"
	}
	return names[r]
}

// Stats is what a pool has done since it was made, and how it stands now.
type Stats struct {
	Published uint64          // frames given to feeds
	Writes    uint64          // write calls
	Bytes     uint64          // bytes the sockets took
	Blocked   uint64          // times a socket took no more
	Cut       [Reasons]uint64 // sockets cut off, by Reason

	Connections int // open now
	Waiting     int // sockets that take no more, now
	Outbox      int // bytes that wait for sockets now, in the ring and of their own
	Ring        int // bytes that all feeds keep now
}

// Stats reads the counts and looks at every socket: a millisecond or two for
// 10,000 of them.
func (p *Pool) Stats() Stats {
	s := Stats{Published: p.published.Load(), Blocked: p.blocked.Load()}
	for _, shard := range p.shards {
		s.Writes += shard.writer.writes.Load()
		s.Bytes += shard.writer.bytes.Load()
	}
	for i := range p.cut {
		s.Cut[i] = p.cut[i].Load()
	}
	s.Writes += p.writes.Load()
	s.Bytes += p.bytes.Load()

	var conns []*Conn
	var feeds []*Feed
	p.mu.Lock()
	for _, group := range p.conns {
		conns = append(conns, group...)
	}
	for w := range p.feeds {
		if f := w.Value(); f != nil {
			feeds = append(feeds, f)
		}
	}
	p.mu.Unlock()
	s.Connections = len(conns)
	for _, c := range conns {
		bytes, waiting := c.outbox()
		s.Outbox += bytes
		if waiting {
			s.Waiting++
		}
	}
	for _, f := range feeds {
		s.Ring += f.kept()
	}
	return s
}

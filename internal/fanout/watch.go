package fanout

import "time"

const (
	groups  = 10 // of sockets, looked after in turn so that nothing comes in bursts
	perPing = 6  // how often a socket is looked at between two pings
)

// watch pings every socket and cuts off the silent ones. Each beat takes one
// group; once round is a sixth of the time between two pings, and each round
// pings a sixth of the sockets. Those to be measured are pinged at each beat.
func (p *Pool) watch() {
	round := max(min(p.config.Ping/perPing, p.config.Silent/(2*perPing)), groups)
	beat := round / groups
	silence := uint32(p.config.Silent / beat)
	every := uint64(max(p.config.Ping/round, 1))
	tick := time.NewTicker(beat)
	defer tick.Stop()
	var conns, turn []*Conn
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		now := p.beat.Add(1)
		group, rounds := now%groups, uint64(now/groups)
		p.mu.Lock()
		conns = append(conns[:0], p.conns[group]...)
		p.mu.Unlock()
		var frame []byte
		made := 0
		for _, c := range conns {
			switch {
			case now-c.heard.Load() > silence:
				c.mu.Lock()
				c.cut(CutSilent)
				c.mu.Unlock()
			case (rounds+c.number/groups)%every == 0:
				if made%sharePings == 0 {
					frame = p.pings.next()
				}
				made++
				c.ping(frame)
			}
		}
		clear(conns)
		turn = p.sound(turn)
	}
}

// enlist makes c one of those to be looked after.
func (p *Pool) enlist(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	group := &p.conns[c.number%groups]
	c.slot = int32(len(*group))
	*group = append(*group, c)
}

// strike takes c off the list, if it is there.
func (p *Pool) strike(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.slot < 0 {
		return
	}
	group := &p.conns[c.number%groups]
	last := len(*group) - 1
	(*group)[c.slot] = (*group)[last]
	(*group)[c.slot].slot = c.slot
	(*group)[last] = nil
	*group = (*group)[:last]
	c.slot = -1
}

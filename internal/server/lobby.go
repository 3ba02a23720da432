package server

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// lobby bounds the sockets that are open and not yet welcomed: whoever opens
// thousands and says nothing takes no place from the others.
//
// A proxy on this machine stands for many people, so addresses of the machine
// itself are bounded by the whole alone.
type lobby struct {
	most, each int // in all, and from one address

	mu    sync.Mutex
	count int
	from  map[netip.Addr]int
}

// enter takes a place, and reports false where there is none. addr is an
// address with its port.
func (l *lobby) enter(addr string) (place, bool) {
	home := homeOf(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count >= l.most || l.from[home] >= l.each {
		return place{}, false
	}
	l.count++
	if home.IsValid() {
		if l.from == nil {
			l.from = map[netip.Addr]int{}
		}
		l.from[home]++
	}
	return place{l, home}, true
}

// place is one socket's in the lobby.
type place struct {
	lobby *lobby
	home  netip.Addr
}

// leave gives the place back, once.
func (p *place) leave() {
	l := p.lobby
	if l == nil {
		return
	}
	p.lobby = nil
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count--
	if !p.home.IsValid() {
		return
	}
	if l.from[p.home]--; l.from[p.home] == 0 {
		delete(l.from, p.home)
	}
}

// homeOf is what counts as one address: of IPv6 the network that one customer
// gets. It is not valid for this machine and for what is no address.
func homeOf(addr string) netip.Addr {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || at.Addr().IsLoopback() {
		return netip.Addr{}
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is6() {
		if net, err := ip.Prefix(64); err == nil {
			return net.Addr()
		}
	}
	return ip
}

// gate spreads a herd: it lets so many a second in, and tells the others when
// to come back, so that they come as quickly as they can be let in.
type gate struct {
	rate float64 // a second

	mu       sync.Mutex
	busyTo   time.Time // those let in so far are worth the time up to here
	promised time.Time // those turned away come back up to here
}

// What a gate lets in and promises.
const (
	gateBurst  = 500 * time.Millisecond // worth of joins that may come at once
	gateSoon   = 100 * time.Millisecond // nobody comes back before
	gateLatest = 30 * time.Second       // and nobody need wait longer
)

// enter reports 0 for whoever may come in now, and otherwise after how long
// they should ask again.
func (g *gate) enter(now time.Time) (after time.Duration) {
	each := time.Duration(float64(time.Second) / g.rate)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busyTo.Before(now) {
		g.busyTo = now
	}
	if g.busyTo.Sub(now) <= max(gateBurst, each) {
		g.busyTo = g.busyTo.Add(each)
		return 0
	}
	if soonest := now.Add(gateSoon); g.promised.Before(soonest) {
		g.promised = soonest
	}
	g.promised = g.promised.Add(each)
	after = g.promised.Sub(now)
	if after > gateLatest { // more than anybody should wait: some come in vain
		g.promised = now.Add(gateLatest)
		return gateLatest/2 + rand.N(gateLatest/2)
	}
	return after + rand.N(after/8+1) // clocks and ways differ, but herds do keep step
}

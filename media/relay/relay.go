// Package relay is a TURN server (RFC 8656) that relays to this server's own
// media and to nothing else. It is for browsers whose networks let nothing
// through but TLS, or UDP to the port that TURN has everywhere, and for those
// that are told to hide their address.
//
//	client ──allocate, with a password of limited time──▶ allocation ──▶ our media sockets
//
// An allocation is no socket that the world could reach or that could reach the
// world: it has one socket for each of our media addresses that its client
// names, connected to the media socket itself over this machine's own network.
// What is sent anywhere else is refused, so there is no address, private or
// public, that somebody could have this server send to.
//
// Quotas bound allocations for each person, each address and in all, and how
// much each and all of them carry. Nobody's identity is in a user name: it is a
// digest.
package relay

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/pion/turn/v5"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/lyceum-live/lyceum/internal/silent"
)

// Config says where the relay listens and what it carries.
type Config struct {
	On          bool          `yaml:"on" default:"false" doc:"relay media for browsers that reach it in no other way (TURN); most do without, over the TCP port of the pages"`
	Listen      string        `yaml:"listen" default:":3478" doc:"UDP and TCP address of the relay; empty: only over the port that media has over TCP"`
	TLS         string        `yaml:"tls" doc:"TCP address of the relay over TLS, such as :5349 or :443; empty: none"`
	Certificate string        `yaml:"certificate" doc:"file of the certificate for it, in PEM; it is read again when it changes"`
	Key         string        `yaml:"key" doc:"file of its key"`
	Host        string        `yaml:"host" doc:"name or address of the relay that browsers are told; empty: that by which they reached the pages"`
	Secret      string        `yaml:"secret" doc:"what passwords are made from, at least 16 characters; empty: a new one with each start"`
	Lifetime    time.Duration `yaml:"lifetime" default:"12h" min:"1m" max:"168h" doc:"how long a password opens relays; those that are open stay so"`
	Each        int           `yaml:"each" default:"24" unit:"relays" min:"1" max:"1000" doc:"that one person may have open; a browser opens one for each way and network"`
	Neighbours  int           `yaml:"neighbours" default:"600" unit:"relays" min:"1" max:"100000" doc:"that may be open from one address; a school may have only one"`
	Total       int           `yaml:"total" default:"2000" unit:"relays" min:"1" max:"100000" doc:"that may be open"`
	Rate        int           `yaml:"rate" default:"8000000" unit:"bits a second" min:"64000" doc:"that one person's carry in each direction"`
	All         int           `yaml:"all" default:"0" unit:"bits a second" min:"0" doc:"that all together carry; 0: no bound"`
}

func (c Config) withDefaults() Config {
	c.Lifetime = cmp.Or(c.Lifetime, 12*time.Hour)
	c.Each = cmp.Or(c.Each, 24)
	c.Neighbours = cmp.Or(c.Neighbours, 600)
	c.Total = cmp.Or(c.Total, 2000)
	c.Rate = cmp.Or(c.Rate, 8_000_000)
	return c
}

// Check reports what is wrong with the configuration.
func (c Config) Check() error {
	if !c.On {
		return nil
	}
	if c.Listen != "" {
		if _, err := net.ResolveUDPAddr("udp", c.Listen); err != nil {
			return fmt.Errorf("media.relay.listen: %w", err)
		}
	}
	if c.TLS != "" {
		if _, err := net.ResolveTCPAddr("tcp", c.TLS); err != nil {
			return fmt.Errorf("media.relay.tls: %w", err)
		}
		if c.Certificate == "" || c.Key == "" {
			return errors.New("media.relay.tls: needs media.relay.certificate and media.relay.key")
		}
	}
	if c.Secret != "" && len(c.Secret) < 16 {
		return errors.New("media.relay.secret: needs at least 16 characters")
	}
	return nil
}

// Sockets are the media sockets that the relay serves.
type Sockets interface {
	// Peer says how this machine reaches the socket that browsers know by an
	// address; false: there is none.
	Peer(netip.AddrPort) (netip.AddrPort, bool)
	// Peers are the addresses that browsers are told.
	Peers() []netip.AddrPort
}

const (
	realm       = "lyceum"
	relayBuffer = 1 << 20 // bytes asked of the kernel for what clients send over UDP

	shortest = 5 * time.Millisecond // that is waited before a listener that failed is asked again
	longest  = time.Second
)

// Server is a relay that runs.
type Server struct {
	config  Config
	sockets Sockets
	secret  []byte
	now     func() time.Time
	turn    *turn.Server
	intake  *intake
	all     *rate.Limiter // nil: unbounded
	serving sync.WaitGroup

	mu        sync.Mutex
	ways      []way // by which clients come
	listeners []net.Listener
	open      map[*allocation]struct{}
	persons   map[string]*person
	addresses map[netip.Addr]int
	port      uint16 // name of the last allocation
	closed    bool
}

// way is one by which clients come, for the URLs that they are told.
type way struct {
	scheme, transport string
	port              int
}

// Open begins to relay to the sockets.
func Open(c Config, sockets Sockets, log *zap.Logger) (_ *Server, err error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	s := &Server{
		config: c, sockets: sockets, secret: []byte(c.Secret), now: time.Now, intake: newIntake(c),
		open: map[*allocation]struct{}{}, persons: map[string]*person{}, addresses: map[netip.Addr]int{}, port: firstPort,
	}
	if len(s.secret) == 0 {
		s.secret = []byte(rand.Text())
	}
	if c.All > 0 {
		s.all = limiter(c.All)
	}
	var udp net.PacketConn
	defer func() {
		if err != nil {
			if udp != nil {
				_ = udp.Close()
			}
			_ = s.intake.Close()
			for _, l := range s.listeners {
				_ = l.Close()
			}
			s.serving.Wait()
		}
	}()
	if c.Listen != "" {
		if udp, err = s.listenBoth(c.Listen); err != nil {
			return nil, fmt.Errorf("media.relay.listen: %w", err)
		}
	}
	if c.TLS != "" {
		if err := s.listenTLS(c, log); err != nil {
			return nil, err
		}
	}
	s.turn, err = turn.NewServer(s.settings(udp))
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	return s, nil
}

func (s *Server) settings(udp net.PacketConn) turn.ServerConfig {
	c := turn.ServerConfig{
		Realm: realm, LoggerFactory: silent.Pion{}, AuthHandler: s.authenticate, QuotaHandler: s.mayOpen,
		EventHandler: turn.EventHandler{OnAllocationCreated: s.opened, OnAllocationDeleted: s.ended, OnChannelCreated: s.bound},
		ListenerConfigs: []turn.ListenerConfig{{
			Listener: s.intake, RelayAddressGenerator: generator{s}, PermissionHandler: s.admits,
		}},
	}
	if udp != nil {
		c.PacketConnConfigs = []turn.PacketConnConfig{{PacketConn: udp, RelayAddressGenerator: generator{s}, PermissionHandler: s.admits}}
	}
	return c
}

// listenBoth listens on a port over UDP and TCP.
func (s *Server) listenBoth(at string) (net.PacketConn, error) {
	udp, err := net.ListenPacket("udp", at)
	if err != nil {
		return nil, err
	}
	_ = udp.(*net.UDPConn).SetReadBuffer(relayBuffer)
	addr := udp.LocalAddr().(*net.UDPAddr)
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: addr.IP, Port: addr.Port, Zone: addr.Zone})
	if err != nil {
		_ = udp.Close()
		return nil, err
	}
	s.ways = append(s.ways, way{"turn", "udp", addr.Port})
	s.Serve(l, 0)
	return udp, nil
}

func (s *Server) listenTLS(c Config, log *zap.Logger) error {
	pair := &certificate{config: c, log: log}
	if _, err := pair.get(nil); err != nil {
		return fmt.Errorf("media.relay.certificate: %w", err)
	}
	l, err := net.Listen("tcp", c.TLS)
	if err != nil {
		return fmt.Errorf("media.relay.tls: %w", err)
	}
	s.serve(tls.NewListener(l, &tls.Config{GetCertificate: pair.get, MinVersion: tls.VersionTLS12}), way{"turns", "tcp", portOf(l.Addr())})
	return nil
}

// Serve takes clients from l, over TCP, until either is closed. public is the
// port that browsers are told; 0: l's own.
func (s *Server) Serve(l net.Listener, public int) {
	s.serve(l, way{"turn", "tcp", cmp.Or(public, portOf(l.Addr()))})
}

func (s *Server) serve(l net.Listener, w way) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = l.Close()
		return
	}
	s.ways = append(s.ways, w)
	s.listeners = append(s.listeners, l)
	s.serving.Go(func() {
		retry := shortest
		for {
			conn, err := l.Accept()
			switch {
			case err == nil:
				retry = shortest
				s.intake.take(conn)
			case !s.pause(err, retry):
				return
			default:
				retry = min(2*retry, longest)
			}
		}
	})
}

// pause waits after an error of a listener that may pass, such as too many open
// files. It returns false when the listener or the relay is closed.
func (s *Server) pause(err error, wait time.Duration) bool {
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	select {
	case <-time.After(wait):
		return true
	case <-s.intake.done:
		return false
	}
}

func portOf(a net.Addr) int {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}

// URLs are those of the relay (RFC 7065), as a browser that came by a host
// reaches it.
func (s *Server) URLs(host string) []string {
	if host = cmp.Or(s.config.Host, host); host == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	urls := make([]string, 0, len(s.ways))
	for _, w := range s.ways {
		urls = append(urls, w.scheme+":"+net.JoinHostPort(host, strconv.Itoa(w.port))+"?transport="+w.transport)
	}
	return urls
}

// Close ends all allocations and listeners.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	listeners := s.listeners
	open := make([]*allocation, 0, len(s.open))
	for a := range s.open {
		open = append(open, a)
	}
	s.mu.Unlock()
	for _, l := range listeners {
		_ = l.Close()
	}
	err := s.turn.Close() // and the intake
	for _, a := range open {
		_ = a.Close()
	}
	s.serving.Wait()
	return err
}

package media

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	dtlsElliptic "github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/silent"
	"github.com/lyceum-live/lyceum/media/relay"
)

const receiveMTU = 1600

// Engine is the media of one server: its UDP ports, what comes over TCP, the
// relay, the writers, and all peer connections.
type Engine struct {
	config  Config
	sockets []*socket
	tcp     *tcpMux
	relay   *relay.Server // nil: there is none
	machine *machine
	common  webrtc.SettingEngine // of every connection, but for its socket
	viewers *webrtc.MediaEngine
	writers []*writer
	turn    atomic.Uint32 // whose turn it is to take a viewer
	send    atomic.Uint32 // which socket's it is to take a publisher

	mu          sync.Mutex
	certificate []webrtc.Certificate // one for all connections; renewed
	open        map[*webrtc.PeerConnection]struct{}
	closed      bool
}

// ErrClosed is returned by an engine that has been closed.
var ErrClosed = errors.New("media: the engine is closed")

// NewEngine opens the UDP ports and starts the writers.
func NewEngine(c Config, log *zap.Logger) (_ *Engine, err error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	e := &Engine{config: c, tcp: newTCPMux(), open: map[*webrtc.PeerConnection]struct{}{}}
	if e.machine, err = newMachine(); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	if e.sockets, err = openSockets(c, log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			e.closeBatches()
			closeSockets(e.sockets)
		}
	}()
	// The writers' own descriptors come first: making one has the socket block
	// for a moment, and a reader that the mux had begun would be caught in it.
	if err := e.makeWriters(max(2, runtime.GOMAXPROCS(0), c.Ports)); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	if e.common, err = e.settings(); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	for _, s := range e.sockets {
		s.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: s.conn, Logger: silent.Pion{}, Net: e.machine})
		own := e.common
		own.SetICEUDPMux(s.mux)
		if s.senders, err = senderAPI(own); err != nil {
			return nil, fmt.Errorf("media: %w", err)
		}
	}
	if e.viewers, err = viewerMedia(); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	if c.Relay.On {
		if e.relay, err = relay.Open(c.Relay, e, log.Named("relay")); err != nil {
			return nil, err
		}
	}
	for _, w := range e.writers {
		go w.run()
	}
	return e, nil
}

func (e *Engine) makeWriters(n int) error {
	for i := range n {
		b, err := newBatch(e.sockets[i%len(e.sockets)].conn)
		if err != nil {
			return err
		}
		e.writers = append(e.writers, newWriter(i, b))
	}
	return nil
}

// closeBatches is for writers that never ran.
func (e *Engine) closeBatches() {
	for _, w := range e.writers {
		w.batch.close()
	}
}

// socketOf is the socket that a writer sends by.
func (e *Engine) socketOf(w *writer) *socket { return e.sockets[w.index%len(e.sockets)] }

// nextSenders deals the publishers out to the sockets.
func (e *Engine) nextSenders() *webrtc.API {
	return e.sockets[int(e.send.Add(1))%len(e.sockets)].senders
}

// ServeTCP takes connections that carry media from l, until either is closed.
// From then on browsers are told of its port, or of the configured one.
func (e *Engine) ServeTCP(l net.Listener) { e.tcp.serve(l, e.config.TCPPort) }

// ServeRelay takes the relay's clients from l, until either is closed.
func (e *Engine) ServeRelay(l net.Listener) {
	if e.relay == nil {
		_ = l.Close()
		return
	}
	e.relay.Serve(l, e.config.TCPPort)
}

// Addr is the UDP address that media goes through: the first, where there are
// several.
func (e *Engine) Addr() *net.UDPAddr { return e.sockets[0].conn.LocalAddr().(*net.UDPAddr) }

// Grace is how long a lost publisher's sources stay on air.
func (e *Engine) Grace() time.Duration { return e.config.Grace }

// settings are those of every peer connection.
func (e *Engine) settings() (s webrtc.SettingEngine, err error) {
	s.LoggerFactory = silent.Pion{}
	s.SetNet(e.machine)
	s.SetICETCPMux(e.tcp)
	s.DisableActiveTCP(true) // nobody has us connect to them
	s.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
	s.SetIncludeLoopbackCandidate(true) // a class on one machine, and every test
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(e.config.Lost/2, e.config.Lost/2, 2*time.Second)
	s.SetPrflxAcceptanceMinWait(0) // browsers reach us; we need not know them first
	s.SetReceiveMTU(receiveMTU)
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	s.SetDTLSEllipticCurves(dtlsElliptic.X25519, dtlsElliptic.P256, dtlsElliptic.P384)
	s.SetDTLSRetransmissionInterval(100 * time.Millisecond)
	if len(e.config.PublicIPs) > 0 {
		err = s.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
			External: e.config.PublicIPs, AsCandidateType: webrtc.ICECandidateTypeHost,
		})
	}
	return s, err
}

// connect opens a peer connection.
func (e *Engine) connect(api *webrtc.API) (*webrtc.PeerConnection, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	if len(e.certificate) == 0 || time.Until(e.certificate[0].Expires()) < 24*time.Hour {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		certificate, err := webrtc.GenerateCertificate(key)
		if err != nil {
			return nil, err
		}
		e.certificate = []webrtc.Certificate{*certificate}
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: e.certificate})
	if err != nil {
		return nil, err
	}
	e.open[pc] = struct{}{}
	return pc, nil
}

func (e *Engine) disconnect(pc *webrtc.PeerConnection) {
	e.mu.Lock()
	delete(e.open, pc)
	e.mu.Unlock()
	_ = pc.Close()
}

// nextWriter deals the viewers out to the writers.
func (e *Engine) nextWriter() *writer {
	return e.writers[int(e.turn.Add(1))%len(e.writers)]
}

// Close ends all connections and frees the ports.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	open := e.open
	e.open = map[*webrtc.PeerConnection]struct{}{}
	e.mu.Unlock()
	for pc := range open {
		_ = pc.Close()
	}
	for _, w := range e.writers {
		close(w.stop)
		<-w.done
		w.batch.close()
	}
	var err error
	if e.relay != nil {
		err = e.relay.Close()
	}
	_ = e.tcp.Close()
	closeSockets(e.sockets)
	return err
}

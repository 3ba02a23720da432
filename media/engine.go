package media

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	dtlsElliptic "github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"
)

const (
	receiveMTU   = 1600
	socketBuffer = 16 << 20 // bytes asked of the kernel for each direction
	socketEnough = 1 << 20  // bytes below which a keyframe to a full class may be lost
)

// Config says where media goes in and out.
type Config struct {
	Listen    string        `yaml:"listen" default:":8080" doc:"UDP address of all media: one port, for every room and everybody; without a host it is every address of the machine"`
	PublicIPs []string      `yaml:"public_ips" doc:"addresses that browsers are told, where they differ from the machine's own (behind a one-to-one NAT)"`
	Grace     time.Duration `yaml:"grace" default:"15s" doc:"how long a source whose publisher was lost stays on air for it to come back"`
	Lost      time.Duration `yaml:"lost" default:"10s" doc:"how long a connection may be silent before it is given up"`
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = ":8080"
	}
	if c.Grace == 0 {
		c.Grace = 15 * time.Second
	}
	if c.Lost == 0 {
		c.Lost = 10 * time.Second
	}
	return c
}

// Check reports what is wrong with the configuration.
func (c Config) Check() error {
	c = c.withDefaults()
	if _, err := net.ResolveUDPAddr("udp", c.Listen); err != nil {
		return fmt.Errorf("media.listen: %w", err)
	}
	for _, ip := range c.PublicIPs {
		if _, err := netip.ParseAddr(ip); err != nil {
			return fmt.Errorf("media.public_ips: %q is not an IP address", ip)
		}
	}
	if c.Grace < 0 || c.Grace > time.Hour {
		return errors.New("media.grace: must be between 0s and 1h")
	}
	if c.Lost < time.Second || c.Lost > 5*time.Minute {
		return errors.New("media.lost: must be between 1s and 5m")
	}
	return nil
}

// Engine is the media of one server: one UDP port, the writers, and all peer
// connections.
type Engine struct {
	config  Config
	conn    *net.UDPConn
	mux     *ice.UDPMuxDefault
	senders *webrtc.API
	common  webrtc.SettingEngine // of every connection
	viewers *webrtc.MediaEngine
	writers []*writer
	turn    atomic.Uint32 // whose turn it is to take a viewer

	mu          sync.Mutex
	certificate []webrtc.Certificate // one for all connections; renewed
	open        map[*webrtc.PeerConnection]struct{}
	closed      bool
}

// ErrClosed is returned by an engine that has been closed.
var ErrClosed = errors.New("media: the engine is closed")

// NewEngine opens the UDP port and starts the writers.
func NewEngine(c Config, log *zap.Logger) (*Engine, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	addr, err := net.ResolveUDPAddr("udp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("media.listen: %w", err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for media: %w", err)
	}
	_ = conn.SetWriteBuffer(socketBuffer)
	_ = conn.SetReadBuffer(socketBuffer)
	if n := readBuffer(conn); n > 0 && n < socketEnough {
		log.Warn("the kernel allows only small UDP buffers; raise net.core.rmem_max and wmem_max for large classes", zap.Int("bytes", n))
	}

	e := &Engine{config: c, conn: conn, open: map[*webrtc.PeerConnection]struct{}{}}
	// The writers' own descriptors come first: making one has the socket block
	// for a moment, and a reader that the mux had begun would be caught in it.
	if err := e.makeWriters(max(2, runtime.GOMAXPROCS(0))); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("media: %w", err)
	}
	e.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: silent{}})
	e.common, err = e.settings()
	if err == nil {
		e.senders, err = senderAPI(e.common)
	}
	if err == nil {
		e.viewers, err = viewerMedia()
	}
	if err != nil {
		e.closeBatches()
		_ = e.mux.Close()
		_ = conn.Close()
		return nil, fmt.Errorf("media: %w", err)
	}
	for _, w := range e.writers {
		go w.run()
	}
	return e, nil
}

func (e *Engine) makeWriters(n int) error {
	for i := range n {
		b, err := newBatch(e.conn)
		if err != nil {
			e.closeBatches()
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

// Addr is the UDP address that media goes through.
func (e *Engine) Addr() *net.UDPAddr { return e.conn.LocalAddr().(*net.UDPAddr) }

// Grace is how long a lost publisher's sources stay on air.
func (e *Engine) Grace() time.Duration { return e.config.Grace }

// settings are those of every peer connection.
func (e *Engine) settings() (s webrtc.SettingEngine, err error) {
	s.LoggerFactory = silent{}
	s.SetICEUDPMux(e.mux)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
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

// Close ends all connections and frees the port.
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
	err := e.mux.Close()
	if closeErr := e.conn.Close(); closeErr != nil && !errors.Is(closeErr, net.ErrClosed) {
		err = errors.Join(err, closeErr)
	}
	return err
}

// silent swallows the WebRTC library's own log lines: they name addresses.
// What matters of them reaches us as errors and states.
type silent struct{}

func (silent) NewLogger(string) logging.LeveledLogger { return silent{} }

func (silent) Trace(string)          {}
func (silent) Tracef(string, ...any) {}
func (silent) Debug(string)          {}
func (silent) Debugf(string, ...any) {}
func (silent) Info(string)           {}
func (silent) Infof(string, ...any)  {}
func (silent) Warn(string)           {}
func (silent) Warnf(string, ...any)  {}
func (silent) Error(string)          {}
func (silent) Errorf(string, ...any) {}

package relay

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
)

// certificateFor is how long a certificate is used before its file is looked at.
const certificateFor = time.Minute

// certificate is the pair in two files: whoever renews it there need not stop
// the server.
type certificate struct {
	config Config
	log    *zap.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	of     time.Time // when the file was written
	looked time.Time
}

// get implements [tls.Config.GetCertificate]. While what is in the files is of
// no use, the last that was stays.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pair != nil && time.Since(c.looked) < certificateFor {
		return c.pair, nil
	}
	c.looked = time.Now()
	info, err := os.Stat(c.config.Certificate)
	if err == nil && c.pair != nil && info.ModTime().Equal(c.of) {
		return c.pair, nil
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(c.config.Certificate, c.config.Key)
	}
	if err != nil {
		if c.pair == nil {
			return nil, err
		}
		c.log.Warn("the relay's certificate cannot be renewed", zap.Error(err))
		return c.pair, nil
	}
	c.pair, c.of = &pair, info.ModTime()
	return c.pair, nil
}

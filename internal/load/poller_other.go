//go:build !linux

package load

import "errors"

// poller is only where there is epoll; elsewhere each socket has a goroutine.
type poller struct{}

func startPoller(*lane) (*poller, error) { return nil, nil }
func (p *poller) stop()                  {}
func (p *poller) dial(*socket) error     { return errors.ErrUnsupported }

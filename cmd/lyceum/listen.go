package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"

	"github.com/lyceum-live/lyceum/internal/port"
	"github.com/lyceum-live/lyceum/media"
)

// listen opens the TCP port of the pages, which takes media too unless that
// has one of its own.
func (in *installation) listen() (*port.Port, error) {
	c := in.config
	l, err := listenTCP("http.addr", c.HTTP.Addr)
	if err != nil {
		return nil, err
	}
	serves := []port.Kind{port.Pages}
	if c.Media.TCP == media.TCPPages {
		serves = append(serves, in.mediaKinds()...)
	}
	pages := port.Open(l, port.Config{First: c.HTTP.Header}, serves...)
	in.opened(func() { _ = pages.Close() })
	in.serveMedia(pages)
	if own := c.Media.TCPAddr(); own != "" {
		l, err := listenTCP("media.tcp", own)
		if err != nil {
			return nil, err
		}
		apart := port.Open(l, port.Config{First: c.HTTP.Header}, in.mediaKinds()...)
		in.opened(func() { _ = apart.Close() })
		in.serveMedia(apart)
	}
	return pages, nil
}

// mediaKinds are the connections that are of media.
func (in *installation) mediaKinds() []port.Kind {
	if in.config.Media.Relay.On {
		return []port.Kind{port.Media, port.Relay}
	}
	return []port.Kind{port.Media}
}

func (in *installation) serveMedia(p *port.Port) {
	if l := p.Listener(port.Media); l != nil {
		in.engine.ServeTCP(l)
	}
	if l := p.Listener(port.Relay); l != nil {
		in.engine.ServeRelay(l)
	}
}

// listenTCP says which option is to be changed where it cannot listen.
func listenTCP(option, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: another program has that TCP port: %w", option, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	return l, nil
}

// ways says in a line by which ports media goes.
func (in *installation) ways(pages net.Addr) string {
	c := in.config.Media
	list := []string{"UDP " + in.engine.Addr().String()}
	if c.Ports > 1 {
		list[0] += " and " + strconv.Itoa(c.Ports-1) + " more"
	}
	switch c.TCP {
	case media.TCPPages:
		list = append(list, "TCP "+pages.String())
	case media.TCPOff:
	default:
		list = append(list, "TCP "+c.TCP)
	}
	if c.Relay.On {
		for _, at := range []string{c.Relay.Listen, c.Relay.TLS} {
			if at != "" {
				list = append(list, "relay "+at)
			}
		}
	}
	return strings.Join(list, ", ")
}

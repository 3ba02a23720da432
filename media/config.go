package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/lyceum-live/lyceum/media/relay"
)

// Config says where media goes in and out.
type Config struct {
	Listen    string        `yaml:"listen" default:":8080" doc:"UDP address of all media: one port, for every room and everybody; without a host it is every address of the machine, IPv6 too"`
	Ports     int           `yaml:"ports" default:"1" min:"1" max:"64" doc:"UDP ports from that one on, among which connections are dealt out; one for each core serves the largest classes"`
	TCP       string        `yaml:"tcp" default:"pages" doc:"where media goes for those whose networks let no UDP through; pages: over the port of the pages, off: nowhere, or a TCP address of its own, which browsers must reach without a proxy between"`
	TCPPort   int           `yaml:"tcp_port" default:"0" max:"65535" doc:"TCP port that browsers are told, where a firewall leads another port to this one; 0: the same"`
	PublicIPs []string      `yaml:"public_ips" doc:"addresses that browsers are told, where they differ from the machine's own: in a container, or behind a one-to-one NAT"`
	Grace     time.Duration `yaml:"grace" default:"15s" doc:"how long a source whose publisher was lost stays on air for it to come back"`
	Lost      time.Duration `yaml:"lost" default:"10s" doc:"how long a connection may be silent before it is given up"`
	Relay     relay.Config  `yaml:"relay"`
}

// Ways over TCP that are no address.
const (
	TCPPages = "pages"
	TCPOff   = "off"
)

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = ":8080"
	}
	if c.Ports == 0 {
		c.Ports = 1
	}
	if c.TCP == "" {
		c.TCP = TCPPages
	}
	if c.Grace == 0 {
		c.Grace = 15 * time.Second
	}
	if c.Lost == 0 {
		c.Lost = 10 * time.Second
	}
	return c
}

// TCPAddr is the TCP address that is for media alone; "": there is none.
func (c Config) TCPAddr() string {
	if c = c.withDefaults(); c.TCP == TCPPages || c.TCP == TCPOff {
		return ""
	}
	return c.TCP
}

// Check reports what is wrong with the configuration.
func (c Config) Check() error {
	c = c.withDefaults()
	addr, err := net.ResolveUDPAddr("udp", c.Listen)
	if err != nil {
		return fmt.Errorf("media.listen: %w", err)
	}
	if c.Ports < 1 || c.Ports > 64 || addr.Port+c.Ports-1 > 65535 {
		return fmt.Errorf("media.ports: must be from 1 to 64, and none above 65535")
	}
	if own := c.TCPAddr(); own != "" {
		if _, err := net.ResolveTCPAddr("tcp", own); err != nil {
			return fmt.Errorf("media.tcp: %q is not pages, off, or an address such as :8443: %w", own, err)
		}
	}
	if c.TCPPort < 0 || c.TCPPort > 65535 {
		return errors.New("media.tcp_port: must be between 0 and 65535")
	}
	for _, ip := range c.PublicIPs {
		if err := checkPublic(ip, addr.IP); err != nil {
			return fmt.Errorf("media.public_ips: %w", err)
		}
	}
	if c.Grace < 0 || c.Grace > time.Hour {
		return errors.New("media.grace: must be between 0s and 1h")
	}
	if c.Lost < time.Second || c.Lost > 5*time.Minute {
		return errors.New("media.lost: must be between 1s and 5m")
	}
	if c.Relay.On && c.Relay.Listen == "" && c.Relay.TLS == "" && c.TCP == TCPOff {
		return errors.New("media.relay: nobody can reach it: it needs media.relay.listen, media.relay.tls or media.tcp")
	}
	return c.Relay.Check()
}

// checkPublic reports why browsers cannot be told an address of a socket that
// listens there.
func checkPublic(text string, listens net.IP) error {
	ip, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not an IP address; names are not resolved", text)
	case ip.IsUnspecified(), ip.IsMulticast(), ip.Zone() != "":
		return fmt.Errorf("%s is no address of one machine", text)
	}
	if four := listens.To4() != nil; len(listens) > 0 {
		if four && !ip.Unmap().Is4() {
			return fmt.Errorf("%s is IPv6, and media.listen is IPv4 alone", text)
		}
		if !four && !listens.IsUnspecified() && ip.Unmap().Is4() {
			return fmt.Errorf("%s is IPv4, and media.listen is IPv6 alone", text)
		}
	}
	return nil
}

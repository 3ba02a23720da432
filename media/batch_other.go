//go:build !linux

package media

import (
	"net"
	"net/netip"
)

// batch gathers nothing here: each packet goes by itself.
type batch struct{}

func newBatch(*net.UDPConn) (*batch, error)    { return &batch{}, nil }
func (*batch) add([]byte, netip.AddrPort) bool { return false }
func (*batch) flush()                          {}
func (*batch) close()                          {}

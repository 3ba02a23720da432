package operator

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// unixPrefix marks the path of a socket in the file system.
const unixPrefix = "unix:"

func listen(c Config) (net.Listener, error) {
	if path, isUnix := strings.CutPrefix(c.Listen, unixPrefix); isUnix {
		return listenUnix(path)
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, err
	}
	// "localhost" is what the machine's resolver makes of it.
	if tcp, ok := l.Addr().(*net.TCPAddr); c.Secret == "" && ok && !tcp.IP.IsLoopback() {
		_ = l.Close()
		return nil, fmt.Errorf("listen %s: other machines reach this address, so there must be a secret", c.Listen)
	}
	return l, nil
}

// listenUnix makes a socket that only this user can open. It is made where
// nobody else can look and then moved to its place, over one that a server
// which was killed has left behind.
func listenUnix(path string) (net.Listener, error) {
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close()
		return nil, fmt.Errorf("listen unix %s: %w", path, syscall.EADDRINUSE)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != os.ModeSocket {
		return nil, fmt.Errorf("listen unix %s: there is a file that is not a socket", path)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".ops-")
	if err != nil {
		return nil, fmt.Errorf("listen unix: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	made := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // for it has moved
	if err = os.Chmod(made, 0o600); err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("listen unix: %w", err)
	}
	return &unixListener{UnixListener: l, path: path}, nil
}

// unixListener removes its socket from the file system when it is closed.
type unixListener struct {
	*net.UnixListener
	path   string
	remove sync.Once
}

func (l *unixListener) Close() error {
	l.remove.Do(func() { _ = os.Remove(l.path) })
	return l.UnixListener.Close()
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/load"
	"github.com/lyceum-live/lyceum/wire"
)

// measureServer measures Lyceum: the server that is named, or one of its own,
// started for this round alone, so that nothing that came before is left in
// its memory.
func (o *benchOptions) measureServer(ctx context.Context, m measurement) (load.Result, error) {
	if o.url != "" {
		t, err := distant(ctx, o.url, o.hostToken, o.pid)
		if err != nil {
			return load.Result{}, err
		}
		return m.run(ctx, t, o.load(m))
	}
	dir, err := os.MkdirTemp("", "lyceum-bench-")
	if err != nil {
		return load.Result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	t, process, err := startServer(ctx, dir, o.viewers, o.server)
	if err != nil {
		return load.Result{}, err
	}
	return stopAfter(process, func() (load.Result, error) { return m.run(ctx, t, o.load(m)) })
}

// stopAfter ends a process when what is done with it is done.
func stopAfter(p *load.Process, do func() (load.Result, error)) (load.Result, error) {
	result, err := do()
	if stopErr := p.Stop(); err == nil {
		err = stopErr
	}
	return result, err
}

// startServer starts a server that keeps its data in dir and takes so many
// viewers from one address, who hurry as one process can. Flags of the user's
// come last and win.
func startServer(ctx context.Context, dir string, viewers int, more []string) (load.Target, *load.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return load.Target{}, nil, err
	}
	people := strconv.Itoa(max(20_000, viewers+100))
	cmd := load.Command(ctx, self, append([]string{
		"serve", "--http.addr", "127.0.0.1:0", "--http.drain", "0s", "--media.listen", "127.0.0.1:0", "--ops.listen", "",
		"--data.dir", dir, "--log.level", "error",
		"--room.members", people, "--room.inbox", people, "--room.share", people,
		"--room.commands", "100000", "--room.messages", "100000",
		"--access.rate", "10000", "--access.burst", "100000", "--access.joins", "1000000", "--access.handshakes", people, "--access.neighbours", people,
	}, more...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "LYCEUM_") })
	process, err := load.Start(cmd)
	if err != nil {
		return load.Target{}, nil, err
	}
	keys, err := auth.LoadOrCreate(filepath.Join(dir, keyFile))
	if err != nil {
		_ = process.Stop()
		return load.Target{}, nil, err
	}
	return load.Target{
		Name: "lyceum", URL: process.URL(), Usage: process.Usage(),
		Room: func(measure string) wire.RoomID { return wire.RoomID("bench-" + measure) },
		Token: func(room wire.RoomID, name string, role wire.Role) (string, error) {
			return pass(keys, room, name, role)
		},
	}, process, nil
}

// measureLimit measures the bare loop, which is this program again.
func (o *benchOptions) measureLimit(ctx context.Context, m measurement) (load.Result, error) {
	self, err := os.Executable()
	if err != nil {
		return load.Result{}, err
	}
	t, process, err := load.StartLimit(load.Command(ctx, self, "bench", loopCommand))
	if err != nil {
		return load.Result{}, err
	}
	result, err := m.run(ctx, t, o.load(m))
	_ = process.Stop() // it serves until it is told to end, which is no failure
	return result, err
}

// measurePeer measures a Centrifugo server.
func (o *benchOptions) measurePeer(ctx context.Context, m measurement) (load.Result, error) {
	dir, err := os.MkdirTemp("", "lyceum-bench-")
	if err != nil {
		return load.Result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	t, process, err := load.StartPeer(ctx, o.centrifugo, dir)
	if err != nil {
		return load.Result{}, err
	}
	return stopAfter(process, func() (load.Result, error) { return m.run(ctx, t, o.load(m)) })
}

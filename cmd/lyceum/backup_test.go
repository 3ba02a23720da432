package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// asWriter makes a process of the test binary one that writes to a store.
const asWriter = "TEST_BINARY_IS_WRITER"

func init() {
	if dir := os.Getenv(asWriter); dir != "" {
		s, err := sqlite.Open(context.Background(), dir, sqlite.Config{}, zap.NewNop())
		if err == nil {
			err = writeOn(context.Background(), s, func(i int, last uint64) { fmt.Println(i, last) })
		}
		fmt.Println("stopped:", err)
		os.Exit(1)
	}
}

const writtenRooms = 12

func writtenRoom(i int) wire.RoomID { return wire.RoomID(fmt.Sprint("room-", i)) }

// writeOn appends to rooms and grants points for it until ctx ends, and tells
// what was acknowledged. It keeps a pace, so that a slow machine does not get
// more to read than a fast one.
func writeOn(ctx context.Context, s *sqlite.Store, acked func(i int, last uint64)) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for i := range writtenRooms {
		all.Go(func() {
			pace := time.NewTicker(4 * time.Millisecond)
			defer pace.Stop()
			id := writtenRoom(i)
			info, err := s.OpenLog(ctx, id)
			for last := info.Last; err == nil && ctx.Err() == nil; {
				n := uint64(1)
				if last%40 == 0 {
					n = 40
				}
				records := make([]room.Record, n)
				for j := range records {
					records[j] = room.Record{V: 1, Seq: last + uint64(j) + 1, Kind: "chat.said", Data: bytes.Repeat([]byte("x"), 200)}
				}
				if err = s.Append(ctx, id, last, records); err != nil {
					break
				}
				last += n
				user := wire.UserID(fmt.Sprint("u", i))
				if _, _, err = s.Grant(ctx, []reward.Entry{{Key: fmt.Sprint(id, "/", last), User: user, Points: 1, Room: id, Seq: last}}); err == nil {
					_, err = s.EnsureKey(ctx, wire.UserID(fmt.Sprint(user, "-", last)))
				}
				mu.Lock()
				acked(i, last)
				mu.Unlock()
				<-pace.C
			}
			if err != nil && ctx.Err() == nil {
				mu.Lock()
				defer mu.Unlock()
				failed = err
			}
		})
	}
	all.Wait()
	return failed
}

// checkRestored checks that dir holds whole logs under new epochs, with at
// least what was acknowledged before the backup began.
func checkRestored(t *testing.T, dir, of string, acked []uint64, epochs map[string]bool) {
	t.Helper()
	ctx := t.Context()
	s, err := sqlite.Open(ctx, dir, sqlite.Config{}, zap.NewNop())
	noError(t, err)
	defer func() { noError(t, s.Close()) }()
	for i, want := range acked {
		info, err := s.OpenLog(ctx, writtenRoom(i))
		noError(t, err)
		records, err := s.Read(ctx, writtenRoom(i), 0, 1e6)
		noError(t, err)
		if info.Last < want || uint64(len(records)) != info.Last || epochs[info.Epoch] {
			t.Fatalf("room %d: %+v with %d records, %d were acknowledged; an old epoch: %v", i, info, len(records), want, epochs[info.Epoch])
		}
		epochs[info.Epoch] = true
		for n, r := range records {
			if r.Seq != uint64(n)+1 || len(r.Data) != 200 {
				t.Fatalf("room %d: record %d is %d", i, n+1, r.Seq)
			}
		}
		user := wire.UserID(fmt.Sprint("u", i))
		balance, err := s.Balance(ctx, user)
		noError(t, err)
		entries, _, err := s.History(ctx, user, "", 1e6)
		noError(t, err)
		if balance != int64(len(entries)) || info.Last > 0 && balance == 0 {
			t.Errorf("%s has %d points of %d entries", user, balance, len(entries))
		}
	}
	key, err := os.ReadFile(filepath.Join(of, keyFile))
	noError(t, err)
	restored, err := os.ReadFile(filepath.Join(dir, keyFile))
	noError(t, err)
	if !bytes.Equal(key, restored) {
		t.Error("the signing key is another one")
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// installed makes an installation with a little in it.
func installed(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	s, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zap.NewNop())
	noError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var n atomic.Int64
	noError(t, writeOn(ctx, s, func(int, uint64) {
		if n.Add(1) == 600 {
			stop()
		}
	}))
	noError(t, s.Close())
	_, err = auth.LoadOrCreate(filepath.Join(dir, keyFile))
	noError(t, err)
	return dir
}

// epochsOf are the names of the logs in dir.
func epochsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zap.NewNop())
	noError(t, err)
	epochs := map[string]bool{}
	for i := range writtenRooms {
		info, err := s.OpenLog(t.Context(), writtenRoom(i))
		noError(t, err)
		epochs[info.Epoch] = true
	}
	noError(t, s.Close())
	return epochs
}

func TestBackupWhileThisProcessWrites(t *testing.T) {
	dir := installed(t)
	epochs := epochsOf(t, dir)
	s, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zap.NewNop())
	noError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var last [writtenRooms]atomic.Uint64
	done := make(chan error, 1)
	go func() { done <- writeOn(ctx, s, func(i int, at uint64) { last[i].Store(at) }) }()
	for round := range 3 {
		acked := make([]uint64, writtenRooms)
		for i := range last {
			acked[i] = last[i].Load()
		}
		file := filepath.Join(t.TempDir(), "backup.tar")
		noError(t, makeBackup(t.Context(), dir, file, true, io.Discard))
		to := filepath.Join(t.TempDir(), "restored")
		noError(t, makeInstallation(t.Context(), file, to, io.Discard))
		checkRestored(t, to, dir, acked, epochs)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("round %d: the backup has mode %v: %v", round, info.Mode(), err)
		}
	}
	stop()
	noError(t, <-done)
	noError(t, s.Close())
}

// The writer is another process, and is killed at last; so are backups and
// restores, again and again.
func TestBackupOfAnotherProcess(t *testing.T) {
	dir := installed(t)
	epochs := epochsOf(t, dir)
	writer := exec.Command(os.Args[0])
	writer.Env = append(os.Environ(), asWriter+"="+dir)
	lines, err := writer.StdoutPipe()
	noError(t, err)
	noError(t, writer.Start())
	defer func() { _ = writer.Process.Kill() }()
	var last [writtenRooms]atomic.Uint64
	writing, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		read := bufio.NewScanner(lines)
		for n := 0; read.Scan(); n++ {
			var i int
			var at uint64
			if _, err := fmt.Sscan(read.Text(), &i, &at); err != nil {
				t.Errorf("the writer says %q", read.Text())
				return
			}
			if last[i].Store(at); n == 200 {
				close(writing)
			}
		}
	}()
	<-writing

	// They are killed at moments spread over the time that a whole one takes.
	place := t.TempDir()
	const rounds = 5
	var backupTakes, restoreTakes time.Duration
	cut := [2]int{}
	for n := range rounds {
		acked := make([]uint64, writtenRooms)
		for i := range last {
			acked[i] = last[i].Load()
		}
		if n == rounds-1 { // nobody has the database open, and its WAL is as the crash left it
			noError(t, writer.Process.Kill())
			_ = writer.Wait()
			<-gone
		}
		file, to := filepath.Join(place, fmt.Sprint("backup-", n, ".tar")), filepath.Join(t.TempDir(), "restored")
		backup, restore := []string{"backup", "--data.dir", dir, file}, []string{"restore", "--data.dir", to, file}
		run := func(takes *time.Duration, cut *int, args []string) {
			if n > 0 {
				said, err := lyceum(t, *takes*time.Duration(n)/rounds, args...)
				if err == nil {
					return
				}
				if *cut++; !killed(err) {
					t.Fatalf("%v: %v: %s", args, err, said)
				}
			}
			began := time.Now()
			said, err := lyceum(t, 0, args...)
			*takes = time.Since(began)
			// Killed behind its last step, it has done all.
			if err != nil && (n == 0 || !bytes.Contains(said, []byte(" already")) && !bytes.Contains(said, []byte("done now"))) {
				t.Fatalf("%v: %v: %s", args, err, said)
			}
		}
		run(&backupTakes, &cut[0], backup)
		run(&restoreTakes, &cut[1], restore)
		checkRestored(t, to, dir, acked, epochs)
	}
	left, err := filepath.Glob(filepath.Join(place, "*.part"))
	noError(t, err)
	for _, part := range left { // of one killed behind its last step
		if _, err := os.Stat(strings.TrimSuffix(part, ".part")); err != nil {
			t.Errorf("%s is left", part)
		}
	}
	t.Logf("of %d, %d backups (%v) and %d restores (%v) were killed", rounds, cut[0], backupTakes, cut[1], restoreTakes)
}

// lyceum runs the program, and kills it after a time.
func lyceum(t *testing.T, after time.Duration, args ...string) (said []byte, err error) {
	t.Helper()
	ctx := t.Context()
	if after > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, after)
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asLyceum+"=1")
	said, err = cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return said, err
}

func killed(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// entry is a file in an archive.
type entry struct {
	header tar.Header
	data   []byte
}

func readTar(t *testing.T, file string) (entries []entry) {
	t.Helper()
	b, err := os.ReadFile(file)
	noError(t, err)
	for in := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		noError(t, err)
		data, err := io.ReadAll(in)
		noError(t, err)
		entries = append(entries, entry{*h, data})
	}
}

func writeTar(t *testing.T, file string, entries []entry) {
	t.Helper()
	var b bytes.Buffer
	out := tar.NewWriter(&b)
	for _, e := range entries {
		e.header.Size = int64(len(e.data))
		noError(t, out.WriteHeader(&e.header))
		_, err := out.Write(e.data)
		noError(t, err)
	}
	noError(t, out.Close())
	noError(t, os.WriteFile(file, b.Bytes(), 0o600))
}

func TestRestoreRefusesWhatIsNotABackup(t *testing.T) {
	dir := installed(t)
	good := filepath.Join(t.TempDir(), "backup.tar")
	noError(t, makeBackup(t.Context(), dir, good, true, io.Discard))
	entries := func(change func([]entry) []entry) func(t *testing.T, file string) {
		return func(t *testing.T, file string) { writeTar(t, file, change(readTar(t, good))) }
	}
	content := func(change func([]byte) []byte) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			b, err := os.ReadFile(good)
			noError(t, err)
			noError(t, os.WriteFile(file, change(b), 0o600))
		}
	}
	// sealed makes an archive whose manifest fits whatever the database now is.
	sealed := func(change func(database []byte)) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			part := t.TempDir()
			m, err := readArchive(t.Context(), good, part)
			noError(t, err)
			path := filepath.Join(part, sqlite.FileName)
			b, err := os.ReadFile(path)
			noError(t, err)
			change(b)
			noError(t, os.WriteFile(path, b, 0o600))
			m, err = newManifest(t.Context(), part, uploads{}, m.Schema, time.Now())
			noError(t, err)
			noError(t, writeArchive(t.Context(), file, part, uploads{}, m, noFilms))
		}
	}
	for _, tt := range []struct {
		name string
		make func(t *testing.T, file string)
		want error
	}{
		{"missing", func(*testing.T, string) {}, fs.ErrNotExist},
		{"empty", content(func([]byte) []byte { return nil }), errForeignArchive},
		{"not a tar", content(func(b []byte) []byte { return bytes.Repeat([]byte("My holiday in Chengdu. "), 1000) }), errForeignArchive},
		{"another tar", entries(func(e []entry) []entry { return e[1:] }), errForeignArchive},
		{"a later layout", entries(func(e []entry) []entry { e[0].header.Name = "lyceum-backup-4.json"; return e }), errNewerArchive},
		{"a manifest with more", entries(func(e []entry) []entry {
			e[0].data = bytes.Replace(e[0].data, []byte(`{`), []byte(`{"more":1,`), 1)
			return e
		}), errDamagedArchive},
		{"a bit of the database", content(func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), errDamagedArchive},
		{"a bit of the key", entries(func(e []entry) []entry { e[1].data[60] ^= 1; return e }), errDamagedArchive},
		{"cut", content(func(b []byte) []byte { return b[:len(b)/2] }), errDamagedArchive},
		{"cut before its last file", entries(func(e []entry) []entry { return e[:2] }), errDamagedArchive},
		{"one file more", entries(func(e []entry) []entry {
			return append(e, entry{tar.Header{Typeflag: tar.TypeReg, Name: "lyceum.yaml", Mode: 0o600}, []byte("a")})
		}), errDamagedArchive},
		{"a path out of it", entries(func(e []entry) []entry { e[1].header.Name = "../" + keyFile; return e }), errDamagedArchive},
		{"an absolute path", entries(func(e []entry) []entry { e[2].header.Name = "/tmp/" + sqlite.FileName; return e }), errDamagedArchive},
		{"a link", entries(func(e []entry) []entry {
			e[1] = entry{tar.Header{Typeflag: tar.TypeSymlink, Name: keyFile, Linkname: "/etc/passwd", Mode: 0o600}, nil}
			return e
		}), errDamagedArchive},
		{"a file twice", entries(func(e []entry) []entry { return []entry{e[0], e[1], e[1], e[2]} }), errDamagedArchive},
		{"a database of a newer version", sealed(func(b []byte) { b[63] = 99 }), sqlite.ErrNewer},
		{"another program's database", sealed(func(b []byte) { b[68] = 0 }), sqlite.ErrForeign},
		{"a damaged database", sealed(func(b []byte) { clear(b[8*4096 : 12*4096]) }), sqlite.ErrDamaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "backup.tar")
			tt.make(t, file)
			root := t.TempDir()
			to := filepath.Join(root, "data")
			if err := makeInstallation(t.Context(), file, to, io.Discard); !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if left := namesIn(t, to); left != "lyceum.lock" || namesIn(t, root) != "data" {
				t.Errorf("it leaves %s", left)
			}
			noError(t, makeInstallation(t.Context(), good, to, io.Discard)) // nothing is in the way
			checkRestored(t, to, dir, make([]uint64, writtenRooms), map[string]bool{})
		})
	}
}

func namesIn(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	noError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return strings.Join(names, " ")
}

func TestNothingIsOverwritten(t *testing.T) {
	dir := installed(t)
	file := filepath.Join(t.TempDir(), "backup.tar")
	noError(t, makeBackup(t.Context(), dir, file, true, io.Discard))
	before, err := os.ReadFile(file)
	noError(t, err)
	if err := makeBackup(t.Context(), dir, file, true, io.Discard); err == nil {
		t.Error("a backup was overwritten")
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the backup is another one: %v", err)
	}
	for _, name := range []string{keyFile, sqlite.FileName, sqlite.FileName + "-wal"} {
		to := t.TempDir()
		noError(t, os.WriteFile(filepath.Join(to, name), []byte("mine"), 0o600))
		if err := makeInstallation(t.Context(), file, to, io.Discard); err == nil {
			t.Errorf("restored over a %s", name)
		}
		if b, err := os.ReadFile(filepath.Join(to, name)); err != nil || string(b) != "mine" {
			t.Errorf("%s is %q: %v", name, b, err)
		}
	}
	s, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zap.NewNop())
	noError(t, err)
	if err := makeInstallation(t.Context(), file, dir, io.Discard); !errors.Is(err, sqlite.ErrInUse) {
		t.Errorf("into a running one: %v", err)
	}
	noError(t, s.Close())
	empty := t.TempDir()
	if err := makeBackup(t.Context(), empty, filepath.Join(empty, "b.tar"), true, io.Discard); err == nil || !strings.Contains(err.Error(), "no installation") {
		t.Errorf("a backup of nothing: %v", err)
	}
	if left := namesIn(t, empty); left != "" {
		t.Errorf("a backup of nothing leaves %s", left)
	}
}

// A restore may be cut off between any two of its steps: no server starts, and
// the next restore makes it whole.
func TestRestoreThatWasCutOff(t *testing.T) {
	dir := installed(t)
	file := filepath.Join(t.TempDir(), "backup.tar")
	noError(t, makeBackup(t.Context(), dir, file, true, io.Discard))
	for placed := range len(places) + 1 {
		to := t.TempDir()
		part := filepath.Join(to, sqlite.RestoreName)
		noError(t, os.Mkdir(part, 0o700))
		_, _, err := unpackBackup(t.Context(), file, part)
		noError(t, err)
		for _, name := range places[:placed] {
			noError(t, os.Rename(filepath.Join(part, name), filepath.Join(to, name)))
		}
		if _, err := sqlite.Open(t.Context(), to, sqlite.Config{}, zap.NewNop()); !errors.Is(err, sqlite.ErrUnfinished) {
			t.Fatalf("%d in place: a store opens: %v", placed, err)
		}
		err = makeInstallation(t.Context(), file, to, io.Discard)
		if all := placed == len(places); (err != nil) != all {
			t.Fatalf("%d in place: %v", placed, err)
		}
		checkRestored(t, to, dir, make([]uint64, writtenRooms), map[string]bool{})
	}
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
)

// archiveName is what a backup is called until it is whole.
const archiveName = "archive"

// backup writes everything that an installation needs to one file, while the
// server runs or not.
func backup(args []string) error {
	films := true
	c, fs, err := loadConfig("backup", args, func(fs *flag.FlagSet) {
		fs.BoolVar(&films, "recordings", films, "with the recordings of classes, which are large; without them a restored installation has none")
	})
	if err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return errors.New("backup: name the file to write: lyceum backup [flags] FILE")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := makeBackup(ctx, c.Data.Dir, fs.Arg(0), films, os.Stdout); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// restore makes an installation out of a backup.
func restore(args []string) error {
	c, fs, err := loadConfig("restore", args, nil)
	if err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return errors.New("restore: name the backup: lyceum restore [flags] FILE")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := makeInstallation(ctx, fs.Arg(0), c.Data.Dir, os.Stdout); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// makeBackup writes dir's backup to a file, which is there whole or not at
// all. It is put together in a directory beside the file; what a killed one
// leaves there is cleared away by the next.
func makeBackup(ctx context.Context, dir, file string, films bool, out io.Writer) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s is there already", file)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	began := time.Now()
	part := file + ".part"
	leave, err := takePart(part)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave()) }()

	if err := copyKey(dir, part); err != nil {
		return err
	}
	database := filepath.Join(part, sqlite.FileName)
	if err := sqlite.Copy(ctx, dir, database); err != nil {
		return err
	}
	schema, err := sqlite.Check(database)
	if err != nil {
		return err
	}
	uploads, err := uploadsOf(dir) // after the database, which names some of them
	if err != nil {
		return err
	}
	m, err := newManifest(ctx, part, uploads, schema, began)
	if err != nil {
		return err
	}
	archive := filepath.Join(part, archiveName)
	of := dir
	if !films {
		of = part // which has none
	}
	err = writeArchive(ctx, archive, part, uploads, m, func(entry func(string, int64, io.Reader) error) error { return writeRecordings(of, entry) })
	if err != nil {
		return err
	}
	if m, err = readArchive(ctx, archive, ""); err != nil { // what was written is what can be read
		return err
	}
	if err := os.Rename(archive, file); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(file)); err != nil {
		return err
	}
	size := int64(0)
	for _, f := range m.Files {
		size += f.Size
	}
	_, err = fmt.Fprintf(out, "backup   %s\ncontent  %d bytes, database version %d, checked\nuploads  %d files, %d bytes, checked\nfilms    %d recordings, %d bytes, checked\ntook     %s\n",
		file, size, schema, m.Uploads.Files, m.Uploads.Bytes, m.films.Recordings, m.films.Bytes, time.Since(began).Round(time.Millisecond))
	return err
}

// takePart makes a directory that nobody else uses meanwhile and that has
// nothing in it of what a backup puts there. leave removes it again.
func takePart(part string) (leave func() error, err error) {
	if err := os.Mkdir(part, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	release, err := sqlite.Lock(part)
	if errors.Is(err, sqlite.ErrInUse) {
		return nil, fmt.Errorf("%s: another backup is being written", part)
	} else if err != nil {
		return nil, err
	}
	// By name, for what else may be there is not ours to remove.
	names := append([]string{archiveName, sqlite.FileName + "-journal", sqlite.FileName + "-wal", sqlite.FileName + "-shm"}, backedUp...)
	leave = func() error {
		err := errors.Join(removeFiles(part, names), release(), removeFiles(part, []string{sqlite.LockName}))
		return errors.Join(err, os.Remove(part))
	}
	if err := removeFiles(part, names); err != nil { // a killed one's
		return nil, errors.Join(err, release())
	}
	return leave, nil
}

func removeFiles(dir string, names []string) error {
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// copyKey copies the signing key, which never changes once it is there.
func copyKey(dir, to string) error {
	key, err := os.ReadFile(filepath.Join(dir, keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no installation in %s: %w", dir, err)
	}
	if err != nil {
		return err
	}
	path := filepath.Join(to, keyFile)
	if err := os.WriteFile(path, key, 0o600); err != nil {
		return err
	}
	_, err = auth.LoadOrCreate(path) // it exists: this checks it
	return err
}

// makeInstallation makes an installation in dir out of a backup. Nothing of
// it is seen until all of it has been checked and synced; one that is cut off
// while the files go to their places leaves a directory by which a server sees
// that it must not start, and the next restore that it may go on.
func makeInstallation(ctx context.Context, file, dir string, out io.Writer) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	release, err := sqlite.Lock(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, release()) }()
	part := filepath.Join(dir, sqlite.RestoreName)
	if err := checkEmpty(dir, part); err != nil {
		return err
	}
	if err := os.RemoveAll(part); err != nil { // of a restore that was cut off
		return err
	}
	if err := os.Mkdir(part, 0o700); err != nil {
		return err
	}
	m, rooms, err := unpackBackup(ctx, file, part)
	if err != nil {
		return errors.Join(err, os.RemoveAll(part))
	}
	if err := place(part, dir); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "restored %s\nmade     %s by Lyceum %s, database version %d\nrooms    %d\nuploads  %d\nfilms    %d recordings\n", dir, m.Made, m.Lyceum, m.Schema, rooms, m.Uploads.Files, m.films.Recordings)
	return err
}

// checkEmpty refuses a directory that has an installation, or a part of one
// that is not from a restore that was cut off.
func checkEmpty(dir, part string) error {
	there := func(path string) bool {
		_, err := os.Lstat(path)
		return !errors.Is(err, fs.ErrNotExist)
	}
	database := filepath.Join(dir, sqlite.FileName)
	cut := there(part)
	if cut && there(database) && os.Remove(part) == nil { // it was empty: all was in its place
		return errors.Join(fmt.Errorf("an earlier restore into %s had only its last step left, which is done now", dir), syncFolder(dir))
	}
	if there(database) || there(database+"-wal") || there(filepath.Join(dir, keyFile)) && !cut {
		return fmt.Errorf("there is an installation in %s already; name another data.dir or move it away", dir)
	}
	if !cut {
		for folder, what := range map[string]string{files.Folder: "uploaded files", recordings: "recordings"} {
			if kept, err := os.ReadDir(filepath.Join(dir, folder)); err == nil && len(kept) > 0 {
				return fmt.Errorf("there are %s in %s already; name another data.dir or move them away", what, dir)
			}
		}
	}
	return nil
}

// unpackBackup puts what is in a backup into part, checked and made ready, and
// returns how many rooms there are.
func unpackBackup(ctx context.Context, file, part string) (m manifest, rooms int, err error) {
	if m, err = readArchive(ctx, file, part); err != nil {
		return m, 0, fmt.Errorf("%s: %w", file, err)
	}
	if _, err := auth.LoadOrCreate(filepath.Join(part, keyFile)); err != nil { // it exists: this checks it
		return m, 0, err
	}
	database := filepath.Join(part, sqlite.FileName)
	schema, err := sqlite.Check(database)
	if err != nil {
		return m, 0, err
	}
	if schema != m.Schema {
		return m, 0, fmt.Errorf("%w: the database has version %d and not %d", errDamagedArchive, schema, m.Schema)
	}
	// People may have seen more than the backup holds: to them these are other
	// logs, of which they take a snapshot.
	if rooms, err = sqlite.NewEpochs(database); err != nil {
		return m, 0, err
	}
	return m, rooms, syncFolder(part)
}

// places are what a restore puts in its place, in this order.
var places = []string{keyFile, files.Folder, recordings, sqlite.FileName}

// place moves what is in part to where it belongs, the database last, and
// removes part, by which it counts. A folder of files or recordings that is in the
// way is empty, or from a restore that was cut off.
func place(part, dir string) error {
	for i, name := range places {
		to := filepath.Join(dir, name)
		err := error(nil)
		if name == files.Folder || name == recordings {
			err = os.RemoveAll(to)
		}
		if err == nil {
			err = os.Rename(filepath.Join(part, name), to)
		}
		if err == nil {
			err = syncFolder(dir)
		}
		if err != nil {
			for _, name := range places[:i+1] {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
			}
			return errors.Join(err, os.RemoveAll(part))
		}
	}
	if err := os.Remove(part); err != nil {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes a rename in dir durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

package sqlite

import (
	"embed"
	"fmt"
	"io/fs"
)

// applicationID marks a file as ours, in the header of SQLite's format
// (https://www.sqlite.org/fileformat2.html#application_id): "Lyce".
const applicationID = 0x4c796365

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations are the steps from an empty file to the newest schema, in order.
// Each one ends by setting user_version to its own number. A step that has
// been released is never changed.
func migrations() ([]string, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted by name
	if err != nil {
		return nil, err
	}
	steps := make([]string, len(names))
	for i, name := range names {
		b, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		steps[i] = string(b)
	}
	return steps, nil
}

// migrate brings the file that c is open on from its version to the newest,
// each step whole or not at all. There is no way back.
func migrate(c conn, steps []string) error {
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	if err := checkVersion(uint64(version), len(steps)); err != nil {
		return err
	}
	for n := version; n < int64(len(steps)); n++ {
		if err := c.run("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		if err := c.run(steps[n]); err != nil {
			_ = c.run("ROLLBACK")
			return fmt.Errorf("migration %d: %w", n+1, err)
		}
		if err := c.run("COMMIT"); err != nil {
			_ = c.run("ROLLBACK")
			return fmt.Errorf("migration %d: %w", n+1, err)
		}
		if now, err := c.number("PRAGMA user_version"); err != nil || now != n+1 {
			return fmt.Errorf("migration %d: it leaves version %d: %w", n+1, now, err)
		}
	}
	return nil
}

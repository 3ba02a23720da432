package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// keySize is the size of a person's key in bytes (AES-256).
const keySize = 32

// keysAtOnce is how many keys one question asks for.
const keysAtOnce = 64

// EnsureKey returns the person's key and makes one if there is none.
func (s *Store) EnsureKey(ctx context.Context, user wire.UserID) ([]byte, error) {
	key, err := s.key(ctx, user)
	if key != nil || err != nil {
		return key, err
	}
	err = s.writer.do(ctx, &job{step: "make key", run: func(t *tx) error {
		row, err := t.findKey.row(string(user))
		if err != nil {
			return err
		}
		if row != nil { // made since we looked
			key = row[1].([]byte)
			return nil
		}
		key = make([]byte, keySize)
		if _, err := rand.Read(key); err != nil {
			return err
		}
		if _, err := t.addKey.exec(key); err != nil {
			return err
		}
		_, err = t.ownKey.exec(string(user))
		return err
	}})
	if err != nil {
		return nil, err
	}
	return key, nil
}

// Keys returns the keys of those users who have one.
func (s *Store) Keys(ctx context.Context, users []wire.UserID) (map[wire.UserID][]byte, error) {
	keys := make(map[wire.UserID][]byte, len(users))
	type owned struct {
		user wire.UserID
		key  []byte
	}
	for some := range slices.Chunk(users, keysAtOnce) {
		asked := make([]any, keysAtOnce)
		for i := range asked {
			asked[i] = string(some[min(i, len(some)-1)]) // the last one again fills it up
		}
		rows, err := s.reads.keys.QueryContext(ctx, asked...)
		found, err := collect(rows, err, func(o *owned) []any { return []any{&o.user, &o.key} })
		if err != nil {
			return nil, failure("read keys", err)
		}
		for _, o := range found {
			keys[o.user] = o.key
		}
	}
	return keys, nil
}

// DestroyKey erases the person's key for good: it returns nil when the key is
// in none of our files any more. Repeated after a failure, it tries again.
func (s *Store) DestroyKey(ctx context.Context, user wire.UserID) error {
	return s.writer.do(ctx, &job{step: "destroy key", scrub: true, run: func(t *tx) error {
		row, err := t.findKey.row(string(user))
		if err != nil || row == nil {
			return err
		}
		if n, err := t.zeroKey.exec(row[0]); err != nil {
			return err
		} else if n != 1 {
			return fmt.Errorf("%d keys overwritten", n)
		}
		_, err = t.disownKey.exec(string(user))
		return err
	}})
}

// key returns the person's key, or nil.
func (s *Store) key(ctx context.Context, user wire.UserID) (key []byte, err error) {
	err = s.reads.key.QueryRowContext(ctx, string(user)).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return key, failure("read key", err)
}

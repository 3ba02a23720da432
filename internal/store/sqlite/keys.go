package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/lyceum-live/lyceum/wire"
)

// keySize is the size of a person's key in bytes (AES-256).
const keySize = 32

// EnsureKey returns the person's key and makes one if there is none. When a
// class comes in, thousands ask at once: the writer answers those of a batch
// together, and who already has a key costs it no write.
func (s *Store) EnsureKey(ctx context.Context, user wire.UserID) ([]byte, error) {
	var key []byte
	err := s.writer.do(ctx, &job{step: "make key", run: func(t *tx) error {
		t.wishes = append(t.wishes, keyWish{string(user), &key})
		return nil
	}})
	if err == nil {
		return key, nil
	}
	// A store that cannot write still knows the keys that there are.
	if key, _ := s.key(ctx, user); key != nil {
		return key, nil
	}
	return nil, err
}

// keyWish is somebody who needs a key.
type keyWish struct {
	user string
	key  *[]byte
}

// flushKeys grants the wishes: it looks up the keys that there are and makes
// the others, a statement for many of either.
func (t *tx) flushKeys() error {
	if len(t.wishes) == 0 {
		return nil
	}
	keys := make(map[string][]byte, len(t.wishes))
	var asked []driver.NamedValue
	for _, wish := range t.wishes {
		if _, twice := keys[wish.user]; !twice {
			keys[wish.user] = nil
			asked = append(asked, driver.NamedValue{Value: wish.user})
		}
	}
	if err := t.lookUp(asked, keys); err != nil {
		return err
	}
	if err := t.makeKeys(asked, keys); err != nil {
		return err
	}
	for _, wish := range t.wishes {
		*wish.key = append([]byte(nil), keys[wish.user]...) // each caller's own
	}
	clear(t.wishes)
	t.wishes = t.wishes[:0]
	return nil
}

// lookUp fills in the keys of those users who have one.
func (t *tx) lookUp(users []driver.NamedValue, keys map[string][]byte) error {
	for i, width := range widths {
		for ; len(users) >= width; users = users[width:] {
			for j := range width {
				users[j].Ordinal = j + 1
			}
			err := t.findKeys[i].eachNamed(func(row []driver.Value) error {
				user, err := as[string](row[0])
				if err != nil {
					return err
				}
				keys[user], err = as[[]byte](row[1])
				return err
			}, users[:width])
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// makeKeys makes keys for those users who have none.
func (t *tx) makeKeys(users []driver.NamedValue, keys map[string][]byte) error {
	var made, owned []driver.NamedValue
	var id int64
	for _, user := range users {
		name := user.Value.(string)
		if keys[name] != nil {
			continue
		}
		if id == 0 {
			var err error
			if id, err = t.lastKey.number(); err != nil {
				return err
			}
		}
		id++
		key := make([]byte, keySize)
		if _, err := rand.Read(key); err != nil {
			return err
		}
		keys[name] = key
		made = append(made, driver.NamedValue{Value: id}, driver.NamedValue{Value: key})
		owned = append(owned, driver.NamedValue{Value: id}, driver.NamedValue{Value: name})
	}
	if err := inWidths(t.addKeys, made, 2); err != nil {
		return err
	}
	return inWidths(t.ownKeys, owned, 2)
}

// Keys returns the keys of those users who have one.
func (s *Store) Keys(ctx context.Context, users []wire.UserID) (map[wire.UserID][]byte, error) {
	keys := make(map[wire.UserID][]byte, len(users))
	type owned struct {
		user wire.UserID
		key  []byte
	}
	err := ask(ctx, s.reads.keys, users, func(o *owned) []any { return []any{&o.user, &o.key} }, func(o owned) {
		keys[o.user] = o.key
	})
	if err != nil {
		return nil, failure("read keys", err)
	}
	return keys, nil
}

// DestroyKey erases the person's key for good: it returns nil when the key is
// in none of our files any more. Repeated after a failure, it tries again.
func (s *Store) DestroyKey(ctx context.Context, user wire.UserID) error {
	return s.writer.do(ctx, &job{step: "destroy key", scrub: true, run: func(t *tx) error {
		if err := t.flushKeys(); err != nil { // one that was asked for before is destroyed, too
			return err
		}
		id, err := t.findKey.number(string(user))
		if err != nil || id == 0 {
			return err
		}
		if n, err := t.zeroKey.exec(id); err != nil {
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

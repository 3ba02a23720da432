package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

// Grant writes the entries whose keys are new, all or none.
func (s *Store) Grant(ctx context.Context, entries []reward.Entry) (fresh []bool, balances map[wire.UserID]int64, err error) {
	err = s.writer.do(ctx, &job{step: "grant", run: func(t *tx) error {
		fresh = make([]bool, len(entries))
		balances = make(map[wire.UserID]int64)
		for i, e := range entries {
			n, err := t.addEntry.exec(e.Key, string(e.User), e.Points, e.Rule, string(e.Room), int64(e.Seq), int64(e.At))
			if err != nil {
				return err
			}
			fresh[i] = n == 1
			t.rows += int(n)
		}
		for _, e := range entries {
			if _, known := balances[e.User]; known {
				continue
			}
			points, err := t.balance.number(string(e.User))
			if err != nil {
				return err
			}
			balances[e.User] = points
		}
		return nil
	}})
	if err != nil {
		return nil, nil, err
	}
	return fresh, balances, nil
}

// Balance is the sum of the user's entries.
func (s *Store) Balance(ctx context.Context, user wire.UserID) (points int64, err error) {
	err = s.reads.balance.QueryRowContext(ctx, string(user)).Scan(&points)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return points, failure("read balance", err)
}

// Balances is the sum of each user's entries, of those users who have any.
func (s *Store) Balances(ctx context.Context, users []wire.UserID) (map[wire.UserID]int64, error) {
	balances := make(map[wire.UserID]int64, len(users))
	type account struct {
		user   wire.UserID
		points int64
	}
	err := ask(ctx, s.reads.balances, users, func(a *account) []any { return []any{&a.user, &a.points} }, func(a account) {
		balances[a.user] = a.points
	})
	if err != nil {
		return nil, failure("read balances", err)
	}
	return balances, nil
}

// History returns a page of the user's entries, newest first. A cursor is the
// key of the last entry on the page before; one that names none of the user's
// entries is refused.
func (s *Store) History(ctx context.Context, user wire.UserID, before string, limit int) (entries []reward.Entry, next string, err error) {
	below := int64(maxSeq)
	if before != "" {
		err := s.reads.entry.QueryRowContext(ctx, before, string(user)).Scan(&below)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, "", wire.ErrField.In("before")
		}
		if err != nil {
			return nil, "", failure("read history", err)
		}
	}
	if limit <= 0 {
		return nil, "", nil
	}
	rows, err := s.reads.history.QueryContext(ctx, string(user), below, limit+1)
	entries, err = collect(rows, err, func(e *reward.Entry) []any {
		return []any{&e.Key, &e.User, &e.Points, &e.Rule, &e.Room, &e.Seq, &e.At}
	})
	if err != nil {
		return nil, "", failure("read history", err)
	}
	if len(entries) > limit { // the one too many only says that there is more
		entries = entries[:limit]
		next = entries[limit-1].Key
	}
	return entries, next, nil
}

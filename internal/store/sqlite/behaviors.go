package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// AppendBehaviors writes those whose ids are new, all or none.
func (s *Store) AppendBehaviors(ctx context.Context, behaviors []recommend.Behavior) (fresh []bool, err error) {
	err = s.writer.do(ctx, &job{step: "append behaviours", run: func(t *tx) error {
		fresh = make([]bool, len(behaviors))
		for i, b := range behaviors {
			served, err := servedText(b.Served)
			if err != nil {
				return err
			}
			n, err := t.addBehavior.exec(b.ID, string(b.Person), b.Item, b.Kind, b.Weight, int64(b.At), string(b.Room), served)
			if err != nil {
				return err
			}
			fresh[i] = n == 1
			t.rows += int(n)
		}
		return nil
	}})
	if err != nil {
		return nil, err
	}
	return fresh, nil
}

// ReadBehaviors returns up to limit behaviours after a position, in order of
// arrival, and the last one's position, which is after where there are none.
func (s *Store) ReadBehaviors(ctx context.Context, after int64, limit int) (behaviors []recommend.Behavior, last int64, err error) {
	if limit <= 0 {
		return nil, after, nil
	}
	last = after
	rows, err := s.reads.behaviors.QueryContext(ctx, after, limit)
	behaviors, err = collect(rows, err, func(b *recommend.Behavior) []any {
		return []any{&last, &b.ID, &b.Person, &b.Item, &b.Kind, &b.Weight, &b.At, &b.Room, (*servedColumn)(&b.Served)}
	})
	if err != nil {
		return nil, after, failure("read behaviours", err)
	}
	return behaviors, last, nil
}

// servedText is how a suggestion came about as its column has it: mostly
// nothing.
func servedText(s recommend.Served) (string, error) {
	if s == (recommend.Served{}) {
		return "", nil
	}
	b, err := wire.Encode(s)
	return string(b), err
}

// servedColumn reads that column.
type servedColumn recommend.Served

// Scan implements [sql.Scanner].
func (c *servedColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("how it was served is %T", value)
	}
	if text == "" {
		*c = servedColumn{}
		return nil
	}
	return wire.Decode([]byte(text), (*recommend.Served)(c))
}

// SaveModel keeps a model's snapshot in place of the one before.
func (s *Store) SaveModel(ctx context.Context, name string, at int64, data []byte) error {
	return s.writer.do(ctx, &job{step: "save model", run: func(t *tx) error {
		_, err := t.saveModel.exec(name, at, blob(data))
		return err
	}})
}

// Model returns the snapshot of that name, or 0 and nil.
func (s *Store) Model(ctx context.Context, name string) (at int64, data []byte, err error) {
	err = s.reads.model.QueryRowContext(ctx, name).Scan(&at, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	return at, data, failure("read model", err)
}

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	modernc "modernc.org/sqlite"
)

// conn is one connection that one goroutine owns. It speaks to the driver
// itself, because database/sql's locks and its check of each argument would
// cost the writer more than the rows do. Calls take no context: what has
// begun is finished.
type conn struct {
	raw   driver.Conn
	stmts *[]driver.Stmt // to be closed before raw, or SQLite keeps the file open
}

func dial(dsn string) (conn, error) {
	connector, err := modernc.NewConnector(dsn)
	if err != nil {
		return conn{}, err
	}
	raw, err := connector.Connect(context.Background())
	return conn{raw, new([]driver.Stmt)}, err
}

// stmt is a prepared statement of a conn.
type stmt struct {
	raw driver.Stmt
}

// prepare returns a statement that lives as long as the connection.
func (c conn) prepare(query string) (stmt, error) {
	raw, err := c.raw.Prepare(query)
	if err == nil {
		*c.stmts = append(*c.stmts, raw)
	}
	return stmt{raw}, err
}

func (c conn) close() error {
	var errs []error
	for _, s := range *c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

// run executes a whole script, such as a migration.
func (c conn) run(script string) error {
	_, err := c.raw.(driver.ExecerContext).ExecContext(context.Background(), script, nil)
	return err
}

// number asks a question whose answer is one integer, such as a PRAGMA.
func (c conn) number(query string) (int64, error) {
	raw, err := c.raw.Prepare(query)
	if err != nil {
		return 0, err
	}
	defer raw.Close()
	row, err := stmt{raw}.row()
	if err != nil {
		return 0, err
	}
	if len(row) == 0 {
		return 0, fmt.Errorf("%s: no answer", query)
	}
	n, ok := row[0].(int64)
	if !ok {
		return 0, fmt.Errorf("%s: the answer is not a number", query)
	}
	return n, nil
}

// exec runs s and returns how many rows it changed. An argument is an int64,
// a float64, a string or a []byte.
func (s stmt) exec(args ...any) (int64, error) {
	return s.execNamed(positional(args))
}

func (s stmt) execNamed(args []driver.NamedValue) (int64, error) {
	result, err := s.raw.(driver.StmtExecContext).ExecContext(context.Background(), args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row runs s and returns its first row, or nil if there is none.
func (s stmt) row(args ...any) (row []driver.Value, err error) {
	rows, err := s.raw.(driver.StmtQueryContext).QueryContext(context.Background(), positional(args))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row = make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(row); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return row, nil
}

// each runs s and calls do with every row; what it gets is its own.
func (s stmt) each(do func(row []driver.Value) error, args ...any) (err error) {
	return s.eachNamed(do, positional(args))
}

func (s stmt) eachNamed(do func(row []driver.Value) error, args []driver.NamedValue) (err error) {
	rows, err := s.raw.(driver.StmtQueryContext).QueryContext(context.Background(), args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		row := make([]driver.Value, len(rows.Columns()))
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := do(row); err != nil {
			return err
		}
	}
}

// as returns a value of a row as what it must be, whatever a damaged file says.
func as[T any](v driver.Value) (T, error) {
	t, ok := v.(T)
	if !ok {
		return t, fmt.Errorf("%w: it holds a %T in place of a %T", ErrDamaged, v, t)
	}
	return t, nil
}

// number is s's answer where it is one integer, and 0 where it has none.
func (s stmt) number(args ...any) (int64, error) {
	row, err := s.row(args...)
	if err != nil || row == nil {
		return 0, err
	}
	return as[int64](row[0])
}

func positional(args []any) []driver.NamedValue {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return named
}

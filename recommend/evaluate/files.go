package evaluate

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// Row is one recorded behaviour.
type Row struct {
	Person   wire.UserID
	Item     string
	Behavior string // in the words of the file
	At       wire.Millis
	Weight   float64
	History  bool // fed but never scored

	File string
	Line int
}

// never is a time of creation that does not come: an item whose own is not
// known is a candidate once somebody has taken it up.
const never = wire.Millis(math.MaxInt64)

// ReadRows reads files of behaviours and sorts their rows by time; rows of the
// same time keep their order. The histories come first and are not scored.
func ReadRows(histories, events []string) ([]Row, error) {
	var rows []Row
	for i, file := range slices.Concat(histories, events) {
		err := readCSV(file, []string{"user_id", "item_id", "behavior", "ts", "weight"}, func(line int, cells []string) error {
			at, err := strconv.ParseInt(cells[3], 10, 64)
			if err != nil || at <= 0 {
				return fmt.Errorf("ts %q is not a time in milliseconds", cells[3])
			}
			weight := 0.0
			if cells[4] != "" {
				weight, err = strconv.ParseFloat(cells[4], 64)
				if err != nil || math.IsNaN(weight) || math.IsInf(weight, 0) {
					return fmt.Errorf("weight %q is not a number", cells[4])
				}
			}
			person := wire.UserID(cells[0])
			if !person.Valid() {
				return fmt.Errorf("user_id %q is not well formed", cells[0])
			}
			rows = append(rows, Row{
				Person: person, Item: strings.Clone(cells[1]), Behavior: strings.Clone(cells[2]), At: wire.Millis(at), Weight: weight,
				History: i < len(histories), File: file, Line: line,
			})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		switch {
		case a.At < b.At:
			return -1
		case a.At > b.At:
			return 1
		}
		return 0
	})
	return rows, nil
}

// ReadCatalog reads a file of items.
func ReadCatalog(file string) ([]recommend.Item, error) {
	var items []recommend.Item
	err := readCSV(file, []string{"item_id", "title", "tags", "author", "created_ts", "duration_ms"}, func(_ int, cells []string) error {
		it := recommend.Item{ID: cells[0], Kind: recommend.Video, Title: cells[1], Author: cells[3], Created: never}
		if it.ID == "" {
			return errors.New("item_id is empty")
		}
		if cells[2] != "" {
			it.Tags = strings.Split(cells[2], "|")
		}
		if cells[4] != "" {
			at, err := strconv.ParseInt(cells[4], 10, 64)
			if err != nil {
				return fmt.Errorf("created_ts %q is not a time in milliseconds", cells[4])
			}
			it.Created = wire.Millis(at)
		}
		if cells[5] != "" {
			ms, err := strconv.ParseInt(cells[5], 10, 64)
			if err != nil || ms < 0 || ms > math.MaxInt64/int64(time.Millisecond) {
				return fmt.Errorf("duration_ms %q is not a duration in milliseconds", cells[5])
			}
			it.Duration = time.Duration(ms) * time.Millisecond
		}
		items = append(items, it)
		return nil
	})
	return items, err
}

// readCSV calls each with the rows of a CSV file, gzipped if its name says
// so, after a header line that must be as given.
func readCSV(file string, header []string, each func(line int, cells []string) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		in = z
	}
	r := csv.NewReader(in)
	r.FieldsPerRecord = len(header)
	first, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if !slices.Equal(first, header) {
		return fmt.Errorf("%s:1: the header is %q, want %q", file, strings.Join(first, ","), strings.Join(header, ","))
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		line, _ := r.FieldPos(0)
		if err := each(line, cells); err != nil {
			return fmt.Errorf("%s:%d: %w", file, line, err)
		}
	}
}

package offpolicy

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// columns of a bandit log; others are passed over.
var columns = []string{"item_id", "position", "click", "propensity_score"}

// ReadLog is the log in a CSV file, perhaps gzipped, whose header names the
// columns item_id, position, click and propensity_score, as the Open Bandit
// Dataset has it (Saito et al., NeurIPS 2021). The position is the context. The
// file is read row by row, each time anew.
func ReadLog(file string) Log {
	return func(each func(Row) error) error {
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
		if err := readRows(in, each); err != nil {
			return fmt.Errorf("%s:%w", file, err)
		}
		return nil
	}
}

// readRows reads rows; an error begins with the line.
func readRows(in io.Reader, each func(Row) error) error {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("1: %w", err)
	}
	var at [4]int
	for i, name := range columns {
		if at[i] = slices.Index(head, name); at[i] < 0 {
			return fmt.Errorf("1: there is no column %s", name)
		}
	}
	known := map[string]string{} // one copy of each word
	word := func(s string) string {
		if w, ok := known[s]; ok {
			return w
		}
		if len(known) >= MostCells {
			return strings.Clone(s)
		}
		w := strings.Clone(s)
		known[w] = w
		return w
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return fmt.Errorf("%d: %w", line, err)
		}
		row := Row{Action: word(cells[at[0]]), Context: word(cells[at[1]])}
		if row.Reward, err = strconv.ParseFloat(cells[at[2]], 64); err != nil || row.Reward != 0 && row.Reward != 1 {
			return fmt.Errorf("%d: click %q is neither 0 nor 1", line, cells[at[2]])
		}
		if row.Propensity, err = strconv.ParseFloat(cells[at[3]], 64); err != nil || !(row.Propensity > 0 && row.Propensity <= 1) {
			return fmt.Errorf("%d: propensity %q is not a probability", line, cells[at[3]])
		}
		if err := each(row); err != nil {
			return fmt.Errorf("%d: %w", line, err)
		}
	}
}

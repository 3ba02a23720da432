package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, read and written as "64KiB". Units are B, KiB,
// MiB, GiB and TiB, and kB, MB, GB and TB for powers of ten; a bare number
// counts bytes.
type Size int64

var (
	errSize  = errors.New(`must be a size such as "512B", "64KiB" or "2GiB"`)
	sizeUnit = []struct {
		name  string
		bytes int64
	}{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}, {"", 1},
	}
)

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "BKMGTik ")
	unit := strings.TrimSpace(string(text[len(digits):]))
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return errSize
	}
	for _, u := range sizeUnit {
		if u.name == unit {
			if n > math.MaxInt64/u.bytes {
				return errSize
			}
			*s = Size(n * u.bytes)
			return nil
		}
	}
	return errSize
}

// MarshalText writes the size in the largest unit that divides it.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Size) String() string {
	for _, u := range sizeUnit[:4] {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

//go:build !linux && !darwin && !freebsd

package files

import "math"

// freeIn does not know: the disk itself refuses what it has no room for.
func freeIn(string) (int64, error) { return math.MaxInt64 / 2, nil }

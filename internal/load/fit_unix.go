//go:build unix

package load

import "golang.org/x/sys/unix"

// reserve is how many files a server or this tool needs beside its sockets.
const reserve = 100

// Fit returns how many viewers fit into one process by its limit of open
// files, which is raised as far as it goes.
func Fit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1000 - reserve // what nearly every system gives
	}
	if limit.Cur < limit.Max {
		limit.Cur = limit.Max
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
			_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
		}
	}
	return int(min(limit.Cur, 1<<20)) - reserve
}

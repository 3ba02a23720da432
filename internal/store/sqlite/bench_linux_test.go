package sqlite_test

import (
	"os"
	"syscall"
	"time"
)

// dataSync is what a commit waits for.
func dataSync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

//go:build linux || darwin || freebsd

package files

import "syscall"

// freeIn returns the bytes that may still be written in dir by who is not root.
func freeIn(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

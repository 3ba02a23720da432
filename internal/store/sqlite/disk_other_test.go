//go:build !linux

package sqlite_test

// fillDisk needs Linux's mount namespaces; nothing starts it elsewhere.
func fillDisk(string) {}

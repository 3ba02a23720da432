//go:build !race

package sqlite_test

const thin = 1

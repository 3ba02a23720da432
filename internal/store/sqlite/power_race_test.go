//go:build race

package sqlite_test

// thin is by how much the tests of power cuts and failing disks are made
// smaller: SQLite is ten times slower under the race detector.
const thin = 12

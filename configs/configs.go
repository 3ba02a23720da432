// Package configs holds the sample configurations: lyceum.yaml shows every
// option, catalog.yaml is the catalogue of a server that has none of its own,
// and words/ are short lists for the machine check of what people write.
package configs

import "embed"

// FS has the sample files.
//
//go:embed *.yaml words/*.txt
var FS embed.FS

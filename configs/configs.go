// Package configs holds the sample configurations: lyceum.yaml shows every
// option, catalog.yaml is the catalogue of a server that has none of its own.
package configs

import "embed"

// FS has the sample files.
//
//go:embed *.yaml
var FS embed.FS

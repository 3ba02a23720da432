package wire_test

import (
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/wire"
)

func TestFileOf(t *testing.T) {
	id := strings.Repeat("0a", 32)
	for url, want := range map[string]bool{
		"/v1/files/" + id: true, wire.FileID(id).URL(): true,
		id: false, "": false, "/v1/files/": false, "/v1/files/" + id[2:]: false, "/v1/files/" + strings.ToUpper(id): false,
		"/v1/files/" + id + "/": false, "/v1/files/" + id + "?x": false, "/v1/files/../files/" + id: false, "//v1/files/" + id: false,
		"https://example.org/v1/files/" + id: false, " /v1/files/" + id: false,
		"/v1/files/" + strings.Repeat("/.", 32): false,
	} {
		if got, ok := wire.FileOf(url); ok != want || ok && got != wire.FileID(id) {
			t.Errorf("%q: %q, %v", url, got, ok)
		}
	}
}

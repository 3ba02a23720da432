package server_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

// TestChangesItsMind: whether somebody takes part is theirs to say, and each
// time is kept; so they cannot fill the disk with it.
func TestChangesItsMind(t *testing.T) {
	t.Parallel()
	r := newRig(t, server.Config{})
	ana, ben := r.token("ana", wire.Viewer), r.token("ben", wire.Viewer)
	const at = "/v1/me/experiments"
	refused := 0
	for n := range 40 {
		status, _ := r.call("PUT", at, ana, fmt.Sprintf(`{"part":%v}`, n%2 == 1))
		switch status {
		case http.StatusOK:
		case http.StatusTooManyRequests:
			refused++
		default:
			t.Fatalf("%d", status)
		}
	}
	if refused < 20 {
		t.Errorf("only %d of 40 are refused", refused)
	}
	if status, answer := r.call("PUT", at, ben, `{"part":false}`); status != http.StatusOK || answer["part"] != false {
		t.Errorf("somebody else: %d %v", status, answer)
	}
	if _, answer := r.call("GET", at, ben, ""); answer["part"] != false {
		t.Errorf("then: %v", answer)
	}
}

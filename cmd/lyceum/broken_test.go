package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestABrokenRoomIsAlone: a class of the catalogue whose log cannot be read
// keeps neither the server from starting nor the others from being listed.
func TestABrokenRoomIsAlone(t *testing.T) {
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenLog(t.Context(), "waves"); err != nil {
		t.Fatal(err)
	}
	if err := store.Append(t.Context(), "waves", 0, []room.Record{{V: 1, Seq: 1, At: 1, Kind: "of.tomorrow", By: wire.System.User, Data: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	c, _, err := loadConfig("serve", []string{
		"--http.addr", "127.0.0.1:0", "--media.listen", "127.0.0.1:0", "--data.dir", dir, "--log.level", "error",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	err = runServer(ctx, c, io.Discard, func(in *installation) {
		defer stop()
		response, err := http.Get(in.url + "/v1/sessions")
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		var list struct{ Sessions []struct{ Room string } }
		if err := json.NewDecoder(response.Body).Decode(&list); err != nil || response.StatusCode != http.StatusOK || len(list.Sessions) == 0 {
			t.Errorf("%s with %d sessions: %v", response.Status, len(list.Sessions), err)
		}
	})
	if err != nil {
		t.Errorf("the server does not start: %v", err)
	}
}

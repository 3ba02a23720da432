package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestLiveClassIsLiveAfterARestart: a class that was on air when the server
// stopped is still suggested as one.
func TestLiveClassIsLiveAfterARestart(t *testing.T) {
	dir := t.TempDir()
	serveOnce := func(while func(*installation)) {
		t.Helper()
		c, _, err := loadConfig("serve", []string{
			"--http.addr", "127.0.0.1:0", "--media.listen", "127.0.0.1:0", "--data.dir", dir, "--log.level", "error",
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if err := runServer(ctx, c, io.Discard, func(in *installation) { while(in); stop() }); err != nil {
			t.Fatal(err)
		}
	}
	list := func(in *installation) string {
		response, err := http.Get(in.url + "/v1/recommendations?limit=50&kind=session")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	serveOnce(func(in *installation) {
		if err := in.house.Do(t.Context(), "waves", wire.System, room.Open{}); err != nil {
			t.Fatal(err)
		}
	})
	serveOnce(func(in *installation) {
		if body := list(in); !strings.Contains(body, `"reason":"Live now"`) {
			t.Errorf("no class is live: %s", body)
		}
	})
}

// TestPastClassEnds: a class that was held once, and has not come again, ends
// by the timetable; one that is announced has not.
func TestPastClassEnds(t *testing.T) {
	now := time.Now()
	shelf, err := catalog.New([]catalog.Item{
		{ID: "past", Kind: catalog.Session, Title: "Past", StartsAt: wire.At(now.Add(-48 * time.Hour)), DurationS: 600},
		{ID: "next", Kind: catalog.Session, Title: "Next", StartsAt: wire.At(now.Add(time.Hour))},
		{ID: "open", Kind: catalog.Session, Title: "Open"},
	}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	over := map[string]bool{}
	for _, i := range itemsOf(shelf) {
		over[i.ID] = i.Ends != 0 && i.Ends <= wire.At(now)
	}
	if !over["past"] || over["next"] || over["open"] {
		t.Errorf("over: %v", over)
	}
}

func TestServeTakesNoArguments(t *testing.T) {
	if err := serve([]string{"my.yaml"}); err == nil || !strings.Contains(err.Error(), "my.yaml") {
		t.Errorf("a file that is ignored: %v", err)
	}
}

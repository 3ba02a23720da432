package bot

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/lyceum-live/lyceum/wire"
)

// TestTapReadsWhatAnotherImplementationWrites: frames of every length of the
// header, a ping that must be answered, and the close code.
func TestTapReadsWhatAnotherImplementationWrites(t *testing.T) {
	sizes := []int{1, 125, 126, 127, 4000, 65535, 65536, 300_000, 2, 9000, 8192}
	var heard string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
		if err != nil {
			return
		}
		defer ws.CloseNow()
		ctx, stop := context.WithTimeout(r.Context(), 10*time.Second)
		defer stop()
		read := func() string {
			_, b, err := ws.Read(ctx)
			if err != nil {
				t.Errorf("read: %v", err)
			}
			return string(b)
		}
		write := func(b []byte) {
			if err := ws.Write(ctx, websocket.MessageText, b); err != nil {
				t.Errorf("write: %v", err)
			}
		}
		heard = read()
		write([]byte(`{"type":"room.presence","data":{"count":1}}`))
		write([]byte(`{"re":1,"type":"welcome","data":{}}`))
		for _, n := range sizes {
			write(bytes.Repeat([]byte("x"), n))
		}
		pinged := ws.CloseRead(ctx)
		if err := ws.Ping(ctx); err != nil {
			t.Errorf("ping: %v", err)
		}
		_ = ws.Close(websocket.StatusCode(wire.CloseRestart), "")
		<-pinged.Done()
	}))
	defer server.Close()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	tap, err := OpenTap(ctx, server.URL, "algebra", "secret")
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	for _, n := range sizes {
		frame, err := tap.Next()
		if err != nil || len(frame) != n || strings.Trim(string(frame), "x") != "" {
			t.Fatalf("%d bytes of %d: %v", len(frame), n, err)
		}
	}
	_, err = tap.Next()
	if closed, ok := errors.AsType[*Closed](err); !ok || closed.Code != wire.CloseRestart || !closed.Again() {
		t.Errorf("the end: %v", err)
	}
	if want := `{"id":1,"type":"hello","data":{"token":"secret"}}`; heard != want {
		t.Errorf("hello was %s", heard)
	}
}

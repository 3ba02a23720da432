package media

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/lyceum-live/lyceum/internal/load"
)

func text(number protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), s)
}

func count(number protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), n)
}

func inside(number protowire.Number, parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), b)
}

// TestLiveKit speaks to what a LiveKit server would say: what is published goes
// by WHIP, with the token; offers and the subscriber's candidates come as those
// of Lyceum do, whatever else is said in between; an answer is what the
// protocol calls one.
func TestLiveKit(t *testing.T) {
	token, err := livekitToken("bench-media", "Host", true, time.Unix(1_700_000_000, 0))
	if err != nil || strings.Count(token, ".") != 2 {
		t.Fatalf("%q, %v", token, err)
	}
	answered := make(chan []byte, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /whip/v1", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("Content-Type") != "application/sdp" {
			http.Error(w, "who is that?", http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "answer to "+string(body))
	})
	mux.HandleFunc("GET /rtc", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("access_token") != token {
			http.Error(w, "who is that?", http.StatusUnauthorized)
			return
		}
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }()
		for _, frame := range [][]byte{
			inside(1, text(1, "a join that says much")),
			{0xff, 0xff}, // nonsense
			inside(responseTrickle, text(trickleCandidate, `{"candidate":"of the publisher"}`), count(trickleTarget, 0)),
			inside(responseOffer, text(descriptionType, "offer"), text(descriptionSDP, "v=0"), count(descriptionID, 7)),
			inside(responseTrickle, text(trickleCandidate, `{"candidate":"mine"}`), count(trickleTarget, targetOfSubscriber)),
		} {
			if conn.Write(r.Context(), websocket.MessageBinary, frame) != nil {
				return
			}
		}
		if _, frame, err := conn.Read(r.Context()); err == nil {
			answered <- frame
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()

	k, err := dial(ctx, load.Target{Name: LiveKitName, URL: server.URL}, "bench-media", token)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	type description struct {
		SDP        string `json:"sdp"`
		Generation int    `json:"generation"`
	}
	var reply description
	if err := k.Query(ctx, "media.publish", description{SDP: "offer"}, &reply); err != nil || reply.SDP != "answer to offer" {
		t.Errorf("published: %+v, %v", reply, err)
	}
	if err := k.Query(ctx, "media.restart", struct{}{}, nil); err == nil {
		t.Error("what is not known is done")
	}
	if err := k.Query(ctx, "media.watch", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ kind, data string }{
		{"media.offer", `{"generation":7,"sdp":"v=0"}`}, {candidateMessage, `{"candidate":"mine"}`},
	} {
		select {
		case m := <-k.Messages():
			if m.Type != want.kind || string(m.Data) != want.data {
				t.Errorf("%s %s, want %s %s", m.Type, m.Data, want.kind, want.data)
			}
		case <-ctx.Done():
			t.Fatalf("no %s", want.kind)
		}
	}
	if err := k.Query(ctx, "media.answer", description{"v=1", 7}, nil); err != nil {
		t.Fatal(err)
	}
	got := <-answered
	if want := inside(requestAnswer, text(descriptionType, "answer"), text(descriptionSDP, "v=1"), count(descriptionID, 7)); string(got) != string(want) {
		t.Errorf("the answer is %x, want %x", got, want)
	}

	wrong := newLiveKit(server.URL, "another")
	defer wrong.Close()
	for _, kind := range []string{"media.publish", "media.watch", "media.answer"} {
		if err := wrong.Query(ctx, kind, description{}, &reply); err == nil {
			t.Errorf("%s with a foreign token succeeds", kind)
		}
	}
}

package server_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/turn/v5"

	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

// relayed opens an allocation by a URL of the relay, with a name and password.
func relayed(t *testing.T, address, username, password string) error {
	t.Helper()
	host, ok := strings.CutSuffix(strings.TrimPrefix(address, "turn:"), "?transport=tcp")
	if !ok {
		t.Fatalf("no relay over TCP at %s", address)
	}
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	c, err := turn.NewClient(&turn.ClientConfig{TURNServerAddr: host, Conn: turn.NewSTUNConn(conn), Username: username, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed, err := c.Allocate()
	if err != nil {
		return err
	}
	return relayed.Close()
}

// TestRelaysAreTold: members are told of the relay over their sockets, and
// streaming programs and players in Link headers (RFC 9725, section 4.6), each
// by the host that they came by and with a password that opens it; where there
// is no relay, nobody is told of any.
func TestRelaysAreTold(t *testing.T) {
	r := newRig(t, server.Config{})
	host := r.join("ana", wire.Host)
	ask := func() (servers []struct {
		URLs                 []string
		Username, Credential string
	}, expires int64) {
		t.Helper()
		m := host.ask("media.servers", "", `{}`)
		var reply struct {
			Servers []struct {
				URLs                 []string
				Username, Credential string
			}
			Expires int64
		}
		if err := json.Unmarshal(m.Data, &reply); err != nil || m.Type != "ok" || reply.Servers == nil {
			t.Fatalf("%s %s", m.Type, m.Data)
		}
		return reply.Servers, reply.Expires
	}
	offer := post{method: "POST", path: "/v1/rooms/algebra/whip", token: r.token("ana", wire.Host), kind: sdpKind, body: fixtureOBS}
	if servers, _ := ask(); len(servers) != 0 {
		t.Errorf("told of %v", servers)
	}
	if got := r.do(offer); got.status != http.StatusCreated || got.header.Get("Link") != "" {
		t.Errorf("%d, told of %s", got.status, got.header.Get("Link"))
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.sfu.ServeRelay(l)
	came, err := url.Parse(r.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	want := "turn:" + came.Hostname() + ":" + port + "?transport=tcp"

	servers, expires := ask()
	if len(servers) != 1 || len(servers[0].URLs) != 1 || servers[0].URLs[0] != want {
		t.Fatalf("told of %v, want %s", servers, want)
	}
	if left := time.Until(time.UnixMilli(expires)); left < 11*time.Hour || left > 13*time.Hour {
		t.Errorf("for %v", left)
	}
	if strings.Contains(servers[0].Username, "ana") {
		t.Errorf("%s names the person", servers[0].Username)
	}
	if err := relayed(t, servers[0].URLs[0], servers[0].Username, servers[0].Credential); err != nil {
		t.Errorf("what the host is told opens nothing: %v", err)
	}
	if relayed(t, servers[0].URLs[0], servers[0].Username, "guessed") == nil {
		t.Error("a guess opens the relay")
	}

	got := r.do(offer)
	link := regexp.MustCompile(`^<(turn:[^>]+)>; rel="ice-server"; username="([^"]+)"; credential="([^"]+)"; credential-type="password"$`).
		FindStringSubmatch(got.header.Get("Link"))
	if got.status != http.StatusCreated || link == nil || link[1] != want {
		t.Fatalf("%d, Link: %q", got.status, got.header.Get("Link"))
	}
	if err := relayed(t, link[1], link[2], link[3]); err != nil {
		t.Errorf("what the streaming program is told opens nothing: %v", err)
	}
	refused := offer
	refused.token = "no token"
	if got := r.do(refused); got.header.Get("Link") != "" {
		t.Error("somebody without a token is told of the relay")
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/internal/load"
	"github.com/lyceum-live/lyceum/wire"
)

// distant is a server that runs somewhere, to which a host's token opens one
// room. Everybody else comes in by an invitation of the host's. Its limits
// hold. What it uses is known if it is a process of this machine.
func distant(ctx context.Context, url, hostToken string, pid int) (load.Target, error) {
	room, err := roomOfToken(hostToken)
	if err != nil {
		return load.Target{}, err
	}
	api := &guestDesk{base: strings.TrimSuffix(url, "/"), room: room, hostToken: hostToken, client: &http.Client{Timeout: 15 * time.Second}}
	t := load.Target{
		Name: "lyceum", URL: url,
		Room: func(string) wire.RoomID { return room },
		Token: func(_ wire.RoomID, name string, role wire.Role) (string, error) {
			if role == wire.Host {
				return hostToken, nil
			}
			return api.token(ctx, name)
		},
	}
	if pid != 0 {
		t.Usage = func() (load.Usage, error) { return load.ReadUsage(pid) }
		if _, err := t.Usage(); err != nil {
			return load.Target{}, fmt.Errorf("-pid: %w", err)
		}
	}
	return t, nil
}

// roomOfToken reads which room a token opens. Whether it does is for the
// server to say.
func roomOfToken(token string) (wire.RoomID, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("-host-token is not a token")
	}
	var claims struct {
		Room wire.RoomID `json:"aud"`
		Role wire.Role   `json:"role"`
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(b, &claims)
	}
	if err != nil || !claims.Room.Valid() || claims.Role != wire.Host {
		return "", fmt.Errorf("-host-token is not a host's token for a room")
	}
	return claims.Room, nil
}

// guestDesk turns one invitation into many viewers' tokens.
type guestDesk struct {
	base      string
	room      wire.RoomID
	hostToken string
	client    *http.Client

	once       sync.Once
	invitation string
	err        error
}

func (d *guestDesk) token(ctx context.Context, name string) (string, error) {
	d.once.Do(func() {
		var link struct {
			URL string `json:"url"`
		}
		d.err = d.post(ctx, "links", d.hostToken, map[string]any{"role": wire.Viewer, "hours": 1}, &link)
		_, d.invitation, _ = strings.Cut(link.URL, "#invite=")
	})
	if d.err != nil {
		return "", d.err
	}
	var ticket struct {
		Token string `json:"token"`
	}
	err := d.post(ctx, "redeem", "", map[string]any{"invitation": d.invitation, "name": name}, &ticket)
	return ticket.Token, err
}

func (d *guestDesk) post(ctx context.Context, path, bearer string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+"/v1/rooms/"+string(d.room)+"/"+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := d.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(into)
}

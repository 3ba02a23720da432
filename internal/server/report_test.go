package server_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// get asks for an address with headers.
func (r *rig) get(path, token string, headers ...string) (int, http.Header, []byte) {
	r.t.Helper()
	res, b := r.send("GET", path, token, nil, headers...)
	return res.StatusCode, res.Header, b
}

// The report is for the staff of its room: as JSON, which is sent again only
// when something has happened, as a workbook, and table by table.
func TestReport(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("hana", wire.Host)
	r.join("ana", wire.Viewer)
	host := wire.Actor{User: "hana", Role: wire.Host}
	do := func(by wire.Actor, c room.Command) {
		t.Helper()
		if err := r.house.Do(context.Background(), algebra, by, c); err != nil {
			t.Fatal(err)
		}
	}
	do(host, room.Open{})
	do(wire.Actor{User: "ana", Role: wire.Viewer}, room.Say{Text: "=I love this"})
	token := r.token("hana", wire.Host)
	status, head, body := r.get("/v1/rooms/algebra/report", token)
	var got struct {
		Seq   uint64
		Class struct{ People, Viewers, Messages int }
	}
	if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK || got.Class.People != 2 || got.Class.Viewers != 1 || got.Class.Messages != 1 {
		t.Fatalf("%d %v %+v", status, err, got)
	}
	if status, _, body := r.get("/v1/rooms/algebra/report", token, "If-None-Match", head.Get("ETag")); status != http.StatusNotModified || len(body) > 0 {
		t.Errorf("nothing has changed: %d %s", status, body)
	}
	status, head, body = r.get("/v1/rooms/algebra/report.xlsx", token, "Accept-Language", "zh-CN")
	if status != http.StatusOK || !strings.Contains(head.Get("Content-Disposition"), "algebra-report.xlsx") {
		t.Fatalf("%d %v", status, head)
	}
	if book, err := excelize.OpenReader(bytes.NewReader(body)); err != nil || len(book.GetSheetList()) < 7 {
		t.Errorf("the workbook: %v", err)
	}
	status, head, body = r.get("/v1/rooms/algebra/report.csv?table=comments", token)
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff")))).ReadAll()
	if status != http.StatusOK || err != nil || len(rows) != 2 || rows[1][2] != "'=I love this" || !bytes.HasPrefix(body, []byte("\ufeff")) || !strings.Contains(head.Get("Content-Disposition"), "algebra-comments.csv") {
		t.Errorf("%d %v %q", status, err, rows)
	}
	if status, _, body := r.get("/v1/rooms/algebra/report/people/ana", token); status != http.StatusOK || !bytes.Contains(body, []byte(`"messages":1`)) {
		t.Errorf("ana: %d %s", status, body)
	}
	for path, want := range map[string]int{
		"/v1/rooms/algebra/report.csv?table=secrets": http.StatusBadRequest,
		"/v1/rooms/algebra/report.csv":               http.StatusBadRequest,
		"/v1/rooms/algebra/report/people/nobody":     http.StatusNotFound,
		"/v1/rooms/-/report":                         http.StatusNotFound,
	} {
		if status, _, body := r.get(path, token); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// Nobody else reads it: no viewer, whatever their token says; no host of
// another room; nobody who was a moderator once.
func TestReportIsForTheStaff(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("hana", wire.Host)
	r.join("ana", wire.Viewer)
	r.join("max", wire.Moderator)
	host := wire.Actor{User: "hana", Role: wire.Host}
	if err := r.house.Do(context.Background(), algebra, host, room.SetRole{User: "max", Role: wire.Viewer}); err != nil {
		t.Fatal(err)
	}
	stranger := r.mint(auth.Claims{Kind: auth.Room, Room: "geometry", User: "hana", Name: "Hana", Role: wire.Host, Expires: time.Now().Add(time.Hour)})
	for _, path := range []string{"/report", "/report.xlsx", "/report.csv?table=people", "/report/people/ana"} {
		for who, token := range map[string]string{
			"a viewer": r.token("ana", wire.Viewer), "a moderator no longer": r.token("max", wire.Moderator), "a host of another room": stranger, "nobody": "",
		} {
			status, _, body := r.get("/v1/rooms/algebra"+path, token)
			if status != http.StatusForbidden && status != http.StatusUnauthorized || bytes.Contains(body, []byte("ana")) {
				t.Errorf("%s reads %s: %d %s", who, path, status, body)
			}
		}
	}
	if err := r.house.Do(context.Background(), algebra, host, room.SetRole{User: "ana", Role: wire.Moderator}); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := r.get("/v1/rooms/algebra/report", r.token("ana", wire.Viewer)); status != http.StatusOK {
		t.Errorf("who was made a moderator: %d", status)
	}
}

// A room in which nothing has happened has an empty report, and asking for it
// begins no log.
func TestReportOfNothing(t *testing.T) {
	r := newRig(t, server.Config{})
	token := r.token("hana", wire.Host)
	for _, path := range []string{"/report", "/report.xlsx", "/report.csv?table=people"} {
		if status, _, body := r.get("/v1/rooms/algebra"+path, token); status != http.StatusOK || len(body) == 0 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if rooms, err := r.store.Rooms(t.Context()); err != nil || len(rooms) != 0 {
		t.Errorf("%v %v", rooms, err)
	}
}

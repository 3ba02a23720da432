package server_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

// sheet downloads the board of algebra in a language.
func (r *rig) sheet(token, lang string) (int, http.Header, string) {
	r.t.Helper()
	status, head, b := r.get("/v1/rooms/algebra/questions.csv", token, "Accept-Language", lang)
	return status, head, string(b)
}

// A board of more questions than any page holds is downloaded whole, by the
// staff alone, with no cell that a spreadsheet would run and no name of who
// asked anonymously.
func TestQuestionsAsCSV(t *testing.T) {
	r := newRig(t, server.Config{})
	do := func(user wire.UserID, role wire.Role, c qa.Command) {
		t.Helper()
		if err := r.house.Do(t.Context(), algebra, wire.Actor{User: user, Role: role}, c); err != nil {
			t.Fatalf("%T: %v", c, err)
		}
	}
	r.join("hana", wire.Host)
	r.join("shy-one", wire.Viewer)
	texts := []string{`=HYPERLINK("http://example.org","x")`, "+1", "-1", "@SUM(A1)", "＝1+1", " =1", "two\nlines, \"quoted\"", "为什么？"}
	for _, text := range texts {
		do("hana", wire.Host, qa.Ask{Text: text})
	}
	do("shy-one", wire.Viewer, qa.Ask{Text: "Who am I?", Anonymous: true})
	const more = 230 // than a page has
	for i := range more {
		asker := wire.UserID(fmt.Sprint("u", i/qa.MaxWaiting))
		if i%qa.MaxWaiting == 0 {
			r.join(asker, wire.Viewer)
		}
		do(asker, wire.Viewer, qa.Ask{Text: fmt.Sprint("Question ", i)})
	}
	status, head, body := r.sheet(r.token("hana", wire.Host), "en")
	if status != http.StatusOK || !strings.HasPrefix(head.Get("Content-Type"), "text/csv") ||
		!strings.Contains(head.Get("Content-Disposition"), "questions-algebra.csv") || !strings.HasPrefix(body, "\ufeff") {
		t.Fatalf("%d %v", status, head)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(texts)+1+more {
		t.Errorf("%d rows", len(rows))
	}
	for i, text := range texts {
		got := rows[1+i][6]
		if plain := strings.TrimPrefix(got, "'"); plain != strings.TrimSpace(text) {
			t.Errorf("%q became %q", text, got)
		}
		if dangerous := i < 6; dangerous != strings.HasPrefix(got, "'") {
			t.Errorf("%q became %q", text, got)
		}
	}
	if strings.Contains(body, "shy") || rows[1+len(texts)][5] != "Anonymous" {
		t.Errorf("who asked anonymously: %v", rows[1+len(texts)])
	}
	if _, _, chinese := r.sheet(r.token("hana", wire.Host), "zh-CN"); !strings.Contains(chinese, "匿名") {
		t.Error("not in Chinese")
	}
	for what, token := range map[string]string{"a viewer": r.token("shy-one", wire.Viewer), "nobody": ""} {
		if status, _, body := r.sheet(token, "en"); status != http.StatusForbidden && status != http.StatusUnauthorized || strings.Contains(body, "Question") {
			t.Errorf("%s: %d %s", what, status, body)
		}
	}
}

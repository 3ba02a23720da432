package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestExperiments lets viewers come into an experiment, and reads and decides it
// on the operators' page, past the secret.
func TestExperiments(t *testing.T) {
	t.Parallel()
	s := buildServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const secret, key = "open-sesame-open-sesame", "0123456789abcdef0123"
	ops := "http://" + l.Addr().String()
	s.flags = []string{"--ops.listen", l.Addr().String(), "--ops.secret", secret, "--access.api_keys", "shop=" + key,
		"--suggest.experiments", "variety window=1h | control | varied diversity=0.4"}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	t.Cleanup(s.kill)

	// Forty people look at the landing page, and each buys something.
	token := ""
	var lines strings.Builder
	for n := range 40 {
		status, pass := s.call(t, "POST", "/v1/rooms/"+room+"/join", "", map[string]any{"name": fmt.Sprint("Viewer ", n)})
		if status != http.StatusOK {
			t.Fatalf("join: %d %v", status, pass)
		}
		token = pass["token"].(string)
		item := s.recommended(t, token)[0]
		fmt.Fprintf(&lines, `{"person":%q,"item":%q,"kind":"buy"}`+"\n", pass["user"].(map[string]any)["id"], item.ID)
	}
	operator := func(method, url, secret, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+secret)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	if status, answer := operator("POST", s.url("/v1/behaviors"), key, lines.String()); status != http.StatusOK {
		t.Fatalf("behaviours: %d %s", status, answer)
	}
	for _, path := range []string{"/v1/experiments", "/experiments"} {
		if status, _ := operator("GET", s.url(path), secret, ""); status != http.StatusNotFound {
			t.Errorf("everybody may ask for %s: %d", path, status)
		}
	}

	// Who refuses comes into none, and nothing that they do counts.
	if status, answer := s.call(t, "PUT", "/v1/me/experiments", token, map[string]any{"part": false}); status != http.StatusOK || answer["part"] != false {
		t.Errorf("refusal: %d %v", status, answer)
	}
	if status, answer := s.call(t, "GET", "/v1/me/experiments", token, nil); status != http.StatusOK || answer["part"] != false {
		t.Errorf("refused: %d %v", status, answer)
	}

	p := arrive(t, openBrowser(t), "operator", true)
	defer func() {
		if t.Failed() {
			p.failed(t)
		}
	}()
	end := p.tolerate(`401`) // the page asks before it has the secret
	p.open(t, ops+"/experiments")
	p.sees(t, "label", "Operators’ secret")
	p.accessible(t, "the operators' door")
	p.write(t, "#secret", "", "not the secret at all")
	p.click(t, "button", "Continue")
	p.sees(t, ".error", "That is not the operators’ secret.")
	p.write(t, "#secret", "", secret)
	p.click(t, "button", "Continue")
	p.sees(t, "h2", "variety")
	end()
	p.reads(t, ".tile strong", "40", "40", "1,854", eval[string](t, p, "document.querySelectorAll('.tile strong')[3].textContent"))
	p.until(t, "document.querySelector('svg.plot__drawing[role=img]') || document.querySelector('.hint')")
	p.accessible(t, "experiments")
	p.onPhone(t, func() { p.fits(t, "experiments on a phone") })
	p.turn(t, "zh-CN")
	p.chinese(t, "experiments")
	p.turn(t, "en")
	p.photograph(t, "experiments")

	p.click(t, "[data-key=variety-varied-shipped]", "Ship")
	p.sees(t, "dialog", "This cannot be undone.")
	p.accessible(t, "shipping an arm")
	p.click(t, "dialog .btn--danger", "Ship")
	p.sees(t, ".badge--good", "Everybody gets varied")
	p.sees(t, ".banner", "An operator shipped the arm varied.")
	if status, answer := operator("POST", ops+"/v1/experiments/variety", secret, `{"what":"stopped","arm":"varied"}`); status != http.StatusConflict {
		t.Errorf("decided twice: %d %s", status, answer)
	}
	p.silent(t)

	// All of it is on record: a server that was killed comes to the same.
	digest := func() string {
		var all struct {
			Experiments []struct{ Digest, State string }
		}
		_, answer := operator("GET", ops+"/v1/experiments", secret, "")
		if err := json.Unmarshal([]byte(answer), &all); err != nil || len(all.Experiments) != 1 {
			t.Fatalf("%s: %v", answer, err)
		}
		return all.Experiments[0].State + " " + all.Experiments[0].Digest
	}
	before := digest()
	p.leave()
	s.kill()
	s.start(t)
	if after := digest(); after != before || !strings.HasPrefix(after, "shipped ") {
		t.Errorf("before the end %s, after it %s", before, after)
	}
	if s.stop(t) != 0 {
		t.Error("the server does not end well")
	}
}

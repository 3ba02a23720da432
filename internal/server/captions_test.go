package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/internal/vtt"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// captioner gets a captioner's token from the server and opens their socket.
func (r *rig) captioner(name string) *browser {
	r.t.Helper()
	status, given := r.call("POST", "/v1/rooms/algebra/captioner", r.token("hana", wire.Host), fmt.Sprintf(`{"name":%q}`, name))
	if status != http.StatusOK || !strings.HasPrefix(given["socket"].(string), "ws://") || !strings.Contains(given["url"].(string), "/captions/algebra#token=") {
		r.t.Fatalf("a captioner's token: %d %v", status, given)
	}
	return r.captions(given["token"].(string))
}

func (r *rig) captions(token string) *browser {
	r.t.Helper()
	b := r.open("/v1/rooms/algebra/captions")
	b.send(fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q}}`, token))
	b.id = 1
	if m := b.until(func(m message) bool { return m.Re == 1 }); m.Type != "welcome" {
		r.t.Fatalf("%s %s", m.Type, m.Data)
	}
	return b
}

type cue struct {
	ID         uint64
	Lang, Text string
	Begin, End wire.Millis
}

func (b *browser) cue(kind string) cue {
	b.t.Helper()
	m := b.until(func(m message) bool { return m.Type == kind })
	var c cue
	if err := json.Unmarshal(m.Data, &c); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// TestCaptioners: they write captions and nothing else, and nobody else does
// but the staff; everybody sees them, as they grow, whole, and corrected.
func TestCaptioners(t *testing.T) {
	r := newRig(t, server.Config{})
	ana, mo := r.join("ana", wire.Viewer), r.join("mo", wire.Moderator)
	cap := r.captioner("Kim")

	for _, kind := range []string{"chat.say", "qa.ask", "hand.raise", "poll.vote", "room.end", "record.start", "people.list"} {
		if m := cap.ask(kind, "k-"+kind, `{"text":"hello"}`); m.Type != "error" || cap.code(m) != "auth.forbidden" {
			t.Errorf("a captioner's %s: %s %s", kind, m.Type, m.Data)
		}
	}
	if m := cap.ask("media.publish", "", `{"sdp":"v=0","sources":{}}`); m.Type != "error" {
		t.Errorf("a captioner publishes: %s", m.Data)
	}
	for _, kind := range []string{"caption.say", "caption.draft", "caption.vtt", "caption.fix"} {
		data := map[string]string{"caption.vtt": `{"lang":"en","vtt":"","zero":1}`, "caption.fix": `{"cue":1,"text":"x"}`}[kind]
		if data == "" {
			data = `{"lang":"en","text":"x"}`
		}
		if m := ana.ask(kind, "k-"+kind, data); m.Type != "error" || ana.code(m) != "auth.forbidden" {
			t.Errorf("a viewer's %s: %s %s", kind, m.Type, m.Data)
		}
	}
	for name, token := range map[string]string{"a viewer": r.token("ana", wire.Viewer), "a host": r.token("hana", wire.Host)} {
		b := r.open("/v1/rooms/algebra/captions")
		b.send(fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q}}`, token))
		if _, refusal := b.closed(); refusal != "auth.token" {
			t.Errorf("%s at the captioners' socket: %q", name, refusal)
		}
	}
	own := r.mint(auth.Claims{Kind: auth.Captioning, Room: algebra, User: "kim", Name: "Kim", Role: wire.Viewer, Expires: time.Now().Add(time.Hour)})
	b := r.open("/v1/rooms/algebra/socket")
	b.send(fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q}}`, own))
	if _, refusal := b.closed(); refusal != "auth.token" {
		t.Errorf("a captioner in the class: %q", refusal)
	}
	if status, _ := r.call("POST", "/v1/rooms/algebra/captioner", r.token("mo", wire.Moderator), `{}`); status != http.StatusForbidden {
		t.Errorf("a moderator makes captioners: %d", status)
	}

	cap.ask("caption.draft", "", `{"lang":"en","text":"Let x <b> be"}`)
	draft := ana.until(func(m message) bool { return m.Type == "caption.drafts" })
	if string(draft.Data) != `{"drafts":{"en":"Let x <b> be"}}` {
		t.Errorf("the draft: %s", draft.Data)
	}
	now := wire.At(time.Now())
	if m := cap.ask("caption.say", "say-1", fmt.Sprintf(`{"lang":"en","text":"Let x <b> be --> a set.\n\n\nOf sets & maps.","begin":%d,"end":%d}`, now-3000, now-500)); m.Type != "ok" {
		t.Fatalf("say: %s", m.Data)
	}
	first := ana.cue("caption.said")
	if first.Text != "Let x <b> be --> a set.\nOf sets & maps." || first.Lang != "en" || first.Begin != now-3000 || first.End != now-500 {
		t.Errorf("the cue: %+v", first)
	}
	if m := cap.ask("caption.say", "say-1", `{"lang":"en","text":"again"}`); m.Type != "ok" { // repeated: once
		t.Errorf("repeated: %s", m.Data)
	}
	cap.ask("caption.fix", "fix-1", fmt.Sprintf(`{"cue":%d,"text":"Let y be a set."}`, first.ID))
	if fixed := ana.cue("caption.fixed"); fixed.ID != first.ID || fixed.Text != "Let y be a set." || fixed.Begin != first.Begin {
		t.Errorf("corrected: %+v", fixed)
	}
	blocks := `1\n00:00:01.000 --> 00:00:02.500 line:0\n<v Ana>Sets\n\n00:00:02.500 --> 00:00:04.000\n&lt;Maps&gt;\n`
	if m := cap.ask("caption.vtt", "vtt-1", fmt.Sprintf(`{"lang":"zh-CN","vtt":"%s","zero":%d}`, blocks, now-5000)); m.Type != "ok" {
		t.Fatalf("vtt: %s", m.Data)
	}
	one, two := ana.cue("caption.said"), ana.cue("caption.said")
	if one.Text != "Ana: Sets" || one.Begin != now-4000 || one.End != now-2500 || two.Text != "<Maps>" || two.Lang != "zh-CN" {
		t.Errorf("of WebVTT: %+v, %+v", one, two)
	}

	other := r.captioner("Lee")
	if m := other.ask("caption.fix", "fix-2", fmt.Sprintf(`{"cue":%d,"text":"mine"}`, first.ID)); m.Type != "error" || other.code(m) != "wire.not_found" {
		t.Errorf("another captioner corrects: %s", m.Data)
	}
	if m := mo.ask("caption.fix", "fix-3", fmt.Sprintf(`{"cue":%d,"text":""}`, two.ID)); m.Type != "ok" {
		t.Errorf("a moderator takes one away: %s", m.Data)
	}
	for i, data := range []string{
		`{"lang":"en","text":""}`, `{"lang":"en","text":" \n\t"}`, `{"lang":"","text":"x"}`, `{"lang":"../x","text":"x"}`, `{"lang":"english","text":"x"}`,
		`{"lang":"en","text":"` + strings.Repeat("x", 501) + `"}`,
		fmt.Sprintf(`{"lang":"en","text":"x","begin":%d}`, now+60_000), fmt.Sprintf(`{"lang":"en","text":"x","begin":%d}`, now-120_000),
		fmt.Sprintf(`{"lang":"en","text":"x","begin":%d,"end":%d}`, now, now), `{"lang":"en","text":"x","right":true}`,
	} {
		if m := cap.ask("caption.say", fmt.Sprintf("bad-%d", i), data); m.Type != "error" {
			t.Errorf("%s is taken", data)
		}
	}

	late := r.open("/v1/rooms/algebra/socket")
	late.send(fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q}}`, r.token("ben", wire.Viewer)))
	var welcome struct {
		Room struct {
			Count    int
			Captions struct {
				Langs []string
				Cues  []cue
			}
		}
	}
	if err := json.Unmarshal(late.until(func(m message) bool { return m.Re == 1 }).Data, &welcome); err != nil {
		t.Fatal(err)
	}
	if c := welcome.Room.Captions; !slices.Equal(c.Langs, []string{"en", "zh-CN"}) || len(c.Cues) != 2 || c.Cues[0].Text != "Let y be a set." {
		t.Errorf("a latecomer sees %+v", c)
	}
	if welcome.Room.Count != 3 {
		t.Errorf("captioners count as present: %d are", welcome.Room.Count)
	}
}

// TestCaptionsOfRecordings: what was spoken is kept sealed, at the times of the
// recording, its files and clips, once though it is told again; nobody reads
// the words of somebody whose key is gone.
func TestCaptionsOfRecordings(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Viewer)
	dir := t.TempDir()
	at := filepath.Join(dir, "algebra", "7")
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("manifest.json", `{"v":1,"id":7,"room":"algebra","title":"Algebra","started":1000000,"files":[
{"name":"host-001.mp4","set":"host","start":500,"length":9500,"video":true,"done":true},
{"name":"host-002.mp4","set":"host","start":20000,"length":10000,"video":true,"done":true}],
"clips":[{"id":8,"from":8000,"to":24000,"name":"clip-8.mp4","length":6000,"spans":[{"from":8000,"to":10000,"at":0},{"from":20000,"to":24000,"at":2000}]}]}`)
	put("clip-8.mp4", "a clip")
	open := func(safe record.Safe) (string, *record.Archive) {
		archive, err := record.Open(dir, record.Config{}, record.Told{}, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(archive.Close)
		archive.Safe = safe
		return serveRecordings(t, r, archive), archive
	}
	url, archive := open(r.house)
	say := func(a *record.Archive, seq uint64, lang string, begin, end wire.Millis, by wire.UserID, text string) {
		if end != 0 {
			end += 1000000
		}
		a.Say(algebra, seq, lang, 1000000+begin, end, wire.Own(by, text))
	}
	say(archive, 10, "en", 1000, 3000, "kim", "Let x --> <be>\na set & so on")
	say(archive, 11, "en", 9000, 21000, "kim", "across the pause")
	say(archive, 12, "en", 22000, 0, "lee", "first of two")
	say(archive, 13, "en", 22700, 0, "lee", "second")
	say(archive, 14, "zh-CN", 22000, 23000, "lee", "集合")
	archive.Correct(algebra, 15, 13, wire.Own("lee", "second, corrected"))
	say(archive, 13, "en", 22700, 0, "lee", "told again")
	raw, err := os.ReadFile(filepath.Join(at, "captions.jsonl"))
	if err != nil || strings.Contains(string(raw), "across") || strings.Count(string(raw), "\n") != 6 {
		t.Errorf("what is on the disk: %v\n%s", err, raw)
	}

	token := []string{"Authorization", "Bearer " + r.token("ana", wire.Viewer)}
	read := func(url, path string) []vtt.Cue {
		t.Helper()
		status, header, body := ask(t, "GET", url+path, nil, token...)
		if status != http.StatusOK || header.Get("Content-Type") != vtt.Type {
			t.Fatalf("%s: %d %s", path, status, body)
		}
		cues, err := vtt.Parse(body)
		if err != nil {
			t.Fatalf("%s: %v in %s", path, err, body)
		}
		return cues
	}
	one := "/v1/rooms/algebra/recordings/7/"
	second := vtt.Cue{Begin: 22700, End: 22700 + vtt.Reads("second, corrected"), Text: "second, corrected"}
	all := []vtt.Cue{{Begin: 1000, End: 3000, Text: "Let x --> <be>\na set & so on"}, {Begin: 9000, End: 21000, Text: "across the pause"}, {Begin: 22000, End: 22700, Text: "first of two"}, second}
	if got := read(url, one+"captions.en.vtt"); !slices.Equal(got, all) {
		t.Errorf("the recording: %+v", got)
	}
	if got := read(url, one+"host-001.en.vtt"); !slices.Equal(got, []vtt.Cue{{Begin: 500, End: 2500, Text: all[0].Text}, {Begin: 8500, End: 9500, Text: all[1].Text}}) {
		t.Errorf("its first file: %+v", got)
	}
	if got := read(url, one+"host-002.en.vtt"); len(got) != 3 || got[0] != (vtt.Cue{Begin: 0, End: 1000, Text: all[1].Text}) || got[1].Begin != 2000 {
		t.Errorf("its second file: %+v", got)
	}
	name := record.Public(algebra, 8)
	if got := read(url, "/v1/clips/"+name+".en.vtt"); len(got) != 4 || got[0] != (vtt.Cue{Begin: 1000, End: 2000, Text: all[1].Text}) || got[1] != (vtt.Cue{Begin: 2000, End: 3000, Text: all[1].Text}) || got[2].Begin != 4000 {
		t.Errorf("a clip: %+v", got)
	}
	if status, _, body := ask(t, "GET", url+"/v1/clips/"+name+"/captions", nil); status != http.StatusOK || !strings.Contains(body, `{"lang":"zh-CN","url":"/v1/clips/`+name+`.zh-CN.vtt"}`) {
		t.Errorf("a clip's captions: %d %s", status, body)
	}
	for _, none := range []string{"captions.fr.vtt", "captions..vtt", "captions.vtt", "host-003.en.vtt", "..%2f7%2fcaptions.en.vtt", "captions.jsonl", "captions.%2e%2e.vtt"} {
		if status, _, body := ask(t, "GET", url+one+none, nil, token...); status != http.StatusNotFound {
			t.Errorf("%s: %d %s", none, status, body)
		}
	}
	if status, _, _ := ask(t, "GET", url+one+"captions.en.vtt", nil); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}

	// A crash cuts a line off, and one of the two captioners is forgotten.
	put("captions.jsonl", string(raw[:len(raw)-10]))
	if err := r.store.DestroyKey(t.Context(), "kim"); err != nil {
		t.Fatal(err)
	}
	pool := fanout.NewPool(fanout.Config{})
	t.Cleanup(pool.Close)
	house := room.NewHouse(room.Config{}, r.store, room.NewVault(r.store), pool, zap.NewNop())
	t.Cleanup(house.Close)
	url, archive = open(house)
	archive.Correct(algebra, 15, 13, wire.Own("lee", "second, corrected"))
	if got := read(url, one+"captions.en.vtt"); !slices.Equal(got, all[2:]) {
		t.Errorf("after the restart: %+v", got)
	}
}

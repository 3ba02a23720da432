package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// recordingSays is what the server says of a recording.
type recordingSays struct {
	id, length, ended int64
	started           int64
	page, reason      string
	files             []any
	chapters          []any
}

// recording asks for the newest recording of the room.
func (s *school) recording(t *testing.T, token string) recordingSays {
	t.Helper()
	status, answer := s.call(t, "GET", "/v1/rooms/"+room+"/recordings", token, nil)
	list, _ := answer["recordings"].([]any)
	if status == http.StatusOK && len(list) == 0 {
		return recordingSays{} // nothing yet
	}
	if status != http.StatusOK || len(list) != 1 {
		t.Fatalf("recordings: status %d, %v", status, answer)
	}
	one := list[0].(map[string]any)
	id := int64(one["id"].(float64))
	status, whole := s.call(t, "GET", fmt.Sprintf("/v1/rooms/%s/recordings/%d", room, id), token, nil)
	if status != http.StatusOK {
		t.Fatalf("recording: status %d, %v", status, whole)
	}
	return recordingSays{
		id: id, length: int64(whole["length"].(float64)), ended: int64(whole["ended_at"].(float64)), started: int64(whole["started_at"].(float64)),
		page: whole["url"].(string), reason: whole["reason"].(string),
		files: whole["files"].([]any), chapters: whole["chapters"].([]any),
	}
}

// recorded waits until the recording has so many files, and the last of them
// so many milliseconds.
func (s *school) recorded(t *testing.T, token string, files int, length float64) {
	t.Helper()
	deadline, tick := time.After(patience), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for {
		if r := s.recording(t, token); len(r.files) >= files && r.files[len(r.files)-1].(map[string]any)["length"].(float64) >= length {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the recording does not come to %d files and %v ms: %+v", files, length, s.recording(t, token))
		}
	}
}

// recordingEnded waits until the recording is whole, and returns it.
func (s *school) recordingEnded(t *testing.T, token string) recordingSays {
	t.Helper()
	deadline, tick := time.After(patience), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for {
		r := s.recording(t, token)
		if r.ended != 0 {
			return r
		}
		select {
		case <-tick.C:
		case <-deadline:
			return r
		}
	}
}

// played is how a film of the page goes.
type played struct {
	At, Length    float64
	Width, Frames int
	Sound         int
	Failed        string
}

const howItPlays = `((film) => ({At: film.currentTime, Length: film.duration, Width: film.videoWidth, Failed: film.error?.message ?? "",
	Frames: film.getVideoPlaybackQuality().totalVideoFrames, Sound: film.webkitAudioDecodedByteCount}))`

// TestRecording records a class from a real camera, through a power cut, and
// plays the recording and a clip of it.
func TestRecording(t *testing.T) {
	s := newSchool(t)
	s.host = arrive(t, s.browser, "Ines", true)
	s.ana = arrive(t, s.browser, "Ana", true)

	s.host.open(t, s.link)
	s.host.write(t, "#gate-name", "", "Ines")
	s.host.click(t, "button", "Enter the studio")
	s.host.until(t, "document.querySelector('video.studio-stage__main')?.videoWidth > 0")
	s.host.click(t, ".studio__head button", "Record")
	s.host.sees(t, ".studio__head button", "Stop recording")
	s.host.click(t, "button", "Go live")
	s.host.sees(t, "studio-stage .badge--live", "On air")
	began := time.Now()

	s.ana.open(t, s.url("/class/"+room))
	s.ana.write(t, "#door-name", "", "Ana")
	s.ana.click(t, "button", "Join the class")
	s.ana.sees(t, ".class-head .badge", "Recorded") // everybody knows
	s.ana.watches(t)
	s.host.click(t, "activity-panel button", "Understood?")
	s.ana.sees(t, "poll-card", "")
	token := s.ana.token(t)
	kim := captions(t, s)

	// A power cut in the middle.
	for _, p := range []*person{s.host, s.ana, kim} {
		defer p.tolerate(`ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|WebSocket connection to .* failed`)()
	}
	s.recorded(t, token, 1, 5000)
	s.kill()
	cut := time.Now().UnixMilli()
	s.start(t)
	before := s.recording(t, token)
	if lost := cut - before.started - before.length; before.ended != 0 || lost > 1000+500 { // a second, and the way from camera to server
		t.Errorf("of the last %d ms nothing is there after the power cut", lost)
	}
	s.recorded(t, token, 2, 5000) // the same recording goes on by itself
	s.ana.watches(t)
	goesBack(t, s)
	s.host.click(t, ".studio__head button", "Keep 30 s as a clip")
	s.host.sees(t, "body", "Done. The last 30 seconds")
	s.host.photograph(t, "studio-recording")
	s.host.click(t, ".studio__head button", "Stop recording")
	whole := time.Since(began)
	s.host.sees(t, ".studio__head button", "Record")
	s.ana.misses(t, ".class-head .badge", "Recorded")

	after := s.recordingEnded(t, token) // the recorder follows the class's log
	if after.ended == 0 || after.reason != "" || len(after.files) < 2 || after.id != before.id {
		t.Errorf("after the end: %+v", after)
	}
	if off := after.length - whole.Milliseconds(); off > 4000 || off < -2500 {
		t.Errorf("of %v, the recording has %d ms", whole, after.length)
	}
	if len(after.chapters) != 1 || after.chapters[0].(map[string]any)["kind"] != "poll" || after.chapters[0].(map[string]any)["title"] == "" {
		t.Errorf("chapters %v", after.chapters)
	}
	for _, f := range after.files {
		if kind := f.(map[string]any)["type"]; kind != "video/mp4" && f.(map[string]any)["video"] == true {
			t.Errorf("the browser encodes H.264, and is recorded as %v", kind)
		}
	}

	playsRecording(t, s, after)
	playsClip(t, s)
	strangersStayOut(t, s, after)
	for _, p := range []*person{s.host, s.ana} {
		p.silent(t)
	}
}

// wake moves the pointer over the stage, which has hidden its controls.
const wake = `document.querySelector("class-stage").dispatchEvent(new PointerEvent("pointermove"))`

// captions has somebody write down what is said, and a viewer read it.
func captions(t *testing.T, s *school) *person {
	t.Helper()
	status, given := s.call(t, "POST", "/v1/rooms/"+room+"/captioner", s.host.token(t), map[string]any{"name": "Kim"})
	if status != http.StatusOK {
		t.Fatalf("a captioner's link: status %d, %v", status, given)
	}
	kim := arrive(t, s.browser, "Kim", true)
	kim.open(t, given["url"].(string))
	kim.write(t, "#captioner-text", "", "Sets & <maps>")
	s.ana.until(t, "document.querySelector('.stage__control[aria-label=\"Captions: off\"]:not([hidden])')")
	eval[bool](t, s.ana, wake)
	s.ana.click(t, ".stage__control", "Captions: off")
	s.ana.click(t, ".menu__item", "English")
	s.ana.sees(t, ".captions__line--draft", "Sets & <maps>") // as it grows
	kim.press(t, kb.Enter)
	s.ana.sees(t, ".captions__lines .captions__line", "Sets & <maps>")
	kim.sees(t, ".captioner__cue", "Sets & <maps>")
	kim.click(t, ".captioner__cue button", "Correct this") // takes it back into the field
	kim.sees(t, "label", "Correct this sentence")
	kim.write(t, "#captioner-text", "", "Sets & <maps> of sets")
	kim.press(t, kb.Enter)
	s.ana.sees(t, ".captions__lines .captions__line", "Sets & <maps> of sets")
	s.ana.photograph(t, "captions")
	kim.photograph(t, "captioner")
	kim.onPhone(t, func() { kim.fits(t, "a captioner's phone") })
	kim.accessible(t, "a captioner's page")
	return kim
}

// goesBack has a viewer who missed something go back in the class, and return.
func goesBack(t *testing.T, s *school) {
	t.Helper()
	eval[bool](t, s.ana, wake)
	s.ana.click(t, ".stage__control", "Go back 15 seconds")
	film := "document.querySelector('.player__film--host')"
	s.ana.until(t, "((film) => film && film.currentTime > 0.5 && film.videoWidth > 0 && film.webkitAudioDecodedByteCount > 0 && !film.paused)("+film+")")
	s.ana.sees(t, ".replay__notice", "Chat, questions, polls and quizzes are live")
	s.ana.until(t, "[...document.querySelectorAll('class-stage audio')].every((voice) => voice.muted)")
	s.ana.photograph(t, "replay")
	s.ana.onPhone(t, func() { s.ana.fits(t, "going back on a phone") })
	s.ana.accessible(t, "going back in a class")
	s.ana.click(t, "button", "Back to live")
	s.ana.misses(t, "class-replay", "")
	s.ana.until(t, "[...document.querySelectorAll('class-stage audio')].every((voice) => !voice.muted)")
	s.ana.watches(t)
}

// playsRecording has a viewer watch the recording on its page.
func playsRecording(t *testing.T, s *school, r recordingSays) {
	s.ana.open(t, s.url(r.page))
	s.ana.sees(t, "recording-player", "")
	s.ana.until(t, "document.querySelector('.player__film--host').readyState >= 2")
	first := r.files[0].(map[string]any)
	film := "document.querySelector('.player__film--host')"
	if p := eval[played](t, s.ana, howItPlays+"("+film+")"); p.Failed != "" || p.Width == 0 || p.Length*1000 < first["length"].(float64)-100 || p.Length*1000 > first["length"].(float64)+100 {
		t.Errorf("the first film of %v ms: %+v", first["length"], p)
	}
	s.ana.click(t, "button", "Play")
	s.ana.until(t, "((film) => film.currentTime > 0.5 && film.webkitAudioDecodedByteCount > 0 && film.getVideoPlaybackQuality().totalVideoFrames > 3)("+film+")")
	s.ana.until(t, "document.querySelector('.player .captions__lines').textContent === 'Sets & <maps> of sets'")
	s.ana.photograph(t, "recording")
	s.ana.press(t, "k")
	s.ana.until(t, film+".paused")
	eval[bool](t, s.ana, "document.querySelector('recording-player').seek(0), true")
	s.ana.click(t, ".chapters__one", "") // plays on from there
	s.ana.until(t, fmt.Sprintf("document.querySelector('recording-player').at >= %v && !%s.paused", r.chapters[0].(map[string]any)["at"], film))
	s.ana.sees(t, ".chapters__one[aria-current=true]", "")
	// Across the gap of the power cut, to the film after it.
	last := r.files[len(r.files)-1].(map[string]any)
	eval[bool](t, s.ana, fmt.Sprintf("document.querySelector('recording-player').seek(%v), true", last["start"].(float64)-200))
	s.ana.until(t, fmt.Sprintf("document.querySelector('recording-player').at > %v && %s.currentTime > 0.3 && %s.src.endsWith(%s)", last["start"], film, film, js(last["url"])))
	s.ana.press(t, "k")
	s.ana.until(t, film+".paused")
	s.ana.onPhone(t, func() { s.ana.fits(t, "a recording on a phone") })
	s.ana.accessible(t, "a recording")
}

// playsClip finds the clip in the catalogue and plays it on its page.
func playsClip(t *testing.T, s *school) {
	var clip map[string]any
	_, answer := s.call(t, "GET", "/v1/videos", "", nil)
	for _, v := range answer["videos"].([]any) {
		if strings.HasPrefix(v.(map[string]any)["id"].(string), "clip-") {
			clip = v.(map[string]any)
		}
	}
	if clip == nil {
		t.Fatal("no clip is in the catalogue")
	}
	s.ana.open(t, s.url("/videos/"+clip["id"].(string)))
	film := "document.querySelector('.lesson__film')"
	s.ana.until(t, film+"?.readyState >= 2")
	p := eval[played](t, s.ana, "("+film+".muted = true, "+film+".play().then(() => new Promise((go) => setTimeout(() => go("+howItPlays+"("+film+")), 800))))")
	if status, answer := s.call(t, "GET", "/v1/clips/"+clip["id"].(string)+"/captions", "", nil); status != http.StatusOK || len(answer["captions"].([]any)) != 1 {
		t.Errorf("the clip's captions: status %d, %v", status, answer)
	}
	if p.Length < 9 { // 5 s before the power cut, and as many after it
		t.Errorf("the clip is of one file: %+v", p)
	}
	if p.Failed != "" || p.At < 0.2 || p.Width == 0 || p.Frames == 0 || p.Sound == 0 || p.Length > 31 || p.Length < 1 {
		t.Errorf("the clip: %+v", p)
	}
}

// strangersStayOut: without the room's token there is nothing to see.
func strangersStayOut(t *testing.T, s *school, r recordingSays) {
	url := r.files[0].(map[string]any)["url"].(string)
	for _, path := range []string{"/v1/rooms/" + room + "/recordings", strings.TrimSuffix(url, "host-001.mp4"), url, url + "?token=x"} {
		if status, answer := s.call(t, "GET", path, "", nil); status < 400 {
			t.Errorf("GET %s: status %d, %v", path, status, answer)
		}
	}
	eve := arrive(t, s.browser, "Eve", true)
	defer eve.tolerate(`status of 40[13]`)()
	eve.open(t, s.url(r.page))
	eve.sees(t, "h1", "This recording is for people of the class")
}

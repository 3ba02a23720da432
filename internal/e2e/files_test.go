package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A map of four fields, drawn by the page, and a second of a tone, as files of
// the page's own.
const makeFiles = `(async () => {
	const canvas = Object.assign(document.createElement("canvas"), {width: 480, height: 320});
	const draw = canvas.getContext("2d");
	["#7fb2d8", "#e3d6a4", "#9ec48b", "#d99a8a"].forEach((colour, i) => {
		draw.fillStyle = colour;
		draw.fillRect(i % 2 * 240, Math.floor(i / 2) * 160, 240, 160);
	});
	const png = await new Promise((done) => canvas.toBlob(done, "image/png"));
	const wave = new DataView(new ArrayBuffer(44 + 8000));
	[..."RIFF"].forEach((c, i) => wave.setUint8(i, c.charCodeAt(0)));
	[..."WAVEfmt "].forEach((c, i) => wave.setUint8(8 + i, c.charCodeAt(0)));
	[..."data"].forEach((c, i) => wave.setUint8(36 + i, c.charCodeAt(0)));
	wave.setUint32(4, 36 + 8000, true);
	wave.setUint32(16, 16, true);
	wave.setUint16(20, 1, true);
	wave.setUint16(22, 1, true);
	wave.setUint32(24, 8000, true);
	wave.setUint32(28, 8000, true);
	wave.setUint16(32, 1, true);
	wave.setUint16(34, 8, true);
	wave.setUint32(40, 8000, true);
	for (let i = 0; i < 8000; i++) wave.setUint8(44 + i, 128 + 60 * Math.sin(i / 3));
	window.testFiles = {
		map: new File([png], "map.png", {type: "image/png"}),
		tone: new File([wave.buffer], "tone.wav", {type: "audio/wav"}),
		page: new File(["<!doctype html><script>alert(1)</script>"], "map.png", {type: "image/png"}),
	};
	return true;
})()`

// letFall lets one of the files fall on what matches.
func (p *person) letFall(t *testing.T, selector, name string) {
	t.Helper()
	p.sees(t, selector, "")
	eval[bool](t, p, fmt.Sprintf(`(() => {
		const dataTransfer = new DataTransfer();
		dataTransfer.items.add(window.testFiles[%s]);
		return document.querySelector(%s).dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true})) || true;
	})()`, js(name), js(selector)))
}

// choose gives one of the files to a file field, as the system's dialog would.
func (p *person) choose(t *testing.T, selector, name string) {
	t.Helper()
	p.until(t, fmt.Sprintf("document.querySelector(%s)", js(selector)))
	eval[bool](t, p, fmt.Sprintf(`(() => {
		const input = document.querySelector(%s), held = new DataTransfer();
		held.items.add(window.testFiles[%s]);
		input.files = held.files;
		return input.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, js(selector), js(name)))
}

// drag draws with the pointer within what matches, from one fraction of it to
// another.
func (p *person) drag(t *testing.T, selector string, fromX, fromY, toX, toY float64) {
	t.Helper()
	box := eval[struct{ X, Y, W, H float64 }](t, p, fmt.Sprintf(`(() => {
		const node = document.querySelector(%s);
		node.scrollIntoView({block: "center"});
		const {x: X, y: Y, width: W, height: H} = node.getBoundingClientRect();
		return {X, Y, W, H};
	})()`, js(selector)))
	at := func(kind input.DispatchMouseEventType, x, y float64) chromedp.Action[chromedp.Void] {
		return chromedp.MouseEvent(kind, box.X+x*box.W, box.Y+y*box.H, chromedp.ButtonLeft)
	}
	if err := chromedp.Do(p.ctx, at(chromedp.MousePressed, fromX, fromY), at(chromedp.MouseMoved, toX, toY), at(chromedp.MouseReleased, toX, toY)); err != nil {
		t.Fatalf("%s draws in %s: %v", p.name, selector, err)
	}
}

// loaded waits until pictures that match are decoded and sounds and films can
// be played.
func (p *person) loaded(t *testing.T, selector string) {
	t.Helper()
	p.until(t, fmt.Sprintf("[...document.querySelectorAll(%s)].some((node) => node.naturalWidth > 0 || node.duration > 0)", js(selector)))
}

// TestPicturesAndSounds has a host upload what a quiz needs, a viewer answer
// it by the keyboard alone and another by touch, and both see the reveal.
func TestPicturesAndSounds(t *testing.T) {
	s := newSchool(t)
	s.host = arrive(t, s.browser, "Ines", true)
	s.ana = arrive(t, s.browser, "Ana", true)
	s.ming = arrive(t, s.browser, "小明", true)
	people := []*person{s.host, s.ana, s.ming}
	defer func() {
		for _, p := range people {
			if t.Failed() {
				p.failed(t)
			}
			p.silent(t)
		}
	}()
	s.host.open(t, s.link)
	s.host.write(t, "#gate-name", "", "Ines")
	s.host.click(t, "button", "Enter the studio")
	s.host.sees(t, "studio-stage", "")
	for _, p := range []*person{s.ana, s.ming} {
		p.open(t, s.url("/class/"+room))
		p.write(t, "#door-name", "", p.name)
		p.click(t, "button", "Join the class")
		p.sees(t, "class-stage", "")
	}
	for _, part := range []struct {
		name string
		play func(*testing.T)
	}{{"the host writes the quiz", s.writePictureQuiz}, {"a place is pointed at", s.pointed}, {"a tone is heard", s.heard}} {
		if !t.Run(part.name, part.play) {
			break // the parts follow one another
		}
	}
}

func (s *school) writePictureQuiz(t *testing.T) {
	h := s.host
	if !eval[bool](t, h, makeFiles) {
		t.Fatal("no files")
	}
	h.click(t, "activity-panel button", "New quiz")
	h.write(t, "dialog [data-at=title]", "", "Maps and tones")
	h.write(t, "dialog .edit-question textarea", "", "Where is the forest?")
	h.pick(t, "dialog select", "Type of question", "hotspot")
	h.pick(t, "dialog select", "Time", "0")

	quiet := h.tolerate("415") // a page in a picture's clothes
	h.letFall(t, "dialog .media-field", "page")
	h.sees(t, "dialog .media-field .error", "can be uploaded")
	quiet()
	h.letFall(t, "dialog .media-field", "map")
	h.loaded(t, "dialog .area-editor__canvas img")
	h.click(t, "dialog button", "Start now") // not yet: no words, no area
	h.sees(t, "dialog .edit-problem", "Say in words")
	h.write(t, "dialog [data-at='0.alt']", "", "A map of four fields")
	h.drag(t, "dialog .area-editor__canvas", 0.05, 0.55, 0.45, 0.95)
	h.reads(t, "dialog .area-editor__box", "1")
	h.click(t, "dialog button", "Add an area")
	h.until(t, "document.activeElement.ariaLabel === 'Area 2: percent from the left'")
	for _, value := range []string{"80", "60", "10", "20"} {
		eval[bool](t, h, "(document.activeElement.select(), true)")
		if _, err := chromedp.Call(h.ctx, input.InsertText, input.InsertTextParams{Text: value}); err != nil {
			t.Fatal(err)
		}
		h.press(t, kb.Tab)
	}
	h.until(t, "document.querySelectorAll('.area-editor__box')[1].style.left === '80%'")
	h.photograph(t, "area-editor")

	h.click(t, "dialog button", "Add a question")
	second := "dialog .edit-question:nth-child(2) "
	h.pick(t, second+"select", "Type of question", "choice")
	h.write(t, second+"textarea", "", "What is this tone?")
	h.choose(t, second+".media-field input[type=file]", "tone")
	h.loaded(t, second+".media-field__preview audio")
	h.write(t, second+"input[type=text]", "Choice A", "A 425 Hz tone")
	h.write(t, second+"input[type=text]", "Choice B", "A bird")
	h.choose(t, second+".edit-choice:nth-child(2) input[type=file]", "map")
	h.loaded(t, second+".edit-choice:nth-child(2) .edit-choice__picture img")
	h.click(t, second+".edit-choice__right", "Choice A is correct")
	h.photograph(t, "media-editor")
	h.click(t, "dialog button", "Start now")
	h.misses(t, "dialog", "")
}

// pointed plays the question that is answered by pointing.
func (s *school) pointed(t *testing.T) {
	before := len(s.ana.received())
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.loaded(t, "hot-spot img")
	}
	s.ana.photograph(t, "hot-spot")
	s.ana.onPhone(t, func() { s.ana.fits(t, "a picture to point at on a phone") })

	// By the keyboard: 30 to the left, and 20 down.
	s.ana.until(t, "(document.querySelector('.activity-card__title').focus(), true)")
	s.ana.press(t, kb.Tab)
	s.ana.until(t, "document.activeElement.matches('.hot-spot__frame') && getComputedStyle(document.querySelector('.hot-spot__cross')).display === 'block'")
	for range 3 {
		if err := chromedp.Do(s.ana.ctx, chromedp.KeyEvent(kb.ArrowLeft, chromedp.KeyModifiers(chromedp.ModifierShift))); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		s.ana.press(t, kb.ArrowDown)
	}
	s.ana.until(t, "[...document.querySelectorAll('.sr-only[aria-live]')].some((voice) => voice.textContent === '20% across, 70% down')")
	s.ana.photograph(t, "hot-spot-keyboard")
	s.ana.press(t, kb.Enter)
	s.ana.sees(t, ".hot-spot__words", "Marked: 20% across, 70% down.")
	s.ana.press(t, kb.Tab)
	s.ana.until(t, "document.activeElement.textContent === 'Lock in'")
	s.ana.press(t, kb.Enter)
	s.ana.sees(t, ".quiz__outcome", "Locked in")

	// By touch: into the sea.
	s.ming.size(t, narrow)
	s.ming.click(t, ".hot-spot__frame", "")
	s.ming.sees(t, ".hot-spot__words", "Marked: 50% across, 50% down.")
	s.ming.photograph(t, "hot-spot-phone")
	s.ming.click(t, ".quiz-answer__submit", "")
	s.ming.sees(t, ".quiz__outcome", "Locked in")
	s.host.click(t, "quiz-card button", "Close now")
	s.host.sees(t, "quiz-card button", "Reveal")
	for _, frame := range s.ana.received()[before:] {
		if strings.Contains(frame, "areas") {
			t.Errorf("a viewer's page was sent the areas: %s", frame)
		}
	}
	s.host.click(t, "quiz-card button", "Reveal")
	for p, says := range map[*person]string{s.ana: "Right!", s.ming: "Not this time."} {
		p.sees(t, ".quiz__outcome", says)
		p.sees(t, ".hot-spot__words", "80% to 90% across, 60% to 80% down")
		p.until(t, "document.querySelectorAll('.hot-spot__area').length === 2 && document.querySelectorAll('.hot-spot__heat rect').length === 2")
		p.fits(t, "the reveal of a place on a picture")
	}
	s.ana.photograph(t, "hot-spot-revealed")
	s.ming.photograph(t, "hot-spot-revealed-phone")
	s.host.photograph(t, "hot-spot-host")
}

// heard plays the question with a sound, and a choice with a picture.
func (s *school) heard(t *testing.T) {
	s.host.click(t, "quiz-card button", "Next question")
	for _, p := range []*person{s.ana, s.ming} {
		p.loaded(t, "quiz-answer audio")
		p.loaded(t, ".choice__picture")
	}
	s.ana.until(t, "document.querySelector('quiz-answer audio').play().then(() => true)")
	s.ana.until(t, "document.querySelector('quiz-answer audio').currentTime > 0.1")
	s.ming.fits(t, "a question with a sound and a picture on a phone")
	s.ming.photograph(t, "choice-picture-phone")
	s.ana.photograph(t, "choice-picture")
	s.ana.click(t, ".choice__button", "A 425 Hz tone")
	s.ming.click(t, ".choice__button", "A bird")
	s.ming.sees(t, ".quiz__outcome", "Locked in")
	s.host.click(t, "quiz-card button", "Close now")
	s.host.click(t, "quiz-card button", "Reveal")
	s.ana.sees(t, ".quiz__outcome", "Right!")
	s.host.click(t, "quiz-card button", "Finish")

	// Afterwards the same places can be practised.
	s.ana.click(t, "quiz-card button", "Practise")
	s.ana.loaded(t, "dialog hot-spot img")
	s.ana.click(t, "dialog .hot-spot__frame", "")
	s.ana.click(t, "dialog .quiz-answer__submit", "")
	s.ana.sees(t, "dialog .quiz__outcome", "Not this time.")
	s.ana.until(t, "document.querySelectorAll('dialog .hot-spot__area').length === 2")
}

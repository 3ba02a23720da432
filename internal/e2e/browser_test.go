package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long anything may take before it counts as not happening.
// It is long because the machine may be busy; nothing waits for it to pass.
const patience = 30 * time.Second

// look is how long one look into a page may last. A page that is left
// meanwhile is looked at anew.
const look = 2 * time.Second

//go:embed testdata/hand.js
var hand string

// openBrowser starts a Chromium with an empty profile and a camera that films
// a test picture, and returns a context to open people's windows in.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("the browser test needs Chromium: no chromium, chromium-browser or google-chrome is in PATH")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir())}
	for _, flag := range []string{"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
		"disable-component-update", "disable-sync", "use-fake-device-for-media-stream", "use-fake-ui-for-media-stream"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	options = append(options, chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("%s does not start: %v", path, err)
	}
	return ctx
}

// person is somebody at a browser window of their own.
type person struct {
	name   string
	ctx    context.Context
	cancel context.CancelFunc

	mu        sync.Mutex
	urls      map[network.RequestID]string
	faults    []string
	tolerated []*regexp.Regexp
	frames    []string // that came over sockets
}

// arrive opens a window: with a profile of its own if ctx is the browser's,
// or as another tab if ctx is a person's.
func arrive(t *testing.T, ctx context.Context, name string, own bool) *person {
	t.Helper()
	p := &person{name: name, urls: map[network.RequestID]string{}}
	options := []chromedp.ContextOption{chromedp.WithListener(p.hear)}
	if own {
		options = append(options, chromedp.WithNewBrowserContext())
	}
	p.ctx, p.cancel = chromedp.NewContext(ctx, options...)
	t.Cleanup(p.cancel)
	_, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: hand})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	p.size(t, wide)
	return p
}

// leave closes the window.
func (p *person) leave() { p.cancel() }

// failed saves what the person saw when the test failed.
func (p *person) failed(t *testing.T) {
	t.Helper()
	if photographs != "" {
		p.picture(t, "failed-"+p.name+".png")
	}
	p.silent(t)
}

// hear notes what a page complains about, and what its sockets receive.
func (p *person) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			var words []string
			for _, arg := range e.Args {
				words = append(words, strings.Trim(string(arg.Value), `"`)+arg.Description)
			}
			p.fault("console.%s: %s", e.Type, strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		what := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			what += " " + e.ExceptionDetails.Exception.Description
		}
		p.fault("exception: %s at %s:%d", what, e.ExceptionDetails.URL, e.ExceptionDetails.LineNumber+1)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.fault("%s %s: %s (%s)", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		p.urls[e.RequestID] = e.Request.URL
	case *network.EventLoadingFailed:
		if !e.Canceled { // canceled: the page was left
			p.fault("request failed: %s (%s)", e.ErrorText, p.urls[e.RequestID])
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			p.fault("status %d (%s)", e.Response.Status, e.Response.URL)
		}
	case *network.EventWebSocketFrameReceived:
		p.frames = append(p.frames, string(e.Response.PayloadData))
	case *inspector.EventTargetCrashed:
		p.fault("the page crashed")
	case *page.EventJavascriptDialogOpening:
		go func() { // answered elsewhere: the listener must not call
			_, _ = chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	}
}

// fault notes a complaint unless it is tolerated; the caller holds mu.
func (p *person) fault(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	for _, fine := range p.tolerated {
		if fine.MatchString(what) {
			return
		}
	}
	p.faults = append(p.faults, what)
}

// tolerate lets complaints pass that what the test does on purpose must cause,
// until the returned function is called.
func (p *person) tolerate(pattern string) (end func()) {
	fine := regexp.MustCompile(pattern)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tolerated = append(p.tolerated, fine)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.tolerated = nil
	}
}

// silent fails the test if a page of the person's has complained.
func (p *person) silent(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, what := range p.faults {
		t.Errorf("%s's page: %s", p.name, what)
	}
	p.faults = nil
}

// received returns the frames that have come over the person's sockets.
func (p *person) received() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.frames...)
}

// open goes to an address.
func (p *person) open(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("%s opens %s: %v", p.name, url, err)
	}
}

// eval evaluates an expression in the page, waiting if it is a promise.
func eval[T any](t *testing.T, p *person, expression string) T {
	t.Helper()
	v, err := tryEval[T](p, expression)
	if err != nil {
		t.Fatalf("%s: %s: %v", p.name, expression, err)
	}
	return v
}

func tryEval[T any](p *person, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// until waits until a JavaScript expression holds in the page; an expression
// that throws does not hold yet.
func (p *person) until(t *testing.T, expression string) {
	t.Helper()
	if !p.holds(expression) {
		t.Fatalf("%s waits in vain: %s", p.name, expression)
	}
}

func (p *person) holds(expression string) bool {
	// The condition is looked at within the page. A navigation ends the look
	// with an error: the next page is looked at then.
	poll := fmt.Sprintf("hand.until(() => Boolean(%s), %d).then(Boolean)", expression, look.Milliseconds())
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if ok, err := tryEval[bool](p, poll); err == nil && ok {
			return true
		}
	}
	return false
}

// sees waits until something is in the page that matches selector and, if
// given, has that name.
func (p *person) sees(t *testing.T, selector, name string) {
	t.Helper()
	p.until(t, fmt.Sprintf("hand.all(%s, %s).length > 0", js(selector), js(name)))
}

// misses waits until nothing of the kind is in the page.
func (p *person) misses(t *testing.T, selector, name string) {
	t.Helper()
	p.until(t, fmt.Sprintf("hand.all(%s, %s).length === 0", js(selector), js(name)))
}

// reads waits until the visible nodes that match selector have these texts.
func (p *person) reads(t *testing.T, selector string, want ...string) {
	t.Helper()
	if !p.holds(fmt.Sprintf("JSON.stringify(hand.texts(%s)) === JSON.stringify(%s)", js(selector), js(want))) {
		t.Fatalf("%s reads %q in %s, want %q", p.name, p.texts(t, selector), selector, want)
	}
}

// texts returns the texts of the visible nodes that match selector.
func (p *person) texts(t *testing.T, selector string) []string {
	t.Helper()
	return eval[[]string](t, p, fmt.Sprintf("hand.texts(%s)", js(selector)))
}

// click clicks with the pointer on what matches, once it is at rest and
// nothing lies over it.
func (p *person) click(t *testing.T, selector, name string) {
	t.Helper()
	var spot struct {
		X, Y float64
		Why  string
	}
	aim := fmt.Sprintf("hand.spot(%s, %s, %d)", js(selector), js(name), look.Milliseconds())
	for end := time.Now().Add(patience); time.Now().Before(end); {
		var err error
		if spot, err = tryEval[struct {
			X, Y float64
			Why  string
		}](p, aim); err != nil {
			spot.Why = err.Error()
		}
		if spot.Why == "" {
			break
		}
	}
	if spot.Why != "" {
		t.Fatalf("%s cannot click %s %q: %s", p.name, selector, name, spot.Why)
	}
	if err := chromedp.Do(p.ctx, chromedp.MouseEvent(chromedp.MouseMoved, spot.X, spot.Y), chromedp.MouseClickXY(spot.X, spot.Y)); err != nil {
		t.Fatalf("%s clicks %s %q: %v", p.name, selector, name, err)
	}
}

// write replaces what is in a field.
func (p *person) write(t *testing.T, selector, name, text string) {
	t.Helper()
	p.click(t, selector, name)
	p.until(t, fmt.Sprintf("document.activeElement.matches(%s)", js(selector)))
	eval[bool](t, p, "(document.activeElement.select(), true)")
	if _, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		t.Fatalf("%s writes %q: %v", p.name, text, err)
	}
}

// press presses keys.
func (p *person) press(t *testing.T, keys string) {
	t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.KeyEvent(keys)); err != nil {
		t.Fatalf("%s presses %q: %v", p.name, keys, err)
	}
}

// pick chooses an option of a list, as the browser's own popup would.
func (p *person) pick(t *testing.T, selector, name, value string) {
	t.Helper()
	p.sees(t, selector, name)
	eval[bool](t, p, fmt.Sprintf(`(() => {
		const [list] = hand.all(%s, %s);
		list.value = %s;
		return list.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, js(selector), js(name), js(value)))
}

// token is the person's room token, as their browser keeps it.
func (p *person) token(t *testing.T) string {
	t.Helper()
	return eval[string](t, p, fmt.Sprintf("JSON.parse(localStorage.getItem(%s)).token", js("lyceum.token."+room)))
}

// watches waits until the picture of the class moves: ten more frames than now
// have been decoded.
func (p *person) watches(t *testing.T) {
	t.Helper()
	p.until(t, "hand.frames() > 0")
	now := eval[int](t, p, "hand.frames()")
	p.until(t, fmt.Sprintf("hand.frames() >= %d || (hand.frames() < %d && hand.frames() > 10)", now+10, now)) // fewer: a new connection counts anew
}

// js writes a value as JavaScript.
func js(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// badPage has one fault of each kind that the class's pages must not have.
const badPage = `<!doctype html><html lang="zh-CN"><head><title>Bad</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><script src="/bad.js"></script></head><body>
<p style="color: red">host.share</p><p>Raise hand</p><p>Fine</p>
<div id="wide"></div><button id="tight">Much too long for its place</button>
<button id="under">Under</button><div id="over"></div>
</body></html>`

// badScript gives the page its bad manners: what it may do itself it does by
// the rules, so that the inline style is its only violation of them.
const badScript = `
console.error("wrong", 7);
console.warn("odd");
fetch("/missing").catch(() => {});
fetch("http://127.0.0.1:1/").catch(() => {});
setTimeout(() => { throw new Error("broken"); });
Promise.reject(new Error("forgotten"));
addEventListener("DOMContentLoaded", () => {
	const set = (id, styles) => Object.assign(document.getElementById(id).style, styles);
	set("wide", {width: "500px", height: "10px"});
	set("tight", {width: "60px", whiteSpace: "nowrap", overflow: "hidden"});
	set("under", {position: "fixed", top: "300px", left: "0", width: "100px", height: "30px"});
	set("over", {position: "fixed", top: "290px", left: "0", width: "120px", height: "60px", background: "grey"});
});`

// TestFaultsAreNoticed holds the test's own eyes and ears to a page that has
// every fault: whoever is silent here would be silent about anything.
func TestFaultsAreNoticed(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Security-Policy", "default-src 'self'; connect-src *; img-src data:")
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, badPage)
		case "/bad.js":
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			fmt.Fprint(w, badScript)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(site.Close)
	p := arrive(t, openBrowser(t), "Eve", true)
	p.size(t, narrow)
	p.open(t, site.URL)

	for _, want := range []string{
		"console.error: wrong 7", "console.warning: odd", "exception: Uncaught Error: broken", "Error: forgotten",
		"Content Security Policy", "status 404 (" + site.URL + "/missing)", "request failed: net::",
	} {
		heard := func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return slices.ContainsFunc(p.faults, func(what string) bool { return strings.Contains(what, want) })
		}
		settles(t, heard, "nobody heard %q", want)
	}
	for look, want := range map[string]string{
		"hand.wider()":       "div.null ends at 5",
		"hand.tight()":       `"Much too long for its place" is`,
		"hand.unreachable()": `"Under": div. lies over it`,
		fmt.Sprintf("hand.foreign(%s, %s)", js(onlyEnglish(t)), js(written)): "Raise hand host.share",
	} {
		found := eval[[]string](t, p, look)
		slices.Sort(found)
		if !strings.Contains(strings.Join(found, " "), want) {
			t.Errorf("%.40s found %q, want %q", look, found, want)
		}
	}
	if found := eval[[]string](t, p, "hand.foreign(['Fine'], 'p')"); len(found) > 0 {
		t.Errorf("what people wrote is taken for ours: %q", found)
	}

	complain := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		before := len(p.faults)
		p.fault("tolerable")
		return len(p.faults) - before
	}
	end := p.tolerate("^tolerable$")
	if complain() != 0 {
		t.Error("a complaint was kept that is tolerated")
	}
	end()
	if complain() != 1 {
		t.Error("a complaint was lost")
	}
}

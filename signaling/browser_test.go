package signaling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/coder/websocket"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// page gives a browser HostMedia, ViewerMedia and the plainest channel.
const page = `<!doctype html><meta charset="utf-8"><title>media</title><video id="v" muted autoplay playsinline></video>
<script type="module">
import {HostMedia, ViewerMedia} from "/client/media.js";
window.pcs = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(options) { super(options); pcs.push(this); }
  get connectionState() { return this.pretend ?? super.connectionState; }
  fail() { this.pretend = "failed"; this.onconnectionstatechange(); delete this.pretend; }
};
class Channel extends EventTarget {
  #id = 0; #waiting = new Map();
  connect() {
    this.socket = new WebSocket("ws://" + location.host + "/socket" + location.search);
    this.socket.onopen = () => { this.tell("@state", {state: "open"}); this.tell("@welcome", {}); };
    this.socket.onclose = () => {
      this.tell("@state", {state: "reconnecting"});
      for (const {reject} of this.#waiting.values()) reject({code: "client.offline"});
      this.#waiting.clear();
    };
    this.socket.onmessage = ({data}) => {
      const m = JSON.parse(data);
      if (m.re === undefined) return this.tell(m.type, m.data);
      const wish = this.#waiting.get(m.re);
      this.#waiting.delete(m.re);
      m.type === "ok" ? wish.resolve(m.data) : wish.reject(m.data);
    };
  }
  request(type, data = {}) {
    if (this.socket.readyState !== 1) return Promise.reject({code: "client.offline"});
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      this.#waiting.set(id, {resolve, reject});
      this.socket.send(JSON.stringify({id, type, data}));
    });
  }
  on(type, fn) {
    const listener = (event) => fn(event.detail);
    this.addEventListener(type, listener);
    return () => this.removeEventListener(type, listener);
  }
  tell(type, detail) { this.dispatchEvent(new CustomEvent(type, {detail})); }
}
window.channel = new Channel();
window.log = [];
window.layers = [];
if (location.search.includes("host")) {
  window.media = new HostMedia(channel);
  channel.connect();
  window.go = async () => {
    const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 1280, height: 720, frameRate: 30}});
    await media.set("camera", stream.getVideoTracks()[0]);
    await media.set("microphone", stream.getAudioTracks()[0]);
  };
  window.share = async () => {
    const canvas = document.createElement("canvas");
    canvas.width = 1280; canvas.height = 720;
    const pen = canvas.getContext("2d");
    setInterval(() => { pen.fillStyle = "hsl(" + performance.now() % 360 + " 80% 50%)"; pen.fillRect(0, 0, 1280, 720); }, 100);
    const track = canvas.captureStream(10).getVideoTracks()[0];
    track.contentHint = "detail";
    await media.set("screen", track);
  };
} else {
  window.media = new ViewerMedia(channel);
  window.streams = {};
  media.addEventListener("stream", ({detail: {source, stream}}) => {
    log.push("stream " + source + " " + Boolean(stream));
    streams[source] = stream;
    if (source === "camera" && stream) document.querySelector("#v").srcObject = stream;
  });
  media.addEventListener("layer", ({detail}) => layers.push(detail));
  channel.connect();
  if (!location.search.includes("idle")) media.watch("auto");
}
media.addEventListener("state", ({detail}) => log.push(detail.state + (detail.reason ? " " + detail.reason : "")));
window.ready = true;
</script>`

// door serves the page, the client's modules and a socket with nothing but
// media on it: hosts at ?host, viewers elsewhere.
func (h *house) door(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /client/", http.FileServerFS(os.DirFS("../static")))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
	})
	mux.HandleFunc("GET /socket", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		conn.SetReadLimit(wire.MaxFrame)
		defer conn.CloseNow()
		out := make(chan []byte, 256)
		push := func(frame []byte) {
			select {
			case out <- frame:
			default:
			}
		}
		_, host := r.URL.Query()["host"]
		peer := h.service.Peer("go-101", "ana", signaling.Rights{Publish: host}, func(kind string, data any) {
			if b, err := wire.Encode(data); err == nil {
				push(wire.Signal(kind, b))
			}
		})
		if r.URL.Query().Has("relay") {
			peer.Via("127.0.0.1")
		}
		defer peer.Close()
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		go func() {
			for {
				select {
				case frame := <-out:
					_ = conn.Write(ctx, websocket.MessageText, frame)
				case <-ctx.Done():
					return
				}
			}
		}()
		for {
			_, frame, err := conn.Read(ctx)
			if err != nil {
				return
			}
			request, err := wire.DecodeRequest(frame)
			var reply any
			if err == nil {
				reply, err = peer.Handle(ctx, request.Type, request.Data)
			}
			push(wire.Reply(request.ID, reply, err))
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// browser opens pages in one Chromium with a fake camera.
func browser(t *testing.T, flags ...chromedp.ExecAllocatorOption) func(url string) *tab {
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("disable-gpu", true),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(options, flags...)...)
	root, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(root); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(root)
		cancel()
		stop()
	})
	return func(url string) *tab {
		ctx, cancel := chromedp.NewContext(root)
		var once sync.Once
		p := &tab{t: t, ctx: ctx, close: func() { once.Do(cancel) }}
		t.Cleanup(p.close)
		if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
			t.Fatalf("open page: %v", err)
		}
		p.until("the page", `window.ready === true`)
		return p
	}
}

// tab is one page.
type tab struct {
	t     *testing.T
	ctx   context.Context
	close func()
}

func (p *tab) eval(js string, into any) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 2*patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(async () => JSON.stringify((await (`+js+`)) ?? null))()`, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", js, err)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			p.t.Fatalf("%s: %s: %v", js, text, err)
		}
	}
}

// until waits, in the page, until js holds.
func (p *tab) until(what, js string) { p.t.Helper(); p.within(1, what, js) }

// slowly is until with more patience: for what a browser does when its encoders
// and its idea of the way have room for it, on a machine that does other things.
func (p *tab) slowly(what, js string) { p.t.Helper(); p.within(4, what, js) }

func (p *tab) within(turns int, what, js string) {
	p.t.Helper()
	var ok bool
	for ; turns > 0 && !ok; turns-- {
		p.wait(js, &ok)
	}
	if !ok {
		var state any
		p.eval(`(async () => ({state: window.media?.state, log: window.log, layers: window.layers, stats: await window.media?.stats(), err: window.lastError}))()`, &state)
		b, _ := json.Marshal(state)
		p.t.Fatalf("%s: not within its time; %s", what, b)
	}
}

func (p *tab) wait(js string, ok *bool) {
	p.t.Helper()
	p.eval(`new Promise(async (resolve) => {
		const end = performance.now() + 15000;
		while (performance.now() < end) {
			try { if (await (`+js+`)) return resolve(true); } catch (err) { window.lastError = String(err); }
			await new Promise((again) => setTimeout(again, 20));
		}
		resolve(false);
	})`, ok)
}

// TestChromium is the whole way: a real browser's camera with three layers,
// through the server, decoded in other pages of a real browser.
func TestChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	house := newHouseAt(t, ":0", 5*time.Second) // as by default: all addresses
	server := house.door(t)
	open := browser(t)

	began := time.Now()
	viewer := open(server.URL + "/")
	host := open(server.URL + "/?host")
	host.eval(`window.go()`, nil)
	host.until("connected", `media.state === "connected"`)
	camera := `(await media.stats()).find(s => s.source === "camera")`
	viewer.until("decoded frames", `(async () => (`+camera+`)?.framesDecoded > 10)()`)
	viewer.until("sound", `(async () => (await media.stats()).find(s => s.source === "microphone")?.bytesReceived > 1000)()`)
	t.Logf("first frames after %v, browser pages included", time.Since(began).Round(time.Millisecond))
	host.slowly("three layers", `(async () => (await media.stats()).filter(s => s.source === "camera" && s.framesEncoded > 5).length === 3)()`)

	for _, step := range []struct {
		quality string
		width   int
	}{{"low", 320}, {"high", 1280}, {"medium", 640}} {
		viewer.eval(`media.setQuality("`+step.quality+`")`, nil)
		viewer.until(step.quality, fmt.Sprintf(`(async () => { const s = `+camera+`; return s.frameWidth === %d && layers.at(-1).width === %d; })()`, step.width, step.width))
		viewer.until("going on at "+step.quality, `(async () => { const was = (`+camera+`).framesDecoded;
			await new Promise(r => setTimeout(r, 200)); return (`+camera+`).framesDecoded > was; })()`)
	}
	var join float64
	late := open(server.URL + "/")
	late.until("a late viewer's picture", `(async () => (`+camera+`)?.framesDecoded > 0)()`)
	late.eval(`performance.now()`, &join)
	t.Logf("a late viewer sees a picture %.0f ms after its page began to load", join)

	late.slowly("auto goes up to the best layer", `(async () => (`+camera+`).frameWidth === 1280)()`)

	host.eval(`window.share()`, nil)
	viewer.until("the screen", `(async () => (await media.stats()).find(s => s.source === "screen")?.framesDecoded > 2 && streams.screen)()`)
	host.eval(`media.set("screen", null)`, nil)
	viewer.until("no screen", `!streams.screen`)

	// Connections fail: the host's is restarted, the viewer's replaced.
	host.eval(`(window.ufrag = /ice-ufrag:(.*)/.exec(pcs.at(-1).localDescription.sdp)[1], pcs.at(-1).fail())`, nil)
	host.until("an ICE restart", `pcs.length === 1 && media.state === "connected" && !pcs[0].localDescription.sdp.includes(ufrag)`)
	viewer.eval(`pcs.at(-1).fail()`, nil)
	viewer.until("a picture over another connection", `(async () => pcs.length === 2 && media.state === "playing" && (`+camera+`)?.framesDecoded > 5)()`)

	// The host's socket breaks: the same page is back by itself and viewers go on.
	var frames float64
	viewer.eval(`(async () => (`+camera+`).framesDecoded)()`, &frames)
	host.eval(`(channel.socket.close(), new Promise(r => setTimeout(r, 200)).then(() => channel.connect()))`, nil)
	viewer.until("a picture after the host's reconnection", fmt.Sprintf(`(async () => (`+camera+`).framesDecoded > %f)()`, frames+30))
	var log []string
	viewer.eval(`window.log`, &log)
	for _, entry := range log {
		if entry == "stream camera false" {
			t.Errorf("the host's reconnection took the camera from the viewer: %v", log)
		}
	}

	// The viewer's socket breaks.
	viewer.eval(`(channel.socket.close(), new Promise(r => setTimeout(r, 200)).then(() => channel.connect()))`, nil)
	viewer.until("a picture after its own reconnection", `(async () => media.state === "playing" && (`+camera+`)?.framesDecoded > 5)()`)

	if got := house.service.OnAir("go-101"); len(got) != 2 || got[0] != media.Camera {
		t.Errorf("on air: %v", got)
	}
	host.eval(`media.stop()`, nil)
	viewer.until("nothing on air", `media.state === "idle" && !streams.camera`)
}

package signaling_test

import (
	"testing"
	"time"
)

// TestChromiumSparesLayers: a real browser's page stops encoding the layers that
// nobody watches, and begins again when somebody wants one.
func TestChromiumSparesLayers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	house := newHouseAt(t, ":0", 5*time.Second)
	server := house.door(t)
	open := browser(t)
	viewer := open(server.URL + "/")
	viewer.eval(`media.setQuality("low")`, nil)
	host := open(server.URL + "/?host")
	host.eval(`window.go()`, nil)
	camera := `(await media.stats()).find(s => s.source === "camera")`
	viewer.until("the low layer", `(async () => (`+camera+`)?.frameWidth === 320)()`)
	host.slowly("three layers", `(async () => (await media.stats()).filter(s => s.source === "camera" && s.framesEncoded > 5).length === 3)()`)

	active := `pcs[0].getSenders().find(s => s.track?.kind === "video").getParameters().encodings.filter(e => e.active).map(e => e.rid).join()`
	host.slowly("the low layer alone to be asked for", active+` === "l"`)
	host.until("the low layer alone to be sent", `(async () => {
		const sent = async () => Object.fromEntries((await media.stats()).filter(s => s.source === "camera").map(s => [s.rid, s.framesEncoded]));
		const was = await sent();
		await new Promise(r => setTimeout(r, 500));
		const is = await sent();
		return is.l > was.l && is.m === was.m && is.h === was.h; })()`)

	viewer.eval(`media.setQuality("high")`, nil)
	began := time.Now()
	viewer.until("the largest layer again", `(async () => (`+camera+`).frameWidth === 1280)()`)
	t.Logf("the largest layer is back after %v", time.Since(began).Round(time.Millisecond))
	host.until("what is wanted to be asked for", active+` === "l,h"`)
}

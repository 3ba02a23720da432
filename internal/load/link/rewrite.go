package link

import (
	_ "embed"
	"strconv"
	"strings"
)

//go:embed page.js
var page string

// Rewrite writes a session description of the server's with one candidate in
// each section that had any: the relay.
func (r *Relay) Rewrite(sdp string) string {
	own := r.Addr()
	candidate := "a=candidate:1 1 udp 2130706431 " + own.Addr().String() + " " + strconv.Itoa(int(own.Port())) + " typ host\r\n"
	var b strings.Builder
	told := false // in this section
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "m=") {
			told = false
		}
		if !strings.HasPrefix(line, "a=candidate:") {
			b.WriteString(line)
			continue
		}
		if !told {
			b.WriteString(candidate)
		}
		told = true
	}
	return b.String()
}

// Script is JavaScript which, when a page runs it before its own, makes all of
// the page's peer connections go through the relay. It changes what the browser
// is told, and nothing of the page.
func (r *Relay) Script() string {
	own := r.Addr()
	return strings.NewReplacer("RELAY_HOST", own.Addr().String(), "RELAY_PORT", strconv.Itoa(int(own.Port()))).Replace(page)
}

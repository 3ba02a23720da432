// Package static is the browser app: pages, styles, elements, strings and the
// JavaScript client, embedded in the binary as they stand. There is no build
// step: what is in this folder is what a browser gets under /static/. Pages
// themselves (index, captions, class, experiments, host, moderate, recording, report, video) are served at their own
// addresses by internal/server. What others wrote is in vendor, byte for byte
// as its package has it: vendor/vendor.json says what it is and where from.
//
// It holds no state and runs nothing; tests of the JavaScript live in test/js
// so that they are not embedded.
package static

import "embed"

// FS holds every file that browsers may ask for.
//
//go:embed *.html *.js captions css elements experiments pages i18n icons client host moderate recording report vendor
var FS embed.FS

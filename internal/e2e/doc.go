// Package e2e holds the browser test: a whole class in a real Chromium, played
// by a host with a fake camera, two viewers and a moderator against the real
// binary. It has no code of its own; everything is in its tests.
package e2e

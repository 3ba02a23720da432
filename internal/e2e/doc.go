// Package e2e is the browser test of Lyceum: a whole class in a real Chromium,
// taught, watched and moderated through the pages as people would, against the
// real binary on loopback.
//
// It has no code of its own, only tests, and it never reaches into the pages'
// state: it sees what is on the screen and clicks where a finger could. Beside
// the pages it looks at three things that nobody sees: the consoles, which
// must stay silent; the socket frames, which must hold no secret; and a
// person's welcome, which must be the same before and after a crash.
//
// With LYCEUM_SCREENSHOTS=dir the pages are photographed at their interesting
// moments, wide and narrow, light and dark, in English and Chinese.
package e2e

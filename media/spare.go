package media

import (
	"maps"
	"time"
)

// How layers that nobody needs are spared ("dynacast").
const (
	spareEvery = 500 * time.Millisecond // between two looks
	spareAfter = 6 * time.Second        // without anybody who needs it, a layer is paused
	needLife   = 2 * time.Second        // so long a need counts without being said again
	needEvery  = 250 * time.Millisecond // and so often it is noted at most
	resumeTime = 3 * time.Second        // that a publisher has to send a layer again
)

// need says that somebody sends l on, reads it, or waits for it. Whoever does
// says so again and again: what is not needed any more need not be said.
func (l *layer) need(now time.Time) {
	if n := now.UnixNano(); n-l.neededAt.Load() > int64(needEvery) {
		l.neededAt.Store(n)
	}
	if l.paused.Load() {
		l.wake()
	}
}

// offered reports whether the layer can be had: it is sent, or would be if it
// were needed. One that was lost is not.
func (l *layer) offered(now time.Time) bool {
	return l.sent(now) || l.paused.Load() || now.UnixNano()-l.resumedAt.Load() < int64(resumeTime)
}

// Spare pauses layers of the publisher's pictures while nobody needs them: no
// viewer, no tap. tell is given, by source, the layers that shall be sent; the
// smallest always is, so that whoever comes has a picture at once. It is called
// from a goroutine of the ingest's own and must not block.
//
//	sent ──not needed for 6 s──▶ paused ──needed──▶ resumed ──packets──▶ sent
//	                                                └──none for 3 s──▶ lost
//
// A publisher that tell does not reach must not be spared.
func (in *Ingest) Spare(tell func(map[Source][]string)) {
	go func() {
		tick := time.NewTicker(spareEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-in.needed:
			case <-in.ended:
				return
			}
			if wanted, changed := in.spare(time.Now()); changed {
				tell(wanted)
			}
		}
	}()
}

// spare pauses and resumes layers. It returns those that shall be sent, by
// source, and whether they are others than before.
func (in *Ingest) spare(now time.Time) (wanted map[Source][]string, changed bool) {
	in.mu.Lock()
	lines, assigned := maps.Clone(in.lines), maps.Clone(in.assigned)
	in.mu.Unlock()
	wanted = map[Source][]string{}
	for mid, source := range assigned {
		l := lines[mid]
		if l == nil || source.Kind() == soundKind {
			continue
		}
		if l.spare(now) {
			changed = true
		}
		for lv := range l.layers {
			if layer := l.layers[lv].Load(); layer == nil || !layer.paused.Load() { // also one that has yet to come
				wanted[source] = append(wanted[source], level(lv).String())
			}
		}
	}
	return wanted, changed
}

// spare pauses and resumes the line's layers, and reports whether any was. The
// smallest that can be had is never paused.
func (l *line) spare(now time.Time) (changed bool) {
	smallest := true
	for lv := range l.layers {
		layer := l.layers[lv].Load()
		if layer == nil {
			continue
		}
		idle := now.UnixNano() - layer.neededAt.Load()
		switch paused := layer.paused.Load(); {
		case paused && (smallest || idle < int64(needLife)):
			layer.resumedAt.Store(now.UnixNano())
			layer.paused.Store(false)
			changed = true
		case !paused && !smallest && idle > int64(spareAfter) && layer.sent(now):
			layer.paused.Store(true)
			changed = true
		}
		smallest = smallest && !layer.offered(now)
	}
	return changed
}

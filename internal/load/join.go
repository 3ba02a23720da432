package load

import "context"

// Join measures how people come in: each with a token, a handshake, a hello
// and a welcome, and all hear of the presence of all. With a rate, how late
// they are in counts from the planned time.
func Join(ctx context.Context, t Target, l Load) (Result, error) {
	if l.Viewers < 1 {
		return Result{}, errNothing
	}
	c, err := newCrowd(ctx, t, t.room("join"), l.Viewers, l)
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	if err := c.begin(ctx); err != nil {
		return Result{}, err
	}
	before, known := t.usage()
	took, err := c.come(ctx, c.viewers, l.Joins)
	if err != nil {
		return Result{}, err
	}
	after, _ := t.usage()
	if err := rest(ctx, l.settle()); err != nil { // the last signals of presence are part of it
		return Result{}, err
	}
	settled, _ := t.usage()
	here := c.live.Load() - 1
	c.leave()
	got := c.total()
	r := Result{Measure: "join", Server: t.Name, Viewers: l.Viewers}
	if l.Joins > 0 {
		r.add("asked for", l.Joins, "/s")
	}
	r.add("joins", float64(l.Viewers)/took.Seconds(), "/s")
	r.add("still open", float64(here), "")
	r.add("tries that failed", float64(c.failed.Load()), "")
	r.Figures = append(r.Figures, got.joins.figures("in after")...)
	if known {
		r.add("CPU of the server", ms(settled.CPU-before.CPU)/float64(l.Viewers), "ms a join")
		r.add("of it until the last was in", ms(after.CPU-before.CPU)/float64(l.Viewers), "ms a join")
	}
	r.add("gaps", float64(got.gaps), "")
	r.add("doubles", float64(got.doubles), "")
	return r, nil
}

package bot

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

// student is one simulated viewer.
type student struct {
	class   *Class
	mind    *mind
	token   string
	arrives time.Duration // after the class begins, in its time
	watches bool          // really receives the picture
}

// run comes in, takes part, leaves and comes back, until ctx ends or the
// server wants no more of this person.
func (s *student) run(ctx context.Context) error {
	if !s.class.sleep(ctx, s.arrives) {
		return nil
	}
	for again := false; ; again = true {
		away, err := s.visit(ctx, again)
		if ctx.Err() != nil {
			return nil
		}
		if closed, ok := errors.AsType[*Closed](err); ok && !closed.Again() && closed.Code > 0 {
			s.class.log.Debug("a student stays away", zap.Int("code", int(closed.Code)))
			return nil
		}
		if err != nil {
			s.class.log.Debug("a student lost the class", zap.Error(err))
			away = s.mind.within(2*time.Second, 8*time.Second)
		}
		if !s.class.sleep(ctx, away) {
			return nil
		}
	}
}

// visit takes part until the student wants to go; it returns for how long.
func (s *student) visit(ctx context.Context, again bool) (time.Duration, error) {
	c, err := Dial(ctx, s.class.config.URL, s.class.config.Room, s.token, s.mind.Lang)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	pace := s.class.pace
	scene := &c.Welcome.Room
	s.mind.arrive(pace.Now(), scene, c.Welcome.You.ID, again)
	var screen screen
	defer screen.close()
	if s.watches {
		if err := c.Query(ctx, "media.watch", struct{}{}, nil); err != nil {
			return 0, err
		}
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case m, ok := <-c.Messages():
			if !ok {
				return 0, c.Err()
			}
			s.class.counts.hear(m)
			if s.watches {
				if err := screen.hear(ctx, c, m, &s.class.counts.packets); err != nil {
					s.class.log.Debug("a student does not see the picture", zap.Error(err))
				}
			}
			if err := scene.Hear(m); err != nil {
				return 0, err
			}
			s.mind.hear(pace.Now(), scene, m)
		case <-timer.C:
			for {
				w, ok := s.mind.act(pace.Now(), scene)
				if !ok {
					break
				}
				if w.away > 0 {
					return w.away, nil
				}
				if err := s.do(ctx, c, w); err != nil {
					return 0, err
				}
			}
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		if at, ok := s.mind.next(); ok {
			timer.Reset(pace.Until(at))
		}
	}
}

// do carries out a wish. A refusal is part of life; anything else ends the visit.
func (s *student) do(ctx context.Context, c *Client, w wish) error {
	var err error
	if w.query {
		err = c.Query(ctx, w.kind, w.data, nil)
	} else {
		_, err = c.Command(ctx, w.kind, w.data)
	}
	if !refused(err) {
		if err == nil {
			s.class.counts.did(w.kind)
		}
		return err
	}
	s.class.log.Debug("a student was refused", zap.String("type", w.kind), zap.Error(err))
	s.class.counts.refusals.Add(1)
	s.mind.refused(s.class.pace.Now(), err)
	return nil
}

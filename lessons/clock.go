package lessons

import (
	"context"
	"fmt"
	"io"
	"time"
)

// A Clock beats for a story in which time matters. Sleeping does not do: on a
// busy machine a short sleep may take longer than a long one. So each process
// of the story, an [Actor], says after every step what it waits for, and when
// all have said so and only then the [Stage] tells them that it is one tick
// later.
//
// That removes what is accident, the order of things that happen at the same
// time, and nothing else. The clock starts nobody, stops nobody and joins
// nobody. It sees how a process ends by the end of its pipe, which the system
// closes, and if that does not happen when it should, there is no picture but
// an error.
type Clock struct {
	Unit time.Duration // the least time that a tick takes
	Free bool          // no clock: a tick of work is a sleep, and the system decides the order
}

// Stage makes the place for one story, and prints to out what happens there,
// or nowhere if out is nil.
func (c Clock) Stage(out io.Writer) *Stage {
	s := &Stage{out: out, unit: c.Unit, limit: Limit, heard: make(chan heard), over: make(chan struct{})}
	if c.Free {
		s.free = max(c.Unit, 40*time.Millisecond)
	}
	return s
}

// beat is the clock: when nobody has anything left to do in this tick, the next
// one begins.
func (s *Stage) beat(ctx context.Context) error {
	for {
		if err := s.settle(ctx); err != nil {
			return err
		}
		if s.last(alive) == nil {
			return nil
		}
		if s.last(working) == nil {
			return fmt.Errorf("tick %d: all wait for each other: %s", s.tick, s.situation())
		}
		select {
		case <-time.After(s.unit):
		case <-ctx.Done():
			return ctx.Err()
		}
		s.tick++
		for _, p := range s.cast {
			if working(p) {
				s.cue(p, acting)
			}
		}
	}
}

// settle plays the rest of a tick. First everybody does what there is to do.
// Then those at their last line are let go, children before their parents, each
// followed by its consequences. Whoever joins with a limit comes last: what
// ends in the tick of the limit has ended in time.
func (s *Stage) settle(ctx context.Context) error {
	for {
		for s.last(s.owing) != nil {
			if err := s.hear(ctx); err != nil {
				return err
			}
		}
		s.tell()
		if p := s.last(leaving); p != nil {
			s.letGo(p)
			s.cue(p, left)
		} else if p := s.last(s.overLimit); p != nil {
			s.add(p, '=', "")
			s.cue(p, acting)
		} else {
			return nil
		}
	}
}

// drift is for -free: it sends nothing and tells what it hears when it hears it.
func (s *Stage) drift(ctx context.Context) error {
	for s.began = time.Now(); s.last(alive) != nil; {
		if err := s.hear(ctx); err != nil {
			return err
		}
		if p := s.last(leaving); p != nil {
			s.letGo(p)
		}
		s.tell()
	}
	return nil
}

// hear takes in one thing that an actor says, or its end.
func (s *Stage) hear(ctx context.Context) error {
	select {
	case h := <-s.heard:
		if s.free > 0 {
			s.tick = int(time.Since(s.began).Round(s.free) / s.free)
		}
		if h.err != nil {
			s.lose(h.from)
		} else {
			s.note(h.from, h.word)
		}
		return nil
	case <-time.After(s.limit):
		return fmt.Errorf("tick %d: waited for %v in vain: %s", s.tick, s.limit, s.situation())
	case <-ctx.Done():
		return ctx.Err()
	}
}

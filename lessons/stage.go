package lessons

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"processbook/mp"
)

// A Stage is where one story is played: it collects what its actors do and
// sends them from tick to tick. Make it with [Clock.Stage], then its actors,
// then call Play, once.
type Stage struct {
	out         io.Writer
	unit, limit time.Duration
	free        time.Duration // see Actor.Free
	began       time.Time     // with free: when Play began

	cast   []*part // parents before their children: the order in which things are told
	heard  chan heard
	over   chan struct{} // closed when nobody listens to heard any more
	tick   int
	fresh  Events // of this moment, not yet in order
	events Events
}

// A part is what the stage knows of an actor.
type part struct {
	name   string
	ours   *mp.Conn[cue, word]
	theirs *mp.Conn[word, cue]
	parent *part

	pid    int
	doing  kind // what it said last that takes time; acting if nothing does; 0 before its start
	daemon bool
	elder  bool   // it was at its last line, and had started others
	whom   string // join
	until  int    // join: the tick of the limit, or NoLimit
}

// What a part may be doing that it does not say.
const (
	left kind = leave + 1 + iota // let go at its last line, it is up to mp now
	gone                         // its line has ended
)

type heard struct {
	from *part
	word word
	err  error // the end of the line
}

// Actor adds a process to the cast, parents before their children. Its name is
// the Name of the [mp.Process] to which the Actor rides.
func (s *Stage) Actor(name string) Actor {
	p := &part{name: name}
	p.ours, p.theirs = mp.Pipe[cue, word]()
	s.cast = append(s.cast, p)
	return Actor{Line: p.theirs, Free: s.free}
}

// Play starts the first process, which must be an actor, as all its
// descendants must, and returns when the story is over and all are gone. It
// reports what happened, and an error if the first process failed, if all wait
// so that nothing can happen any more, or if something did not happen that
// should.
func (s *Stage) Play(ctx context.Context, first *mp.Process) (Events, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer close(s.over)
	if err := s.start(ctx, first); err != nil {
		return nil, err
	}
	beat := s.beat
	if s.free > 0 {
		beat = s.drift
	}
	err := beat(ctx)
	if err != nil {
		s.tell()
		cancel() // ends the first process, which takes the others with it
	}
	if end := Join(context.Background(), first); err == nil {
		err = end
	}
	return s.events, err
}

// start starts the first process, and the listening to all.
func (s *Stage) start(ctx context.Context, first *mp.Process) error {
	if err := Start(ctx, first); err != nil {
		return err
	}
	for _, p := range s.cast {
		p.theirs.Close() // it has moved; one that has not would keep its line open for ever
		go s.listen(p)   // ends with the line
	}
	if s.free > 0 && s.out != nil {
		printed(fmt.Fprintln(s.out, para("free", "No clock: the system decides the order. Run it five times.")))
	}
	s.print("tick", "who", "what")
	s.expect(nil, first.Name)
	return nil
}

func (s *Stage) listen(p *part) {
	defer p.ours.Close()
	for {
		w, err := p.ours.Recv()
		select {
		case s.heard <- heard{p, w, err}:
		case <-s.over:
			return
		}
		if err != nil {
			return
		}
	}
}

// note takes in what an actor says.
func (s *Stage) note(p *part, w word) {
	s.expect(p, w.Children...)
	switch w.Kind {
	case enter:
		p.doing, p.daemon, p.pid = acting, w.Daemon, w.PID
		s.add(p, '[', "")
	case say:
		s.add(p, 0, w.Text)
	case mark:
		s.add(p, w.Text[0], "")
	case work:
		p.doing = work
		s.add(p, '=', "")
	case leave:
		p.doing = leave
	case join:
		p.doing, p.whom, p.until = join, w.Text, NoLimit
		if w.Ticks >= 0 {
			p.until = s.tick + w.Ticks
		}
		s.add(p, '.', "")
	case joined:
		s.add(p, '=', "")
		if p.doing == join {
			s.cue(p, acting)
		}
	}
}

// expect waits from now on for the words of actors that were started, if they
// did not come before the news.
func (s *Stage) expect(parent *part, names ...string) {
	for _, p := range s.cast {
		if slices.Contains(names, p.name) {
			p.parent, p.doing = parent, max(p.doing, acting)
		}
	}
}

// cue tells an actor what time it is, which lets it go on. If it is gone, its
// line will say so.
func (s *Stage) cue(p *part, next kind) {
	p.doing = next
	p.ours.Send(cue(s.tick))
}

// letGo notes that an actor is at its last line. That is told of those who have
// started others, for whom it has consequences, if only that there are none.
func (s *Stage) letGo(p *part) {
	p.doing = left
	p.elder = s.last(func(q *part) bool { return q.parent == p }) != nil
	if p.elder {
		s.add(p, '|', "reaches its last line")
	}
}

// lose notes the end of an actor's line, which is the end of its process.
func (s *Stage) lose(p *part) {
	switch {
	case p.doing != left:
		s.add(p, 'x', "is terminated")
	case p.elder:
		s.add(p, ']', "ends")
	default:
		s.add(p, ']', "")
	}
	p.doing = gone
}

// owing reports whether p must be heard of now: because it is doing something
// that takes no time; or because a process that it waits for has ended; or
// because it must end, as a daemon whose parent was at its last line, or at its
// own last line without children. To expect that does not make it happen: the
// stage has told p nothing but what time it is.
func (s *Stage) owing(p *part) bool {
	switch {
	case p.doing == acting:
		return true
	case p.doing == join:
		return s.last(func(q *part) bool { return q.name == p.whom && alive(q) }) == nil
	case p.doing == left:
		return !s.hasChild(p)
	}
	return alive(p) && p.daemon && p.parent != nil && p.parent.doing == left
}

func (s *Stage) overLimit(p *part) bool { return p.doing == join && p.until == s.tick }
func (s *Stage) hasChild(p *part) bool {
	return s.last(func(q *part) bool { return q.parent == p && alive(q) }) != nil
}

func alive(p *part) bool   { return p.doing != 0 && p.doing != gone }
func working(p *part) bool { return p.doing == work }
func leaving(p *part) bool { return p.doing == leave }

// last returns the last part in the cast of which is holds, or nil.
func (s *Stage) last(is func(*part) bool) *part {
	for _, p := range slices.Backward(s.cast) {
		if is(p) {
			return p
		}
	}
	return nil
}

// situation says of everybody who is not at work what keeps the story waiting.
func (s *Stage) situation() string {
	var all []string
	for _, p := range s.cast {
		owing := s.owing(p)
		switch {
		case p.doing == acting:
			all = append(all, p.name+" has not said what it waits for")
		case p.doing == join && owing:
			all = append(all, p.name+" has not seen the end of "+p.whom)
		case p.doing == join:
			all = append(all, p.name+" joins "+p.whom)
		case p.doing == left && owing:
			all = append(all, p.name+" has not ended after its last line")
		case owing:
			all = append(all, p.name+", a daemon, is not terminated although "+p.parent.name+" has reached its last line")
		}
	}
	return strings.Join(all, "; ")
}

// add keeps an event until tell brings those of one moment into the order of
// the cast; which of them was heard first is accident. The ends come last, and
// that of a parent after those of its children, because mp lets it wait for them.
func (s *Stage) add(p *part, sign byte, text string) {
	s.fresh = append(s.fresh, Event{s.tick, p.name, sign, text})
}

func (s *Stage) tell() {
	for _, p := range s.cast {
		s.tellOf(p, func(e Event) bool { return e.Sign != ']' })
	}
	for _, p := range slices.Backward(s.cast) {
		s.tellOf(p, func(e Event) bool { return e.Sign == ']' })
	}
	s.fresh = nil
}

func (s *Stage) tellOf(p *part, now func(Event) bool) {
	for _, e := range s.fresh {
		if e.Who != p.name || !now(e) {
			continue
		}
		if e.Sign == '[' {
			e.Text = "starting (PID " + PID(p.pid) + ")" // not earlier: aliases count
		}
		if e.Text != "" {
			s.print(e.Tick, e.Who, e.Text)
		}
		s.events = append(s.events, e)
	}
}

func (s *Stage) print(tick any, who, what string) {
	if s.out != nil {
		longest := 0
		for _, p := range s.cast {
			longest = max(longest, len(p.name))
		}
		printed(fmt.Fprintf(s.out, "%4v   %-*s   %s\n", tick, longest, who, what))
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

// numbers are the chapter's tasks: is it prime?
var numbers = []int{2, 36, 101, 193, 323, 513, 1327, 100000, 9999999, 433785907}

// pill stands where a number could. Whoever takes it leaves: Python's None.
const pill = 0

// A Consumer is what consumer must know.
type Consumer struct {
	Line    *mp.Conn[string, mp.None] // from main: a turn; to main: what came of it
	Tasks   *mp.JoinableQueue[int]
	Results *mp.Queue[bool]
	Hasty   bool
}

// What comes of a turn: the number that was taken, or one of these.
const (
	tookPill   = "*"
	looksEmpty = "-" // and so it left
	isClosed   = "." // it waited until main closed the queue
)

func sign(task int) string {
	if task == pill {
		return tookPill
	}
	return strconv.Itoa(task)
}

func prime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return n > 1
}

// A Script says which of the chapter's examples to play.
type Script struct {
	Consumers int
	Pills     int  // example 8: main puts so many
	Hasty     bool // example 7: a consumer leaves when the queue looks empty
	Early     bool // and has its first look before main puts the tasks
}

// A Shop is the queues and all who work there.
type Shop struct {
	Script
	tasks    *mp.JoinableQueue[int]
	results  *mp.Queue[bool]
	crew     []*member
	in       []int        // the tasks and pills that main put
	returned bool         // main's Join
	rest     []int        // and those that nobody took
	answers  map[bool]int // how many results were true, how many false
	err      error        // the first that came; what was measured after it means nothing
}

// A member is a consumer as main sees it.
type member struct {
	process *mp.Process
	line    *mp.Conn[mp.None, string]
	turns   []string // what came of them
	left    bool     // the line has ended
}

// play plays one of the chapter's examples.
func play(ctx context.Context, script Script) (*Shop, error) {
	s := open(ctx, consumer, script)
	if s.err == nil {
		s.play(ctx)
	}
	return s, s.err
}

// open starts the consumers, which live no longer than ctx.
func open(ctx context.Context, role mp.Function[Consumer, mp.None], script Script) *Shop {
	s := &Shop{Script: script, answers: make(map[bool]int)}
	s.tasks, s.results = mp.NewJoinableQueue[int](0), mp.NewQueue[bool](0)
	for i := range s.Consumers {
		ours, theirs := mp.Pipe[mp.None, string]()
		p := mp.NewProcess(role, Consumer{theirs, s.tasks, s.results, s.Hasty})
		p.Name = fmt.Sprintf("Consumer %d", i+1)
		s.crew = append(s.crew, &member{process: p, line: ours})
		if s.err == nil {
			s.note(lessons.Start(ctx, p))
		}
	}
	return s
}

// note keeps the first error.
func (s *Shop) note(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *Shop) put(ctx context.Context, tasks ...int) {
	for _, n := range tasks {
		s.note(s.tasks.Put(ctx, n))
		s.in = append(s.in, n)
	}
}

// check is an error if there is more to take than was put.
func (s *Shop) check() error {
	out := len(s.rest)
	for _, m := range s.crew {
		out += m.taken()
	}
	if out > len(s.in) {
		return fmt.Errorf("%d tasks and pills were put, and %d were taken", len(s.in), out)
	}
	return nil
}

// queued is the number of tasks that nobody has taken yet.
func (s *Shop) queued() int {
	n, err := s.tasks.Len()
	s.note(err)
	return n
}

// anybody reports whether a consumer has not been seen to leave.
func (s *Shop) anybody() bool {
	for _, m := range s.crew {
		if !m.left {
			return s.err == nil
		}
	}
	return false
}

// round gives everybody a turn: while there are tasks, only if one is left.
func (s *Shop) round() {
	empty := s.queued() == 0
	for _, m := range s.crew {
		if empty || s.queued() > 0 {
			s.turn(m)
		}
	}
}

// turn lets a consumer have its turn, if it is still there.
func (s *Shop) turn(m *member) {
	if s.err == nil && !m.left {
		m.tell()
		s.note(m.hear())
		s.note(s.check())
	}
}

// tell may go to somebody who has left: hear will know.
func (m *member) tell() { m.line.Send(mp.None{}) }

// hear takes note of what a consumer did, or that it has left: the end of its
// process is the end of its line.
func (m *member) hear() error {
	word, err := lessons.Recv(m.line)
	switch err {
	case nil:
		m.turns = append(m.turns, word)
		return nil
	case io.EOF:
		m.left = true
		return nil
	}
	return fmt.Errorf("%s: %w", m.process.Name, err)
}

// join finds out whether Join returns. Where tasks are left and nobody is
// there, a moment is enough to know. Then main does these tasks itself, to see
// that they are what Join was waiting for.
func (s *Shop) join(ctx context.Context) {
	limit := lessons.Limit
	if s.queued() > 0 {
		limit = 100 * time.Millisecond
	}
	err := s.joinFor(ctx, limit)
	if s.returned = err == nil; s.returned {
		return
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		s.note(fmt.Errorf("join: %w", err))
	}
	for s.err == nil && s.queued() > 0 {
		n, err := s.tasks.TryGet()
		s.rest = append(s.rest, n)
		s.note(errors.Join(err, s.tasks.TaskDone(), s.check()))
	}
	if s.err == nil && s.joinFor(ctx, lessons.Limit) != nil {
		s.note(fmt.Errorf("all tasks are done, and Join has not returned for %v", lessons.Limit))
	}
}

func (s *Shop) joinFor(ctx context.Context, limit time.Duration) error {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	return s.tasks.Join(ctx)
}

// close lets everybody wait for one more task, which will not come: the closed
// queue says so. When they have ended, nobody can put another result.
func (s *Shop) close(ctx context.Context) {
	for _, m := range s.crew {
		m.tell()
	}
	s.tasks.Close()
	for _, m := range s.crew {
		for s.err == nil && !m.left {
			s.note(m.hear())
		}
		if s.err == nil {
			s.note(lessons.Join(ctx, m.process))
		}
		m.line.Close()
	}
	s.results.Close()
	ctx, stop := context.WithTimeout(ctx, lessons.Limit)
	defer stop()
	for s.err == nil {
		isPrime, err := s.results.Get(ctx)
		if err == io.EOF {
			return
		}
		if err != nil {
			s.note(fmt.Errorf("the results have no end: %w", err))
		}
		s.answers[isPrime]++
	}
}

// done is the number of tasks whose results came back.
func (s *Shop) done() int { return s.answers[true] + s.answers[false] }

// waited is the number of consumers that had to be told that the queue is
// closed. The others left by themselves.
func (s *Shop) waited() (n int) {
	for _, m := range s.crew {
		if len(m.turns) > 0 && m.turns[len(m.turns)-1] == isClosed {
			n++
		}
	}
	return n
}

// taken is the number of tasks and pills that a consumer took.
func (m *member) taken() (n int) {
	for _, word := range m.turns {
		if _, err := strconv.Atoi(word); err == nil || word == tookPill {
			n++
		}
	}
	return n
}

// eachSaid is an error unless everybody's last turn came to this.
func (s *Shop) eachSaid(word string) error {
	for _, m := range s.crew {
		if len(m.turns) == 0 || m.turns[len(m.turns)-1] != word {
			return fmt.Errorf("%s said %q, not %q", m.process.Name, m.turns, word)
		}
	}
	return nil
}

func (s *Shop) joinDid() string {
	if s.returned {
		return "returns"
	}
	return "waits"
}

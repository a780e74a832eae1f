package main

// What the quiz asks, and what the pictures show. Nobody has to read this file
// to understand main.go. There the system decides which consumer gets a task.
// Here every step waits for a message, so the order is the same in every run.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"sync"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"8a": func(ctx context.Context) (string, error) { // many expect 20 and 99: a reference
		x, _, err := example6(ctx)
		return x[1] + " " + x[2], err
	},
	"8b": leftForTheSecond,
	"8c": whoElseLocks,
	"8d": func(ctx context.Context) (string, error) { // many expect 10: that consumers wait
		done, _, err := example7(ctx)
		return fmt.Sprint(done), err
	},
	"8e": func(ctx context.Context) (string, error) { // many expect that Join counts consumers
		_, join, err := example7(ctx)
		return join, err
	},
	"8f": takersOfOneTask,
	"8g": func(ctx context.Context) (string, error) { // many expect 10 and 4: that all see the pill
		c, err := example8(ctx)
		return fmt.Sprint(c.count(" "), " ", c.count(tookPill)), err
	},
	"8h": endsOfPipe,
}

var tasks = []int{2, 36, 101, 193, 323, 513, 1327, 100000, 9999999, 433785907}

const pill, tookPill, isClosed = 0, "*", "." // Python's pill is None

// A shift is what a taker must know.
type shift struct {
	Hasty   bool
	Turns   *mp.Conn[mp.None, mp.None]
	Tasks   *mp.JoinableQueue[int]
	Results *mp.Queue[result]
}

type result struct{ By, Text string }

// taker is a consumer that takes a task when main gives it a turn, until main
// closes the pipe. A hasty one looks first, and exits if the queue looks empty.
var taker = mp.Proc("taker", func(s shift) error {
	ctx, name := context.Background(), mp.Current().Name
	for {
		if s.Hasty { // example 7
			n, err := s.Tasks.Len()
			err = errors.Join(err, s.Results.Put(ctx, result{name, fmt.Sprint(n)}))
			if err != nil || n == 0 {
				return err
			}
		}
		s.Turns.Recv() // its error: there are no turns any more
		n, err := s.Tasks.Get(ctx)
		if err == io.EOF {
			return s.Results.Put(ctx, result{name, isClosed})
		}
		text := fmt.Sprint(n, map[bool]string{true: " yes", false: " no"}[big.NewInt(int64(n)).ProbablyPrime(0)])
		if n == pill { // example 8
			text = tookPill
		}
		err = errors.Join(err, s.Results.Put(ctx, result{name, text}), s.Tasks.TaskDone())
		if err != nil || n == pill {
			return err
		}
	}
})

// A crew is several takers, and what they said.
type crew struct {
	shift
	takers []*mp.Process
	turns  []*mp.Conn[mp.None, mp.None]
	said   []result
	err    error // what is measured after an error means nothing
}

func hire(ctx context.Context, n int, hasty bool, tasks ...int) *crew {
	c := &crew{shift: shift{hasty, nil, mp.NewJoinableQueue[int](0), mp.NewQueue[result](0)}}
	c.put(ctx, tasks)
	for i := range n {
		ours, theirs := mp.Pipe[mp.None, mp.None]()
		p := mp.NewProcess(taker, shift{hasty, theirs, c.Tasks, c.Results})
		p.Name = fmt.Sprintf("Consumer %d", i+1)
		c.takers, c.turns = append(c.takers, p), append(c.turns, ours)
		c.err = errors.Join(c.err, p.Start(ctx))
	}
	return c
}

func (c *crew) put(ctx context.Context, tasks []int) {
	for _, n := range tasks {
		c.err = errors.Join(c.err, c.Tasks.Put(ctx, n))
	}
}

// turn gives a taker its turn.
func (c *crew) turn(ctx context.Context, taker int) string {
	c.err = errors.Join(c.err, c.turns[taker].Send(mp.None{}))
	return c.hear(ctx)
}

// hear waits for what a taker says, whichever it is.
func (c *crew) hear(ctx context.Context) string {
	r, err := c.Results.Get(ctx)
	c.said, c.err = append(c.said, r), errors.Join(c.err, err)
	return r.Text
}

// free lets the takers take without turns.
func (c *crew) free() {
	for _, turns := range c.turns {
		turns.Close()
	}
}

// end closes the queue, and returns when all takers have seen that.
func (c *crew) end(ctx context.Context) error {
	c.Tasks.Close()
	c.free()
	for _, p := range c.takers {
		c.err = errors.Join(c.err, lessons.Join(ctx, p))
	}
	c.Results.Close()
	for r := range c.Results.All(ctx) {
		c.said = append(c.said, r)
	}
	return c.err
}

// count counts what was said with this in it: a blank is in every result.
func (c *crew) count(part string) (n int) {
	for _, r := range c.said {
		n += min(1, strings.Count(r.Text, part))
	}
	return n
}

// leftForTheSecond: many expect 6, a broadcast.
func leftForTheSecond(ctx context.Context) (string, error) {
	c := hire(ctx, 2, false, tasks[:6]...)
	for range 4 {
		c.turn(ctx, 0)
	}
	c.Tasks.Close()
	n := 0
	for c.turn(ctx, 1) != isClosed && c.err == nil {
		n++
	}
	return fmt.Sprint(n), c.end(ctx)
}

// example7 lets four hasty consumers look before main puts the tasks. It returns
// how many tasks are done, and what main's Join does then: a moment is enough
// to know. Main does them itself, to see that Join was waiting for nothing else.
func example7(ctx context.Context) (done int, join string, err error) {
	c := hire(ctx, 4, true)
	for range c.takers {
		c.hear(ctx)
	}
	c.put(ctx, tasks)
	c.free()
	moment, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	join = map[bool]string{true: "returns", false: "waits"}[c.Tasks.Join(moment) == nil]
	for _, empty := c.Tasks.TryGet(); empty == nil; _, empty = c.Tasks.TryGet() {
		c.err = errors.Join(c.err, c.Tasks.TaskDone())
	}
	c.err = errors.Join(c.err, c.Tasks.Join(ctx))
	err = c.end(ctx)
	return c.count(" "), join, err
}

// takersOfOneTask: many expect 2, that an item that was seen is reserved.
func takersOfOneTask(ctx context.Context) (string, error) {
	c := hire(ctx, 2, true, tasks[0])
	if one, two := c.hear(ctx), c.hear(ctx); one != "1" || two != "1" {
		c.err = errors.Join(c.err, fmt.Errorf("they see %s and %s tasks, not 1", one, two))
	}
	err := c.end(ctx)
	return fmt.Sprint(c.count(" ")), err
}

// example8 lets four consumers take tasks in turn. There is a pill for one.
func example8(ctx context.Context) (*crew, error) {
	c := hire(ctx, 4, false, append(tasks[:len(tasks):len(tasks)], pill)...)
	for i := range len(tasks) + 1 {
		c.turn(ctx, i%4)
	}
	return c, c.end(ctx)
}

var lock sync.Mutex // a variable of the program, so each process has its own

// A seat is what reader must know.
type seat struct {
	Line  *mp.Conn[string, int]
	Boxes *mp.Queue[map[string]int]
}

// reader gets a box, and says whether it gets the lock. Then it tells main its x
// and sets it, as often as main sends it one.
var reader = mp.Proc("reader", func(s seat) error {
	box, err := s.Boxes.Get(context.Background())
	err = errors.Join(err, s.Line.Send(map[bool]string{true: "the child gets it", false: "the child waits"}[lock.TryLock()]))
	for err == nil {
		x, over := s.Line.Recv()
		if over != nil {
			return nil
		}
		err = s.Line.Send(fmt.Sprint(box["x"]))
		box["x"] = x
	}
	return err
})

// example6 lets a box pass through a queue. It returns x of main and of the child
// after main has set its own, and both after the child has, and what became of
// a lock meanwhile.
func example6(ctx context.Context) (x [4]string, events []string, err error) {
	boxes, box := mp.NewQueue[map[string]int](0), map[string]int{"x": 10}
	ours, theirs := mp.Pipe[int, string]()
	p := mp.NewProcess(reader, seat{theirs, boxes})
	if err = p.Start(ctx); err != nil {
		return x, nil, err
	}
	lock.Lock()
	put := boxes.Put(ctx, box)
	child, err := lessons.Recv(ours) // it has the box
	events, err = unlock("main locks it", child), errors.Join(put, err)
	box["x"] = 20
	for i := 0; i < 4 && err == nil; i += 2 {
		ours.Send(99)
		x[i] = fmt.Sprint(box["x"])
		x[i+1], err = lessons.Recv(ours)
	}
	ours.Close()
	return x, events, errors.Join(err, lessons.Join(ctx, p))
}

// unlock unlocks the lock after a goroutine has asked for it.
func unlock(events ...string) []string {
	happens := make(chan string, 2)
	go func() {
		if !lock.TryLock() {
			happens <- "the goroutine waits"
			lock.Lock()
		}
		happens <- "the goroutine gets it"
		lock.Unlock()
	}()
	events = append(events, <-happens)
	happens <- "main unlocks it"
	lock.Unlock()
	return append(events, <-happens, <-happens)
}

// whoElseLocks: many expect that a lock works for all that use the same variable.
func whoElseLocks(ctx context.Context) (string, error) {
	_, events, err := example6(ctx)
	locked, _, _ := strings.Cut(strings.Join(events, ", "), "main unlocks it")
	gets := [2]bool{strings.Contains(locked, "the goroutine gets it"), strings.Contains(locked, "the child gets it")}
	return map[[2]bool]string{{}: "neither", {true, false}: "the goroutine", {false, true}: "the child", {true, true}: "both"}[gets], err
}

// endsOfPipe: many expect that a reader cannot know what became of the sender.
func endsOfPipe(ctx context.Context) (string, error) {
	between, err := killSender(ctx, false)
	middle, err2 := killSender(ctx, true)
	return between + ", " + middle, errors.Join(err, err2)
}

// sender sends a message as long as main says.
var sender = mp.Proc("sender", func(line *mp.Conn[string, int]) error {
	for {
		length, err := line.Recv()
		if err = errors.Join(err, line.Send(strings.Repeat("x", length))); err != nil {
			return err
		}
	}
})

// killSender returns what main receives after a whole message, when the sender is
// killed after that message, or in the middle of the next one.
func killSender(ctx context.Context, middle bool) (string, error) {
	ours, theirs := mp.Pipe[int, string]()
	p := mp.NewProcess(sender, theirs)
	if err := errors.Join(p.Start(ctx), ours.Send(5)); err != nil {
		return "", err
	}
	_, err := lessons.Recv(ours)
	if middle && err == nil {
		err = ours.Send(1 << 20) // more than a pipe holds, so its last bytes cannot come
		ours.Poll(lessons.Limit)
	}
	p.Kill()
	lessons.Join(ctx, p)
	if code, _ := p.ExitCode(); code >= 0 || err != nil {
		return "", fmt.Errorf("the sender was to be killed, and ended with exit code %d (%v)", code, err)
	}
	if _, err = lessons.Recv(ours); err == io.ErrUnexpectedEOF {
		return "a broken message", nil
	}
	return fmt.Sprint(err), nil
}

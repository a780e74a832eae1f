//go:build unix

package mp

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var chaosTime = flag.Duration("chaos", 2*time.Second, "how long TestChaos goes on")

// An order of the chaos: which producer, and its number for it.
type parcel struct{ From, N int }

type depot struct {
	In, Out *Queue[parcel]
	From, N int
}

type workshop struct {
	In  *JoinableQueue[parcel]
	Out *Queue[parcel]
}

var (
	sendParcels = Proc("sendParcels", func(d depot) error {
		for i := range d.N {
			if err := d.In.Put(context.Background(), parcel{d.From, i}); err != nil {
				return err
			}
		}
		return nil
	})
	passOn = Proc("passOn", func(d depot) error {
		for p := range d.In.All(context.Background()) {
			if err := d.Out.Put(context.Background(), p); err != nil {
				return err
			}
		}
		return nil
	})
	passOnBelow = Proc("passOnBelow", func(d depot) error { return runProcess(NewProcess(passOn, d)) })
	mend        = Proc("mend", func(w workshop) error {
		for p := range w.In.All(context.Background()) {
			if err := w.Out.Put(context.Background(), p); err != nil {
				return err
			}
			if err := w.In.TaskDone(); err != nil {
				return err
			}
		}
		return nil
	})
)

// A chaos is one round: people who work, and one who kills and stops them.
type chaos struct {
	t     *testing.T
	ctx   context.Context
	rng   *rand.Rand
	kills atomic.Int64
	stops int
	score *chaosScore
}

type chaosScore struct{ rounds, kills, stops, items, lost, repeats, tasks, tasksLost int }

// TestChaos lets producers, consumers, a JoinableQueue, a pool and grandchildren
// work while random ones of them are killed and stopped at random moments.
// Afterwards every item is accounted for, no call is waiting, and nothing is
// left. Run it longer with go test ./mp -run Chaos -chaos 60s.
func TestChaos(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var score chaosScore
	runProcess(NewProcess(exitWith, 0)) // what is made once and kept
	goroutines, files, _ := holdings()
	for began := time.Now(); time.Since(began) < *chaosTime && !t.Failed(); score.rounds++ {
		ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		c := &chaos{t: t, ctx: ctx, rng: rand.New(rand.NewPCG(seed, uint64(score.rounds))), score: &score}
		c.round()
		cancel()
	}
	t.Log(score)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		g, f, children := holdings()
		if g <= goroutines && f <= files && children == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("before %d goroutines, %d files; after %d, %d, and %d children", goroutines, files, g, f, children)
		}
	}
}

func (c *chaos) round() {
	stop := make(chan struct{})
	var killer, work sync.WaitGroup
	killer.Go(func() { c.kill(stop) })
	for _, part := range []func(){
		func() { c.queue(0, passOn) },
		func() { c.queue(3, passOn) },
		func() { c.queue(0, passOnBelow) },
		c.joinable,
		c.pool,
	} {
		work.Go(part)
	}
	work.Wait()
	close(stop)
	killer.Wait()
	c.score.kills += int(c.kills.Load())
	c.score.stops += c.stops
}

// kill is the one who does it. Whoever was stopped goes on a moment later. On
// a slow machine nobody would ever finish, if the killer did not.
func (c *chaos) kill(stop chan struct{}) {
	for c.kills.Load() < 120 {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(c.rng.IntN(8000)) * time.Microsecond):
		}
		all := Children()
		if len(all) == 0 {
			continue
		}
		victim := all[c.rng.IntN(len(all))]
		if c.rng.IntN(3) > 0 {
			c.kills.Add(1)
			victim.Kill()
			continue
		}
		c.stops++
		victim.mu.Lock()
		process := victim.cmd.Process
		victim.mu.Unlock()
		process.Signal(syscall.SIGSTOP)
		time.AfterFunc(time.Duration(c.rng.IntN(20))*time.Millisecond, func() { process.Signal(syscall.SIGCONT) })
	}
}

// keep keeps n processes at work, whatever happens to them, until they end
// well. It returns how many did not.
func (c *chaos) keep(n int, hire func() *Process) (losses int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for c.ctx.Err() == nil {
				p := hire()
				if err := p.Start(c.ctx); err != nil {
					c.t.Errorf("Start: %v", err)
					return
				}
				err := p.Join(c.ctx)
				if err == nil {
					return
				}
				var exit *ExitError
				if !errors.As(err, &exit) {
					c.t.Errorf("Join: %v", err)
					return
				}
				mu.Lock()
				losses++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return losses
}

// queue: what was put comes out at most once; what is missing was in the hands
// of a consumer that was killed; and what one producer has put, it has put
// without a gap.
func (c *chaos) queue(capacity int, consumer Function[depot, None]) {
	const producers, n = 3, 1500
	in, out := NewQueue[parcel](capacity), NewQueue[parcel](0)
	losses := make(chan int, 1)
	go func() {
		losses <- c.keep(3, func() *Process { return NewProcess(consumer, depot{In: in, Out: out}) })
		out.Close()
	}()
	go func() {
		var all sync.WaitGroup
		for i := range producers {
			p := NewProcess(sendParcels, depot{In: in, From: i, N: n})
			all.Go(func() {
				if err := p.Start(c.ctx); err != nil {
					c.t.Errorf("Start: %v", err)
				}
				p.Join(c.ctx)
			})
		}
		all.Wait()
		in.Close()
	}()
	seen := map[parcel]int{}
	last := [producers]int{-1, -1, -1}
	for p := range out.All(c.ctx) {
		seen[p]++
		last[p.From] = max(last[p.From], p.N)
	}
	c.finished("queue", out)
	put := 0
	for _, l := range last {
		put += l + 1
	}
	for p, times := range seen {
		if times > 1 {
			c.t.Errorf("%v came %d times", p, times)
		}
	}
	lost := put - len(seen)
	if most := <-losses; lost > most {
		c.t.Errorf("capacity %d: %d items are missing, but only %d consumers were killed", capacity, lost, most)
	}
	c.add(chaosScore{items: put, lost: lost})
}

// joinable: everything comes out, and again only what a killed consumer had
// not finished.
func (c *chaos) joinable() {
	const n = 1500
	in, out := NewJoinableQueue[parcel](0), NewQueue[parcel](0)
	for i := range n {
		in.Put(c.ctx, parcel{0, i})
	}
	losses := make(chan int, 1)
	go func() {
		losses <- c.keep(3, func() *Process { return NewProcess(mend, workshop{in, out}) })
		out.Close()
	}()
	if err := in.Join(c.ctx); err != nil {
		c.t.Errorf("JoinableQueue.Join: %v", err)
	}
	in.Close()
	seen := map[parcel]int{}
	total := 0
	for p := range out.All(c.ctx) {
		seen[p]++
		total++
	}
	c.finished("joinable", out)
	repeats, most := total-len(seen), <-losses
	if len(seen) != n || repeats > most {
		c.t.Errorf("%d of %d items, %d repeats, %d consumers killed", len(seen), n, repeats, most)
	}
	c.add(chaosScore{items: n, repeats: repeats})
}

// pool: every task has its answer or the error of a killed worker.
func (c *chaos) pool() {
	p := NewPool(square, 3)
	var lost int
	check := func(i, r int, err error) {
		var exit *ExitError
		switch {
		case err == nil && r != i*i:
			c.t.Errorf("task %d: %d", i, r)
		case err == nil:
		case errors.As(err, &exit) && exit.Code == -9:
			lost++
		default:
			c.t.Errorf("task %d: %v", i, err)
		}
	}
	const n = 3000
	for range 3 {
		results, err := p.Map(c.ctx, numbers(n))
		failed := map[int]error{}
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, err := range joined.Unwrap() {
				var task *TaskError
				errors.As(err, &task)
				failed[task.Index] = task
			}
		} else if err != nil {
			c.t.Errorf("Map: %v", err)
			break
		}
		for i, r := range results {
			check(i, r, failed[i])
		}
		i := 0
		for r, err := range p.Imap(c.ctx, count(n)) {
			check(i, r, err)
			i++
		}
		if i != n {
			c.t.Errorf("Imap yielded %d", i)
		}
	}
	p.Close()
	if int64(lost) > c.kills.Load() {
		c.t.Errorf("%d tasks lost, %d kills", lost, c.kills.Load())
	}
	c.add(chaosScore{tasks: 6 * n, tasksLost: lost})
}

func (c *chaos) finished(what string, q *Queue[parcel]) {
	if c.ctx.Err() != nil {
		c.t.Errorf("%s: something was waiting for a minute", what)
	}
}

var chaosMutex sync.Mutex

func (c *chaos) add(s chaosScore) {
	chaosMutex.Lock()
	defer chaosMutex.Unlock()
	c.score.items += s.items
	c.score.lost += s.lost
	c.score.repeats += s.repeats
	c.score.tasks += s.tasks
	c.score.tasksLost += s.tasksLost
}

func (s chaosScore) String() string {
	return fmt.Sprintf("%d rounds, %d kills, %d stops: %d items, %d lost in a consumer's hands, %d repeated; %d tasks, %d lost",
		s.rounds, s.kills, s.stops, s.items, s.lost, s.repeats, s.tasks, s.tasksLost)
}

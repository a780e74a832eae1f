//go:build unix

package mp

// Not on Windows: the killer also suspends processes, with a signal through
// os.Process. (So a signal never goes to a new process with the same PID.) On
// Windows, other tests check the same things one by one: crash_test.go,
// suspended_test.go, queue_kill_test.go, family_test.go.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var (
	chaosTime = flag.Duration("chaos", time.Duration(many(5))*time.Second, "how long TestChaos runs")
	chaosSeed = flag.Uint64("chaosseed", 0, "the seed of TestChaos's random numbers; 0: the time")
)

// A parcel is an item: the number of its producer, and the producer's number for
// it.
type parcel struct{ From, N int }

type depot struct {
	In, Out *Queue[parcel]
	From, N int
	Below   int // generations below this one
	Seed    uint64
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
			dawdle()
			if err := d.Out.Put(context.Background(), p); err != nil {
				return err
			}
		}
		return nil
	})
	// passOnBelow kills its own child after a random time, and announces it with
	// aboutToKill.
	passOnBelow = Proc("passOnBelow", func(d depot) error {
		ctx := context.Background()
		rng := rand.New(rand.NewPCG(d.Seed, uint64(d.Below)))
		for kills := 3; ; kills-- {
			child := NewProcess(passOn, d)
			if d.Below > 1 {
				below := d
				below.Below--
				child = NewProcess(functionOf[depot]("passOnBelow"), below)
			}
			if err := child.Start(ctx); err != nil {
				return err
			}
			if kills == 0 {
				return child.Join(ctx)
			}
			select {
			case <-child.Done():
			case <-time.After(time.Duration(rng.IntN(30)) * time.Millisecond):
				if err := d.Out.Put(ctx, aboutToKill); err != nil {
					return err
				}
				child.Kill()
			}
			if err := child.Join(ctx); err == nil {
				return nil
			}
		}
	})
	squareSlowly = Func("squareSlowly", func(n int) (int, error) {
		dawdle()
		return n * n, nil
	})
	returnParcels = Proc("returnParcels", func(c *Conn[parcel, parcel]) error {
		for {
			p, err := c.Recv()
			if err == nil {
				err = c.Send(p)
			}
			if err != nil {
				return nil // main has closed its end
			}
		}
	})
	mend = Proc("mend", func(w workshop) error {
		for p := range w.In.All(context.Background()) {
			if err := w.Out.Put(context.Background(), p); err != nil {
				return err
			}
			dawdle()
			if err := w.In.TaskDone(); err != nil {
				return err
			}
		}
		return nil
	})
)

// dawdle makes it likely that the process is killed while it has an item or task.
func dawdle() {
	for began := time.Now(); time.Since(began) < 100*time.Microsecond; {
	}
}

// aboutToKill is not a real parcel. It says that one more consumer will be killed.
var aboutToKill = parcel{From: -1}

// A chaos is one round: processes that work, and a goroutine that kills and
// suspends them.
type chaos struct {
	t        *testing.T
	ctx      context.Context
	rng      *rand.Rand // the killer's
	seed     uint64
	kills    atomic.Int64
	suspends int
	score    *chaosScore
}

type chaosScore struct{ rounds, kills, suspends, items, lost, repeats, tasks, tasksLost int }

// TestChaos lets producers, consumers, JoinableQueues, pipes, a pool and a tree
// of processes work while random ones are killed and suspended at random
// moments. Afterwards every item is accounted for, no call is waiting, and
// nothing is left. Run it longer with go test ./mp -run Chaos -chaos 60s.
func TestChaos(t *testing.T) {
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-chaosseed %d", seed)
	var score chaosScore
	runProcess(NewProcess(exitWith, 0)) // some things are made once and kept
	goroutines, files, _ := holdings()
	allGone := witness(t)
	for began := time.Now(); time.Since(began) < *chaosTime && !t.Failed(); score.rounds++ {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		c := &chaos{t: t, ctx: ctx, rng: rand.New(rand.NewPCG(seed, uint64(score.rounds))), seed: seed, score: &score}
		c.round()
		cancel()
	}
	t.Log(score)
	allGone()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		g, f, children := holdings()
		_, zombies := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if g <= goroutines && f <= files && children == 0 && zombies == syscall.ECHILD {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("before %d goroutines, %d files; after %d, %d, and %d children; waiting for zombies says: %v",
				goroutines, files, g, f, children, zombies)
		}
	}
}

// witness makes a pipe the standard output of all processes that are started
// from now on, and of their descendants. EOF proves that all of them have ended,
// also those whose parent has ended.
func witness(t *testing.T) (allGone func()) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	return func() {
		os.Stdout = stdout
		w.Close()
		if said := ended(t, r); said != "" {
			t.Error(said)
		}
		r.Close()
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
		func() { c.joinable(0) },
		func() { c.joinable(5) },
		c.pipes,
		c.pool,
	} {
		work.Go(part)
	}
	work.Wait()
	close(stop)
	killer.Wait()
	c.score.kills += int(c.kills.Load())
	c.score.suspends += c.suspends
}

// kill kills and suspends random children, and resumes a suspended child a
// moment later. It does so 300 times: otherwise, on a slow machine, the processes
// would never finish. And it does not kill as many newborn ones as make a pool
// give up: on a slow machine, most children are newborn.
func (c *chaos) kill(stop chan struct{}) {
	newborn := 0
	for range 300 {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(c.rng.IntN(15000)) * time.Microsecond):
		}
		all := Children()
		if len(all) == 0 {
			continue
		}
		victim := all[c.rng.IntN(len(all))]
		here := victim.isHere()
		if c.rng.IntN(3) > 0 && (here || newborn < patience-1) {
			if !here {
				newborn++
			}
			c.kills.Add(1)
			victim.Kill()
			continue
		}
		c.suspends++
		victim.mu.Lock()
		process := victim.cmd.Process
		victim.mu.Unlock()
		process.Signal(syscall.SIGSTOP)
		time.AfterFunc(time.Duration(c.rng.IntN(20))*time.Millisecond, func() { process.Signal(syscall.SIGCONT) })
	}
}

// keep keeps n processes running: it replaces each one that is killed, until all
// n have ended well. It returns how many were killed.
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

// queue checks that each item comes out at most once, and that each missing item
// was lost with a killed consumer.
func (c *chaos) queue(capacity int, consumer Function[depot, None]) {
	const producers = 3
	in, out := NewQueue[parcel](capacity), NewQueue[parcel](0)
	losses := make(chan int, 1)
	go func() {
		var hired atomic.Uint64
		losses <- c.keep(3, func() *Process {
			return NewProcess(consumer, depot{In: in, Out: out, Below: 2, Seed: c.seed + hired.Add(1)})
		})
		out.Close()
	}()
	sure := make(chan int, producers)
	go func() {
		c.produce(producers, in, sure)
		in.Close()
	}()
	seen, foretold := c.collect(out)
	put := putIn(seen, sure)
	for p, times := range seen {
		if times > 1 {
			c.t.Errorf("%v came %d times", p, times)
		}
	}
	lost := put - len(seen)
	if most := <-losses + foretold; lost > most {
		c.t.Errorf("capacity %d: %d items are missing, but only %d consumers were killed", capacity, lost, most)
	}
	c.add(chaosScore{items: put, lost: lost})
}

// produce starts processes that put parcels, and returns when all have ended. It
// sends the numbers of those that were not killed.
func (c *chaos) produce(producers int, in *Queue[parcel], sure chan<- int) {
	defer close(sure)
	var all sync.WaitGroup
	for i := range producers {
		p := NewProcess(sendParcels, depot{In: in, From: i, N: parcels})
		all.Go(func() {
			if err := p.Start(c.ctx); err != nil {
				c.t.Errorf("Start: %v", err)
			}
			if p.Join(c.ctx) == nil {
				sure <- i
			}
		})
	}
	all.Wait()
}

const parcels = 500 // that a producer puts

// collect takes all items out of a queue, and counts how often each comes.
func (c *chaos) collect(out *Queue[parcel]) (seen map[parcel]int, foretold int) {
	seen = map[parcel]int{}
	for p := range out.All(c.ctx) {
		seen[p]++
	}
	foretold = seen[aboutToKill]
	delete(seen, aboutToKill)
	if c.ctx.Err() != nil {
		c.t.Error("a call has waited for five minutes")
	}
	return seen, foretold
}

// putIn returns how many items were put. A producer that was not killed has put
// all of its items. A killed one has put them in order, up to the last that was
// seen.
func putIn(seen map[parcel]int, sure <-chan int) (put int) {
	last := map[int]int{}
	for p := range seen {
		last[p.From] = max(last[p.From], p.N+1)
	}
	for from := range sure {
		last[from] = parcels
	}
	for _, n := range last {
		put += n
	}
	return put
}

// joinable checks that each item comes out, and comes again only if a killed
// consumer had not finished it.
func (c *chaos) joinable(capacity int) {
	in, out := NewJoinableQueue[parcel](capacity), NewQueue[parcel](0)
	losses := make(chan int, 1)
	go func() {
		losses <- c.keep(3, func() *Process { return NewProcess(mend, workshop{in, out}) })
		out.Close()
	}()
	sure := make(chan int, 2)
	go func() {
		c.produce(cap(sure), in.Queue, sure)
		if err := in.Join(c.ctx); err != nil {
			c.t.Errorf("JoinableQueue.Join: %v", err)
		}
		in.Close()
	}()
	seen, _ := c.collect(out)
	put, total := putIn(seen, sure), 0
	for _, times := range seen {
		total += times
	}
	repeats, most := total-len(seen), <-losses
	if len(seen) != put || repeats > most {
		c.t.Errorf("capacity %d: %d of %d items, %d repeats, %d consumers killed", capacity, len(seen), put, repeats, most)
	}
	c.add(chaosScore{items: put, repeats: repeats})
}

// pipes checks that values come back through a pipe as they were sent, in order,
// until the process at the other end is killed. Then Recv reports it.
func (c *chaos) pipes() {
	const n = 2000
	for back := 0; back < n && c.ctx.Err() == nil; {
		ours, theirs := Pipe[parcel, parcel]()
		p := NewProcess(returnParcels, theirs)
		if err := p.Start(c.ctx); err != nil {
			c.t.Errorf("Start: %v", err)
			return
		}
		sent := make(chan bool)
		go func() {
			defer close(sent)
			for i := back; i < n && ours.Send(parcel{N: i}) == nil; i++ {
			}
		}()
		for ; back < n; back++ {
			got, err := ours.Recv()
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				break
			}
			if err != nil || got.N != back {
				c.t.Errorf("Recv() = %v, %v; want %d", got, err, back)
				return
			}
		}
		<-sent
		ours.Close()
		p.Join(c.ctx)
	}
}

// pool checks that each task has its result, or the error of a killed worker.
func (c *chaos) pool() {
	const n = 500
	p := NewPool(squareSlowly, 3)
	lost := 0
	for range 3 {
		results, err := p.Map(c.ctx, numbers(n))
		failed := map[int]error{}
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, err := range joined.Unwrap() {
				failed[indexOf(err)] = err
			}
		} else if err != nil {
			c.t.Errorf("Map: %v", err)
			break
		}
		for i, r := range results {
			lost += c.check(i, r, failed[i])
		}
		i := 0
		for r, err := range p.Imap(c.ctx, count(n)) {
			lost += c.check(i, r, err)
			i++
		}
		there := map[int]bool{}
		for r, err := range p.ImapUnordered(c.ctx, count(n)) {
			at := int(math.Sqrt(float64(r)))
			if err != nil {
				at = indexOf(err)
			}
			lost += c.check(at, r, err)
			there[at] = true
		}
		if i != n || len(there) != n {
			c.t.Errorf("Imap yielded %d, ImapUnordered %d of %d", i, len(there), n)
		}
	}
	p.Close()
	if int64(lost) > c.kills.Load() {
		c.t.Errorf("%d tasks lost, %d kills", lost, c.kills.Load())
	}
	c.add(chaosScore{tasks: 9 * n, tasksLost: lost})
}

// check checks the result of one task. It returns 1 if the task was lost with a
// killed worker.
func (c *chaos) check(i, r int, err error) (lost int) {
	var exit *ExitError
	switch {
	case errors.As(err, &exit) && exit.Code == -9:
		return 1
	case err != nil:
		c.t.Errorf("task %d: %v", i, err)
	case r != i*i:
		c.t.Errorf("task %d: %d", i, r)
	}
	return 0
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
	return fmt.Sprintf("%d rounds, %d kills, %d suspended: %d items, %d lost with a killed consumer, %d repeated; %d tasks, %d lost",
		s.rounds, s.kills, s.suspends, s.items, s.lost, s.repeats, s.tasks, s.tasksLost)
}

func indexOf(err error) int {
	var task *TaskError
	if !errors.As(err, &task) {
		return -1
	}
	return task.Index
}

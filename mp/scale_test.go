package mp

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"processbook/mp/internal/frame"
)

var (
	measure      = Func("measure", func(b []byte) (int, error) { return len(b), nil })
	weigh        = Proc("weigh", func(c cargo) error { return c.C.Send(len(c.Load)) })
	weighMessage = Proc("weighMessage", func(c *Conn[uint32, []byte]) error {
		b, err := c.Recv()
		if err != nil {
			return err
		}
		return c.Send(crc32.ChecksumIEEE(b))
	})
	sendMessage = Proc("sendMessage", func(c *Conn[[]byte, uint32]) error {
		if err := c.Send(make([]byte, frame.MaxSize+1)); !errors.Is(err, ErrTooLong) {
			return fmt.Errorf("Send(1 GiB and a byte) = %v, want %v", err, ErrTooLong)
		}
		size := 32 << 20 // not believed at once
		if longTests {
			size = 512 << 20
		}
		sent := make([]byte, size)
		for i := 0; i < len(sent); i += 1 << 20 {
			sent[i] = byte(i >> 20)
		}
		if err := c.Send(sent); err != nil {
			return err
		}
		if got, err := c.Recv(); got != crc32.ChecksumIEEE(sent) || err != nil {
			return fmt.Errorf("Recv() = %d, %v; want the checksum of what was sent", got, err)
		}
		return nil
	})
	putBlocks = Proc("putBlocks", func(b blocks) error {
		for range b.N {
			if err := b.Q.Put(context.Background(), make([]byte, 10<<10)); err != nil {
				return err
			}
		}
		return b.Q.Close()
	})
)

type blocks struct {
	Q *Queue[[]byte]
	N int
}

type cargo struct {
	Load []byte
	C    *Conn[int, None]
}

func TestManyProcesses(t *testing.T) {
	n := many(200)
	var conns []*Conn[string, string]
	var all []*Process
	for range n {
		ours, theirs := Pipe[string, string]()
		all = append(all, start(t, NewProcess(echo, theirs)))
		conns = append(conns, ours)
	}
	for i, c := range conns { // now all processes are alive
		c.Send("x")
		if got, err := c.Recv(); got != all[i].Name+": x" || err != nil {
			t.Fatalf("Recv() = %q, %v", got, err)
		}
	}
	for _, c := range conns {
		c.Close()
	}
	for _, p := range all {
		if err := p.Join(soon(t)); err != nil {
			t.Error(err)
		}
	}
}

func TestManyOnAQueue(t *testing.T) {
	producers, consumers, each := many(50), many(50), 100
	jobs, out := NewQueue[int](0), NewQueue[int](0)
	var makers []*Process
	for range consumers {
		start(t, NewProcess(double, consume{jobs, out}))
	}
	for i := range producers {
		makers = append(makers, start(t, NewProcess(putRange, share{jobs, i * each, each})))
	}
	for _, p := range makers {
		if err := p.Join(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	jobs.Close()
	sum := 0
	for range producers * each {
		v, err := out.Get(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	if n := producers * each; sum != n*(n-1) {
		t.Errorf("the sum is %d, want %d", sum, n*(n-1))
	}
}

func TestManyWorkers(t *testing.T) {
	p := NewPool(square, many(64))
	defer p.Close()
	results, err := p.Map(context.Background(), numbers(10_000))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r != i*i {
			t.Fatalf("result %d is %d", i, r)
		}
	}
}

// Both arguments are longer than the child allocates at once. The one of the
// process stays short, because gob copies it several times.
func TestLargeArgument(t *testing.T) {
	t.Parallel() // the system takes long to find the memory
	load := make([]byte, many(100)<<20)
	p := NewPool(measure, 2)
	defer p.Close()
	if n, err := p.Apply(context.Background(), load); n != len(load) || err != nil {
		t.Error(n, err)
	}
	load = load[:20<<20]
	ours, theirs := Pipe[None, int]()
	start(t, NewProcess(weigh, cargo{load, theirs}))
	if n, err := ours.Recv(); n != len(load) || err != nil {
		t.Error(n, err)
	}
}

// A message that is too long is refused, and the next one arrives whole. The
// sender is a new process: there, memory costs nothing until it is written to.
func TestLargeMessage(t *testing.T) {
	t.Parallel()
	from, to := Pipe[[]byte, uint32]()
	receiver := start(t, NewProcess(weighMessage, to))
	sender := start(t, NewProcess(sendMessage, from))
	for _, p := range []*Process{sender, receiver} {
		if err := p.Join(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// Imap takes arguments from an endless sequence, but never more than its window
// ahead of the results that the loop has taken.
func TestImapStaysInItsWindow(t *testing.T) {
	p := NewPool(square, 2)
	defer p.Close()
	var pulled atomic.Int64
	endless := iter.Seq[int](func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
			pulled.Add(1)
		}
	})
	taken := int64(0)
	for range p.Imap(soon(t), endless) {
		taken++
		if taken == 1000 { // give Imap time to take more
			for range 1000 {
				runtime.Gosched()
			}
		}
		if ahead := pulled.Load() - taken; ahead > 2*window {
			t.Fatalf("%d arguments ahead", ahead)
		}
		if taken == 3000 {
			break
		}
	}
}

// The producer of a bounded queue has to wait, so the memory does not grow.
func TestBoundedQueueStaysSmall(t *testing.T) {
	q := NewQueue[[]byte](10)
	all := many(20_000)
	start(t, NewProcess(putBlocks, blocks{q, all}))
	var before, after runtime.MemStats
	n := 0
	for range q.All(context.Background()) {
		if n++; n == 1000 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); n != all || grown > 4<<20 {
		t.Errorf("%d items; the heap has grown by %d bytes", n, grown)
	}
}

func init() {
	programs["few"] = func(ctx context.Context) error {
		for {
			if err := NewProcess(idle, None{}).Start(ctx); err != nil {
				os.Stdout.WriteString(err.Error() + "\n")
				break
			}
		}
		pool := NewPool(square, 64)
		_, err := pool.Map(ctx, numbers(10))
		if err == nil || errors.As(err, new(*TaskError)) {
			return fmt.Errorf("a pool of 64 without files: %v", err)
		}
		os.Stdout.WriteString(err.Error() + "\n")
		idlers := Children()
		for range len(idlers) / 2 { // so that some of the workers can start
			idlers[0].Kill()
			idlers[0].Join(ctx)
			idlers = idlers[1:]
		}
		for range 10 {
			results, err := pool.Map(ctx, numbers(100))
			if err != nil || results[9] != 81 {
				return fmt.Errorf("a pool with less than 64: %v, %w", results, err)
			}
		}
		if n := len(pool.staffed()); n < 1 || n > 40 {
			return fmt.Errorf("%d workers", n)
		}
		pool.Close()
		for _, p := range idlers {
			p.Kill()
			p.Join(ctx)
		}
		if left := Children(); len(left) > 0 {
			return fmt.Errorf("%d children are left", len(left))
		}
		a, b := Pipe[int, int]() // files are free again
		go a.Send(1)
		_, err = b.Recv()
		return err
	}
}

// If the system refuses more files, a call returns one clear error, and nothing
// is left over. A pool works with as many workers as can be started.
func TestFewFiles(t *testing.T) {
	cmd, stdout := program(t, "few")
	if !limitFiles(cmd, 64) {
		t.Skip("this system has no limit that a test could set")
	}
	cmd.Stderr = os.Stderr
	cmd.Start()
	for _, line := range read(t, stdout, 2) {
		if !strings.Contains(line, "too many open files") {
			t.Errorf("the error is %q", line)
		}
	}
	ended(t, stdout)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

package mp

// Only on Linux: not every system tells how much memory another process has. On
// all systems, TestBoundedQueueStaysSmall measures its own memory, and
// TestImapStaysInItsWindow counts arguments.

import (
	"context"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

var memoryItems = flag.Int("items", 3_000, "how many items of 10 KiB TestMemoryStaysFlat sends")

type conveyor struct {
	Q   *Queue[[]byte]
	In  *Conn[None, []byte]
	Out *Conn[[]byte, None]
	Say *Conn[int, None]
}

// ponder takes longer than it takes to make a block.
func ponder(block []byte) (sum int) {
	for range 200 {
		sum += int(crc32.ChecksumIEEE(block))
	}
	return sum
}

var (
	// make10K makes blocks until the consumer has ended.
	make10K = Proc("make10K", func(c conveyor) error {
		for {
			block := make([]byte, 10<<10)
			if c.Q != nil {
				if err := c.Q.Put(context.Background(), block); err != nil {
					return err
				}
			} else if err := c.Out.Send(block); err != nil {
				return err
			}
		}
	})
	// use10K takes blocks, and reports their number.
	use10K = Proc("use10K", func(c conveyor) error {
		for n := 1; ; n++ {
			var block []byte
			var err error
			if c.Q != nil {
				block, err = c.Q.Get(context.Background())
			} else {
				block, err = c.In.Recv()
			}
			if err != nil {
				return nil // the producer has been killed
			}
			if ponder(block); n%100 == 0 {
				c.Say.Send(n)
			}
		}
	})
	ponderAll = Func("ponderAll", func(block []byte) (int, error) { return ponder(block), nil })
)

// resident returns the memory of this process and of each child. What earlier tests
// have left in this process does not count.
func resident(t *testing.T) map[string]int {
	debug.FreeOSMemory()
	pids := map[string]int{"main": os.Getpid()}
	for _, p := range Children() {
		pids[p.Name] = p.PID()
	}
	sizes := map[string]int{}
	for name, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, rest, found := strings.Cut(string(text), "VmRSS:")
		var kilobytes int
		if _, scanErr := fmt.Sscan(rest, &kilobytes); err != nil || !found || scanErr != nil {
			t.Fatal(name, err, scanErr)
		}
		sizes[name] = kilobytes << 10
	}
	return sizes
}

// With a slow consumer, no process needs more and more memory, because the
// producer has to wait.
func TestMemoryStaysFlat(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, seen func(n int) bool)
	}{
		{"a bounded queue", func(t *testing.T, seen func(int) bool) {
			q := NewQueue[[]byte](10)
			ours, theirs := Pipe[None, int]()
			start(t, NewProcess(make10K, conveyor{Q: q}))
			start(t, NewProcess(use10K, conveyor{Q: q, Say: theirs}))
			for n, err := ours.Recv(); err == nil && seen(n); n, err = ours.Recv() {
			}
		}},
		{"a pipe", func(t *testing.T, seen func(int) bool) {
			ours, theirs := Pipe[None, int]()
			out, in := Pipe[[]byte, None]()
			start(t, NewProcess(use10K, conveyor{In: in, Say: theirs}))
			start(t, NewProcess(make10K, conveyor{Out: out}))
			for n, err := ours.Recv(); err == nil && seen(n); n, err = ours.Recv() {
			}
		}},
		{"an Imap", func(t *testing.T, seen func(int) bool) {
			pool := NewPool(ponderAll, 2)
			defer pool.Close()
			pool.Apply(t.Context(), nil)
			until(t, "both workers have called Main", func() (so bool) {
				pool.locked(func() { so = len(pool.workers) == 2 && !pool.starting() })
				return so
			})
			n := 0
			for range pool.Imap(t.Context(), func(yield func([]byte) bool) {
				for yield(make([]byte, 10<<10)) {
				}
			}) {
				if n++; n%100 == 0 && !seen(n) {
					return
				}
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before, after map[string]int
			test.run(t, func(n int) bool {
				if n == *memoryItems/5 { // every process has reached its usual size
					before = resident(t)
				}
				if n == *memoryItems {
					after = resident(t)
				}
				return n < *memoryItems
			})
			if after == nil || len(after) != len(before) {
				t.Fatalf("before %v, after %v", before, after)
			}
			for name, size := range after {
				t.Logf("%s: %.1f MiB, %.1f after %d items", name, float64(before[name])/(1<<20), float64(size)/(1<<20), *memoryItems)
				if size-before[name] > 12<<20 {
					t.Errorf("%s has grown by %d bytes", name, size-before[name])
				}
			}
		})
	}
}

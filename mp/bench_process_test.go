package mp

import (
	"encoding/binary"
	"io"
	"os"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	comeAndGo = Proc("comeAndGo", func(None) error { return nil })
	burn      = Func("burn", func(steps int) (uint64, error) { return xorshift(steps), nil })
)

func xorshift(steps int) uint64 {
	x := uint64(88172645463325252)
	for range steps {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

func BenchmarkStartAndJoin(b *testing.B) { benchStart(b) }

func benchStart(b *testing.B) {
	versus(b, "ms",
		trip(20, func() {
			p := NewProcess(comeAndGo, None{})
			check(b, p.Start(b.Context()))
			check(b, p.Join(b.Context()))
		}),
		trip(20, func() {
			cmd := rawCommand("come and go")
			cmd.Stdout = os.Stdout
			check(b, cmd.Run())
		}))
}

// The clock stops at the answer, not when the pool has ended.
func BenchmarkPoolFirstAnswer(b *testing.B) {
	versus(b, "ms",
		median10(func() (took float64) {
			pool := NewPool(square, benchWorkers)
			took = seconds(func() {
				_, err := pool.Apply(b.Context(), 7)
				check(b, err)
			})
			check(b, pool.Close())
			return took
		}),
		median10(func() (took float64) {
			var pool []*rawChild
			took = seconds(func() { pool = rawPool(b) })
			for _, c := range pool {
				check(b, c.end())
			}
			return took
		}))
}

func median10(f func() float64) func() float64 {
	return func() float64 {
		var all []float64
		for range 10 {
			all = append(all, f())
		}
		return median(all)
	}
}

// rawPool starts the workers and lets the first of them answer.
func rawPool(b *testing.B) (pool []*rawChild) {
	for range benchWorkers {
		pool = append(pool, startRaw(b, nil, nil, "squares"))
	}
	askRaw(b, pool[0])
	return pool
}

func askRaw(b *testing.B, c *rawChild) {
	record := binary.LittleEndian.AppendUint64(nil, 7)
	c.to.Write(record)
	_, err := io.ReadFull(c.from, record)
	check(b, err)
}

// Workers that have answered once, and wait. Memory that several processes
// share counts in each of them as its part of it.
func BenchmarkPoolIdleWorker(b *testing.B) {
	if pss(os.Getpid()) == 0 {
		b.Skip("left out: this system does not tell how much memory is a process's own")
	}
	versus(b, "MB",
		func() (sum float64) {
			pool := NewPool(pid, benchWorkers)
			answered := map[int]bool{}
			for len(answered) < benchWorkers {
				pids, err := pool.Map(b.Context(), make([]None, benchWorkers))
				check(b, err)
				for _, pid := range pids {
					answered[pid] = true
				}
			}
			for pid := range answered {
				sum += pss(pid)
			}
			check(b, pool.Close())
			return sum / benchWorkers
		},
		func() (sum float64) {
			pool := rawPool(b)
			askRaw(b, pool[1])
			for _, c := range pool {
				sum += pss(c.Process.Pid)
			}
			for _, c := range pool {
				check(b, c.end())
			}
			return sum / benchWorkers
		})
}

var pssLine = regexp.MustCompile(`\nPss: +(\d+) kB`)

// pss returns 0 where there is no such thing.
func pss(pid int) float64 {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	found := pssLine.FindSubmatch(text)
	if found == nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(found[1]), 64)
	return kb * 1024
}

// How many times as fast as one after the other; here the limit is goroutines.
func BenchmarkPoolSpeedUp(b *testing.B) {
	tasks := make([]int, 32)
	for i := range tasks {
		tasks[i] = 1_500_000
	}
	pool := benchPool(b, burn, benchWorkers)
	sum := uint64(0)
	alone := func() {
		for _, steps := range tasks {
			sum += xorshift(steps)
		}
	}
	versus(b, "x",
		func() float64 {
			return seconds(alone) / seconds(func() {
				_, err := pool.Map(b.Context(), tasks)
				check(b, err)
			})
		},
		func() float64 { return seconds(alone) / seconds(func() { burnInGoroutines(tasks) }) })
	if sum == 0 { // and so the compiler cannot leave it out
		b.Fatal("nothing was done")
	}
}

func burnInGoroutines(tasks []int) {
	var next atomic.Int64
	var all sync.WaitGroup
	results := make([]uint64, len(tasks))
	for range benchWorkers {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(tasks)); i = next.Add(1) - 1 {
				results[i] = xorshift(tasks[i])
			}
		})
	}
	all.Wait()
}

func init() {
	rawPrograms["come and go"] = func(in, out *os.File) error { return nil }
}

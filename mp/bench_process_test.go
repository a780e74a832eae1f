package mp

import (
	"encoding/binary"
	"io"
	"os"
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

// The clock stops at the first result, not when the pool has ended.
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

// rawPool starts the workers, and waits for a result of the first one.
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

// How many times as fast as one task after the other. The limit is the speed of
// goroutines.
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
	if sum == 0 { // use the sum, or the compiler leaves the loop out
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

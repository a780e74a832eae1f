package mp

import (
	"io"
	"runtime/debug"
	"strconv"
	"testing"
)

// How the time grows with the number of processes, with the size of a message
// and with the memory of the parent.

var crowds = []int{1, 2, 4, 8, 16, 64}

// One producer, and a growing number of consumers.
func BenchmarkGrowthQueue(b *testing.B) {
	for _, n := range crowds {
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchQueueInts(b, 1, n) })
	}
}

func BenchmarkGrowthPool(b *testing.B) {
	args := numbers(10_000)
	for _, n := range crowds {
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchPoolOneByOne(b, n, args) })
	}
}

func BenchmarkGrowthMessage(b *testing.B) {
	for _, m := range []struct {
		name    string
		size, n int
	}{
		{"1B", 1, 20_000}, {"16B", 16, 20_000}, {"256B", 256, 20_000}, {"4KiB", 4 << 10, 10_000},
		{"64KiB", 64 << 10, 1000}, {"1MiB", 1 << 20, 100}, {"16MiB", 16 << 20, 6},
	} {
		b.Run(m.name, func(b *testing.B) {
			buf, block, program := []byte(nil), make([]byte, m.size), "drain blocks"
			if m.size < 4<<10 {
				program = "drain short blocks"
			}
			versus(b, "µs",
				each(m.n, oneWay(b, drainBytes, m.n, block)),
				each(m.n, rawOneWay(b, program, m.n, func(w io.Writer) error { return writeBlock(w, &buf, block) })))
		})
	}
}

// f does n things in one call; each returns how long one of them takes.
func each(n int, f func()) func() float64 {
	return func() float64 { return seconds(f) / float64(n) }
}

// A child of mp does not get the parent's memory, because Go starts a program.
// Python copies the process, or at least the tables of its pages.
func BenchmarkGrowthParent(b *testing.B) {
	for _, size := range []int{10_000_000, 2_000_000_000} {
		b.Run(strconv.Itoa(size/1_000_000)+"MB", func(b *testing.B) {
			memory := make([]byte, size)
			for i := 0; i < size; i += 4096 {
				memory[i] = 1
			}
			benchStart(b)
			clear(memory[:1]) // so the memory is in use until here
			memory = nil
			debug.FreeOSMemory()
		})
	}
}

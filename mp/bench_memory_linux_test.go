package mp

// Only on Linux: no other system tells how much of what several processes share
// is a process's part. No promise needs this number.

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

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

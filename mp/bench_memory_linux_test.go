package mp

// Only on Linux: no other system tells a process's part of the memory that
// several processes share. No promise needs this number.

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

// Workers that have done one task, and wait. Memory that several processes
// share is divided among them.
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

// pss returns 0 if the system does not tell.
func pss(pid int) float64 {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	found := pssLine.FindSubmatch(text)
	if found == nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(found[1]), 64)
	return kb * 1024
}

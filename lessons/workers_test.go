package lessons

import (
	"fmt"
	"testing"
)

// Workers that start or end directly after one another are sorted. What happens
// between two of them, or another kind of end, keeps them where they are.
func TestSortWorkers(t *testing.T) {
	run := &Run{Lives: []Life{
		{Name: "main", Started: 1, Ended: 13},
		{Name: "PoolWorker-10", Started: 2, Ended: 6},
		{Name: "PoolWorker-9", Started: 3, Ended: 7},
		{Name: "PoolWorker-2", Started: 4, Ended: 5, Code: 3},
		{Name: "PoolWorker-12", Started: 8, Ended: 11},
		{Name: "Process-1", Started: 9, Ended: 12},
		{Name: "PoolWorker-11", Started: 10},
	}}
	run.sortWorkers()
	got := ""
	for _, l := range run.Lives {
		got += fmt.Sprintln(l.Name, l.Started, l.Ended)
	}
	const want = `main 1 13
PoolWorker-9 2 6
PoolWorker-10 3 7
PoolWorker-2 4 5
PoolWorker-12 8 11
Process-1 9 12
PoolWorker-11 10 0
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

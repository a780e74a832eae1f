package lessons

import (
	"fmt"
	"slices"
	"strings"
)

const poolWorker = "PoolWorker-" // how mp names them

// Pooled reports whether this is the life of a pool's worker.
func (l Life) Pooled() bool { return strings.HasPrefix(l.Name, poolWorker) }

// sortWorkers puts workers that started directly one after another into the
// order of their numbers, and also those that ended so and in the same way. A
// pool starts and ends its workers all at once, so the real order is accident,
// and would be another one in the next run.
func (r *Run) sortWorkers() {
	r.swap(func(l *Life) *int { return &l.Started })
	r.swap(func(l *Life) *int { return &l.Ended })
	slices.SortStableFunc(r.Lives, func(a, b Life) int { return a.Started - b.Started })
}

// swap swaps two places until there is nothing to swap any more.
func (r *Run) swap(place func(*Life) *int) {
	for swapped := true; swapped; {
		swapped = false
		for i := range r.Lives {
			for j := range r.Lives {
				a, b := &r.Lives[i], &r.Lives[j]
				if before(a, b) && *place(b) > 0 && *place(a) == *place(b)+1 {
					*place(a), *place(b) = *place(b), *place(a)
					swapped = true
				}
			}
		}
	}
}

// before reports whether only chance can have put b before a.
func before(a, b *Life) bool {
	return a.Pooled() && b.Pooled() && a.Parent == b.Parent && a.End() == b.End() && workerNumber(a) < workerNumber(b)
}

func workerNumber(l *Life) (n int) {
	fmt.Sscanf(l.Name[strings.LastIndexAny(l.Name, "-:")+1:], "%d", &n)
	return n
}

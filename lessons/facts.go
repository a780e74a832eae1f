package lessons

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"processbook/mp"
)

// Facts are the experiments of a lesson, one for each item of the quiz:
//
//	var experiments = lessons.Facts{
//		"6a": linesOfExample4,
//		"6b": linesWithoutDaemon,
//	}
//
// A fact is measured, never known: an experiment starts processes and reports what
// they did, as the quiz wants the answer, like "A B C".
type Facts map[string]func(ctx context.Context) (string, error)

// form is that of the worksheet: -form. Children have the arguments of main, so
// they also know it.
var form = 1

// Form returns what an experiment takes for form 1 of the worksheet, or for form
// 2. Call it while an experiment runs: before main, -form is not read yet.
func Form[T any](first, second T) T {
	if form == 2 {
		return second
	}
	return first
}

// Limit is how long to wait for what should happen. It is long, because a busy
// machine is slow: what takes longer is broken.
const Limit = 30 * time.Second

// Measure does the experiment for an item. It ends ctx after some time, and with
// ctx the processes that the experiment started with it.
func (f Facts) Measure(ctx context.Context, item string) (string, error) {
	if f[item] == nil {
		return "", fmt.Errorf("%s: there is no experiment", item)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*Limit)
	defer cancel()
	fact, err := f[item](ctx)
	if err != nil {
		EndChildren() // the next experiment begins without them
		return "", fmt.Errorf("%s: %w", item, err)
	}
	return fact, nil
}

// Print measures the facts for these items, or for all, and prints a line for each:
// the item, a tab, the fact. The error says which could not be measured, and why.
func (f Facts) Print(ctx context.Context, items ...string) error {
	if len(items) == 0 {
		items = slices.Sorted(maps.Keys(f))
	}
	var failed error
	for _, item := range items {
		if fact, err := f.Measure(ctx, item); err == nil {
			Printf("%s\t%s\n", item, fact)
		} else {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// Letters is a fact: which of some things hold, as A, B and so on.
func Letters(holds ...bool) string {
	var all []string
	for i, h := range holds {
		if h {
			all = append(all, string(rune('A'+i)))
		}
	}
	return strings.Join(all, " ")
}

// Recv receives from c, as c.Recv does, but fails after [Limit].
func Recv[S, R any](c *mp.Conn[S, R]) (R, error) {
	there, err := c.Poll(Limit)
	if err == nil && !there {
		err = fmt.Errorf("nothing came through the pipe for %v", Limit)
	}
	if err != nil {
		var none R
		return none, err
	}
	return c.Recv()
}

// Join joins p, as p.Join does, but fails after [Limit].
func Join(ctx context.Context, p *mp.Process) error {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	err := p.Join(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%s has not ended for %v", p.Name, Limit)
	}
	return err
}

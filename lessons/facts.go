package lessons

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"processbook/mp"
)

// Facts are the experiments of a lesson, one for each question of the quiz:
//
//	var experiments = lessons.Facts{
//		"6a": linesOfExample4,
//		"6b": linesWithoutDaemon,
//	}
//
// Facts are measured: an experiment starts processes, and reports what they did, in
// the form of an answer, like "A B C".
type Facts map[string]func(ctx context.Context) (string, error)

// form is the form of the worksheet, from the flag -form. Children have the
// arguments of main, so they also have it.
var form = 1

// Form returns first in form 1 of the worksheet, and second in form 2. Call it only
// in an experiment: before main, the flags are not parsed.
func Form[T any](first, second T) T {
	if form == 2 {
		return second
	}
	return first
}

// Limit is how long a lesson waits for an event. It is long, because a busy machine
// is slow. If something takes longer, it is broken.
const Limit = 30 * time.Second

// Measure does the experiment for a question. After some time it ends ctx, and so
// the processes that the experiment has started.
func (f Facts) Measure(ctx context.Context, item string) (string, error) {
	if f[item] == nil {
		return "", fmt.Errorf("%s: unknown question", item)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*Limit)
	defer cancel()
	fact, err := f[item](ctx)
	if err = cmp.Or(err, ctx.Err()); err != nil { // after Ctrl-C, a fact may be false
		EndChildren() // the next experiment begins without them
		return "", fmt.Errorf("%s: %w", item, err)
	}
	return fact, nil
}

// Print measures the facts for these questions, or for all, and prints a line for
// each: the question, a tab, the fact. The error has those that failed.
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

// Letters returns a fact: A if the first value is true, B if the second is, ...
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
func Recv[S, R any](c *mp.Conn[S, R]) (none R, err error) {
	there, err := c.Poll(Limit)
	switch {
	case there:
		return c.Recv()
	case err == nil:
		err = fmt.Errorf("nothing was received for %v", Limit)
	}
	return none, err
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

package mp_test // so that these functions are not in package mp

import (
	"context"
	"errors"
	"strings"
	"testing"

	"processbook/mp"
)

var (
	elementOf = mp.Func("elementOf", func(n int) (int, error) { return []int{1, 2}[n], nil })
	putIntoIt = mp.Func("putIntoIt", func(n int) (int, error) {
		var q *mp.Queue[int]
		return 0, q.Put(context.Background(), n)
	})
)

// The error of a panic names the line in the user's program, also if the panic
// happened in mp. Its stack begins with the panic, and does not end with mp's own
// functions.
func TestPlaceOfAPanic(t *testing.T) {
	for f, want := range map[mp.Function[int, int]]string{
		elementOf: "index out of range [5] with length 2 (panic_test.go:13)",
		putIntoIt: "exported field of an argument (panic_test.go:16)",
	} {
		p := mp.NewPool(f, 1)
		_, err := p.Apply(context.Background(), 5)
		p.Close()
		var r *mp.RemoteError
		if !errors.As(err, &r) || !strings.Contains(err.Error(), want) {
			t.Errorf("Apply() = %v, want it to say %s", err, want)
		}
		if r != nil && (!strings.Contains(r.Stack, "panic_test.go:") || !strings.HasPrefix(strings.SplitN(r.Stack, "\n", 3)[1], "panic(") ||
			strings.Contains(r.Stack, "mp.try(")) {
			t.Errorf("the stack is\n%s", r.Stack)
		}
	}
}

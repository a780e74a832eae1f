package mp_test

import (
	"context"
	"encoding/gob"
	"strings"
	"testing"

	"processbook/mp"
)

type queueAndTitle struct {
	*mp.Queue[int]
	Title string
}

var takeAnything = mp.Proc("takeAnything", func(struct{ V any }) error { return nil })

// If a queue is embedded in a struct, gob does not see the other fields. So Start
// refuses such a struct, also in an interface. (JoinableQueue embeds a queue, and
// is allowed.)
func TestEmbeddedHandleIsRefused(t *testing.T) {
	gob.Register(&queueAndTitle{})
	for _, v := range []any{queueAndTitle{mp.NewQueue[int](0), "t"}, &queueAndTitle{mp.NewQueue[int](0), "t"}} {
		err := mp.NewProcess(takeAnything, struct{ V any }{v}).Start(context.Background())
		if err == nil || !strings.Contains(err.Error(), "give that field a name") {
			t.Errorf("%T: Start() = %v", v, err)
		}
	}
}

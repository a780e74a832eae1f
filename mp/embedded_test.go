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

// A queue that is embedded beside other fields would hide them, also where an
// interface holds it. (Types of mp itself are let through: JoinableQueue is one.)
func TestEmbeddedHandleIsRefused(t *testing.T) {
	gob.Register(&queueAndTitle{})
	for _, v := range []any{queueAndTitle{mp.NewQueue[int](0), "t"}, &queueAndTitle{mp.NewQueue[int](0), "t"}} {
		err := mp.NewProcess(takeAnything, struct{ V any }{v}).Start(context.Background())
		if err == nil || !strings.Contains(err.Error(), "give that field a name") {
			t.Errorf("%T: Start() = %v", v, err)
		}
	}
}

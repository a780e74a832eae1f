package lend

import (
	"io"
	"testing"

	"processbook/mp/internal/frame"
)

// An item can come back only if it was lent, and only once.
func TestNonsenseAboutWhatWasTaken(t *testing.T) {
	for name, said := range map[string][]byte{
		"it gives back an item that was never put":  talk(say(kindWant, 1), say(kindBack, 2)),
		"it gives an item back twice":               talk(say(kindWant, 1), say(kindBack, 1), say(kindBack, 1)),
		"it takes an item after giving it back":     talk(say(kindWant, 1), say(kindBack, 1), say(kindTaken, 1), say(kindDone, 1)),
		"it takes an item, and gives it back":       talk(say(kindWant, 1), say(kindTaken, 1), say(kindBack, 1)),
		"it is done with an item that it gave back": talk(say(kindWant, 1), say(kindTaken, 1), say(kindBack, 1), say(kindDone, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			store := NewStore(0, false)
			store.Put(ctx, number(7), true)
			serve(t, store, said)
			store.Put(ctx, number(9), true)
			serve(t, store, talk(say(kindWant, 1), say(kindWant, 9))) // this child gives all items back
			checkReturned(t, store)
			store.Close()
			for n := range 3 {
				if _, err := Get(soon(t), store); (err == io.EOF) != (n == 2) {
					t.Errorf("Get number %d: %v", n+1, err)
				}
			}
		})
	}
}

// What a child has taken, and a Get may have returned, does not come back when
// the child ends; and the queue has an end.
func TestTakenIsGone(t *testing.T) {
	for _, said := range [][]frame.Frame{
		{say(kindWant, 1), say(kindTaken, 1)},
		{say(kindWant, 1), say(kindDone, 1)},
		{say(kindWant, 1), say(kindTaken, 1), say(kindDone, 1)},
	} {
		store := NewStore(0, false)
		store.Put(ctx, number(7), true)
		serve(t, store, talk(said...))
		checkReturned(t, store)
		store.Close()
		if it, err := Get(soon(t), store); err != io.EOF {
			t.Errorf("Get() = %v, %v", it, err)
		}
	}
}

// If a child asks for room twice with one number, it gets room once.
func TestNonsenseAboutRoomNumbers(t *testing.T) {
	for name, said := range map[string][]frame.Frame{
		"it asks twice":              {say(kindRoom, 1), say(kindRoom, 1)},
		"it asks twice, and uses it": {say(kindRoom, 1), say(kindRoom, 1), say(kindPut, 1, '7'), say(kindWant, 1), say(kindTaken, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			store := NewStore(2, false)
			s := newServer(store)
			s.Open()
			for _, f := range said {
				s.obey(f)
				until(t, "an answer", func() bool { return s.waiting() == 0 })
			}
			s.end()
			checkReturned(t, store)
		})
	}
}

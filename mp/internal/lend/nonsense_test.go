package lend

import (
	"io"
	"testing"

	"processbook/mp/internal/frame"
)

// An item can come back only if it was taken, and only once.
func TestNonsenseAboutWhatWasTaken(t *testing.T) {
	back := func(id uint64) []byte { return append(encodeTell(0, id)[1:], '8') }
	for name, said := range map[string][]byte{
		"it returns an item that it has not taken":     talk(say(kindReturn, 1, back(1)...)),
		"it returns an item that was never put":        talk(say(kindReturn, 1, back(2)...)),
		"it returns an item that it has not taken yet": talk(say(kindWant, 1), say(kindReturn, 1, back(1)...)),
		"it returns an item twice":                     talk(say(kindWant, 1), say(kindTaken, 1), say(kindReturn, 1, back(1)...), say(kindReturn, 2, back(1)...)),
		"it returns an item after giving it back":      talk(say(kindWant, 1), say(kindBack, 1), say(kindReturn, 1, back(1)...)),
	} {
		t.Run(name, func(t *testing.T) {
			store := NewStore(0, false)
			store.Put(ctx, number(7), true)
			serve(t, store, false, said)
			store.Put(ctx, number(9), true)
			serve(t, store, false, talk(say(kindWant, 1), say(kindWant, 9))) // this child gives all items back
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

// If a child asks for room twice with one number, it gets room once.
func TestNonsenseAboutRoomNumbers(t *testing.T) {
	for name, said := range map[string][]frame.Frame{
		"it asks twice":              {say(kindRoom, 1), say(kindRoom, 1)},
		"it asks twice, and uses it": {say(kindRoom, 1), say(kindRoom, 1), say(kindPut, 1, '7'), say(kindWant, 1), say(kindTaken, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			store := NewStore(2, false)
			s := NewServer(store, false, nobody{})
			s.Open()
			for _, f := range said {
				s.obey(f)
				s.beginCalls()
				until(t, "an answer", func() bool { return s.waiting() == 0 })
			}
			s.end()
			checkReturned(t, store)
		})
	}
}

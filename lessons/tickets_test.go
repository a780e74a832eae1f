package lessons

import (
	"sync"
	"testing"
)

func TestEveryTicketHasOneTaker(t *testing.T) {
	tickets := Tickets(t.TempDir())
	const takers, each = 4, 25
	var mu sync.Mutex
	taken := make(map[int]int)
	var all sync.WaitGroup
	for range takers {
		all.Go(func() {
			for range each {
				n, err := tickets.Take()
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				taken[n]++
				mu.Unlock()
			}
		})
	}
	if err := tickets.Wait(takers * each); err != nil {
		t.Error(err)
	}
	all.Wait()
	for n := 1; n <= takers*each; n++ {
		if taken[n] != 1 {
			t.Errorf("ticket %d has %d takers, want 1", n, taken[n])
		}
	}
}

func TestTicketsThatAreGoneAreNoTickets(t *testing.T) {
	tickets, err := NewTickets()
	if err != nil {
		t.Fatal(err)
	}
	tickets.Remove()
	if n, err := tickets.Take(); err == nil {
		t.Errorf("Take() = %d, nil, want an error", n)
	}
}

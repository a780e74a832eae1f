package mp

import (
	"math/rand/v2"
	"testing"
)

// What a deque does is what a slice would do.
func TestDeque(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var d deque[int]
	var model []int
	for i := range 200_000 {
		grow := i%20_000 < 12_000 // long lines and short ones
		switch n := rng.IntN(10); {
		case n == 0:
			d.pushFront(i)
			model = append([]int{i}, model...)
		case n < 5 && grow || n < 2:
			d.push(i)
			model = append(model, i)
		case len(model) > 0:
			if got := d.pop(); got != model[0] {
				t.Fatalf("step %d: pop() = %d, want %d", i, got, model[0])
			}
			model = model[1:]
		}
		if d.len() != len(model) {
			t.Fatalf("step %d: len() = %d, want %d", i, d.len(), len(model))
		}
	}
}

func TestDequeKeepsTheOrderOfWhatComesBack(t *testing.T) {
	var d deque[int]
	for i := range 10 {
		d.push(i)
	}
	for range 6 {
		d.pop()
	}
	for _, v := range []int{4, 1, 5, 0, 3, 2} {
		d.insertFront(v, func(o int) bool { return o < v })
	}
	for want := range 10 {
		if got := d.pop(); got != want {
			t.Errorf("pop() = %d, want %d", got, want)
		}
	}
}

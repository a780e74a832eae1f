package mp

import "slices"

// A deque is a line of values: they join at its end, leave at its front, and
// may come back to the front.
type deque[T any] struct {
	back  []T // first come, first served, from head on
	head  int
	front []T // those that came back, the next one last
}

func (d *deque[T]) len() int { return len(d.front) + len(d.back) - d.head }

func (d *deque[T]) push(v T) {
	if len(d.back) == cap(d.back) && d.head > len(d.back)/2 { // mostly gaps: no need to grow
		n := copy(d.back, d.back[d.head:])
		clear(d.back[n:])
		d.back, d.head = d.back[:n], 0
	}
	d.back = append(d.back, v)
}

func (d *deque[T]) pushFront(v T) { d.front = append(d.front, v) }

// insertFront lets v come back before those that are not older than it.
func (d *deque[T]) insertFront(v T, older func(T) bool) {
	i := len(d.front)
	for i > 0 && older(d.front[i-1]) {
		i--
	}
	d.front = slices.Insert(d.front, i, v)
}

func (d *deque[T]) pop() (v T) {
	var gone T
	if n := len(d.front); n > 0 {
		v, d.front[n-1] = d.front[n-1], gone
		d.front = d.front[:n-1]
		return v
	}
	v, d.back[d.head] = d.back[d.head], gone
	if d.head++; d.head == len(d.back) {
		d.back, d.head = d.back[:0], 0
	}
	return v
}

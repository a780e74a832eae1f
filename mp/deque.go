package mp

import "slices"

// A deque is a line of values: they join at its end, leave at its front, and
// may come back to the front. It is made of blocks, so a long line is never
// copied, and its memory goes when it gets shorter.
type deque[T any] struct {
	blocks [][]T // first come, first served
	head   int   // of the first block: where the line begins
	count  int   // in all blocks
	front  []T   // those that came back, the next one last
}

const (
	smallBlock = 8
	largeBlock = 512
)

func (d *deque[T]) len() int { return len(d.front) + d.count }

func (d *deque[T]) push(v T) {
	last := len(d.blocks) - 1
	if last < 0 || len(d.blocks[last]) == cap(d.blocks[last]) {
		d.blocks = append(d.blocks, make([]T, 0, min(max(smallBlock, d.count), largeBlock)))
		last++
	}
	d.blocks[last] = append(d.blocks[last], v)
	d.count++
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
	first := d.blocks[0]
	v, first[d.head] = first[d.head], gone
	d.head++
	d.count--
	switch {
	case d.count == 0: // the block can be used again
		d.blocks[0], d.head = first[:0], 0
	case d.head == len(first):
		d.blocks[0] = nil
		d.blocks, d.head = d.blocks[1:], 0
	}
	return v
}

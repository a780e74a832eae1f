package lend

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
)

// chain returns the store, a child's link to it, and a grandchild's.
func chain(t *testing.T, store *Store) []Holder {
	child, _ := link(t, store)
	grandchild, _ := link(t, child)
	return []Holder{store, child, grandchild}
}

// moment ends at once, or soon, or between.
func moment(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(100_000)))
	t.Cleanup(cancel)
	return ctx
}

// A Get whose context ends has not got an item: each item is got once, whoever
// gives up in the meantime.
func TestGetsThatAreGivenUp(t *testing.T) {
	const n = 1000
	for _, joinable := range []bool{false, true} {
		for who := range 3 {
			t.Run(fmt.Sprint("joinable ", joinable, ", generation ", who), func(t *testing.T) {
				store := NewStore(0, joinable)
				all := chain(t, store)
				for i := range n {
					all[i%3].Put(ctx, number(i), false)
				}
				store.Close()
				var got []int
				life := soon(t)
				for tries := 0; life.Err() == nil; tries++ {
					patience := life // a busy machine may need longer than a moment for each Get
					if tries%4 > 0 {
						patience = moment(t)
					}
					it, err := Get(patience, all[who])
					if err == nil {
						got = append(got, numberOf(t, it))
						if joinable {
							Done(all[who], it.ID)
						}
					} else if err != context.DeadlineExceeded {
						if err != io.EOF {
							t.Error(err)
						}
						break
					}
				}
				slices.Sort(got)
				if len(got) != n || len(slices.Compact(got)) != n {
					t.Errorf("%d items were got, %d were put", len(got), n)
				}
				checkReturned(t, store)
			})
		}
	}
}

// If a Get gives its item back, the next Get of that child gets it, and no newer one.
func TestOrderAfterGetsThatAreGivenUp(t *testing.T) {
	store := NewStore(0, false)
	l, _ := link(t, store)
	go func() {
		for i := range 5000 {
			store.Put(ctx, number(i), false)
			if i%10 == 0 {
				runtime.Gosched()
			}
		}
		store.Close()
	}()
	var got []int
	for life := soon(t); life.Err() == nil; {
		it, err := Get(moment(t), l)
		if err == nil {
			got = append(got, numberOf(t, it))
		} else if err == io.EOF {
			break
		}
	}
	if len(got) != 5000 || !slices.IsSorted(got) {
		t.Errorf("%d items were got, in order: %v", len(got), slices.IsSorted(got))
	}
}

// A Put whose context ends has not put an item. But a grandchild that waits for the
// owner's answer in vain for a second does not know.
func TestPutsThatAreGivenUp(t *testing.T) {
	for _, capacity := range []int{0, 3} {
		for who := range 3 {
			t.Run(fmt.Sprint("capacity ", capacity, ", generation ", who), func(t *testing.T) {
				store := NewStore(capacity, false)
				all := chain(t, store)
				arrived := make(chan []int)
				go func() {
					var got []int
					for {
						it, err := Get(ctx, all[rand.IntN(3)])
						if err != nil {
							arrived <- got
							return
						}
						got = append(got, len(it.Value.Data))
					}
				}()
				var put, unknown []int
				for i := range 1000 {
					v := number(i)
					v.Data = append(v.Data, make([]byte, 20*i)...)
					life := moment(t)
					switch err := all[who].Put(life, v, false); err {
					case nil:
						put = append(put, len(v.Data))
					case context.DeadlineExceeded:
						if end, _ := life.Deadline(); who == 2 && time.Since(end) >= time.Second {
							unknown = append(unknown, len(v.Data))
						}
					default:
						t.Error(err)
					}
				}
				store.Close()
				got := slices.DeleteFunc(<-arrived, func(n int) bool { return slices.Contains(unknown, n) })
				slices.Sort(got)
				slices.Sort(put)
				if !slices.Equal(got, put) {
					t.Errorf("%d Puts returned nil, %d items arrived", len(put), len(got))
				}
				checkReturned(t, store)
			})
		}
	}
}

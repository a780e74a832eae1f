package mp

import (
	"context"
	"encoding/binary"
	"io"
	"os"
	"strconv"
	"testing"
)

// The queue lives here; all producers and consumers are children.

// A crew is the argument of a producer or consumer. Its process waits for a
// message, does its share, and sends the number of items.
type crew[T any] struct {
	Q     *Queue[T]
	C     *Conn[int, int]
	Value T
}

var (
	putInts     = producer[int]("putInts")
	getInts     = consumer[int]("getInts")
	putReadings = producer[reading]("putReadings")
	getReadings = consumer[reading]("getReadings")
	passInts    = Proc("passInts", func(c consume) error {
		for n := range c.Jobs.All(context.Background()) {
			if err := c.Out.Put(context.Background(), n); err != nil {
				return err
			}
		}
		return nil
	})
)

func producer[T any](name string) Function[crew[T], None] {
	return Proc(name, func(c crew[T]) error {
		c.C.Send(0)
		n, err := c.C.Recv()
		for range n {
			if err := c.Q.Put(context.Background(), c.Value); err != nil {
				return err
			}
		}
		c.C.Send(n)
		return err
	})
}

func consumer[T any](name string) Function[crew[T], None] {
	return Proc(name, func(c crew[T]) error {
		c.C.Send(0)
		_, err := c.C.Recv()
		n := 0
		for range c.Q.All(context.Background()) {
			n++
		}
		c.C.Send(n)
		return err
	})
}

func BenchmarkQueueInts1to1(b *testing.B) { benchQueueInts(b, 1, 1) }
func BenchmarkQueueInts4to4(b *testing.B) { benchQueueInts(b, 4, 4) }
func BenchmarkQueueInts1to8(b *testing.B) { benchQueueInts(b, 1, 8) }

func BenchmarkQueueStructs1to1(b *testing.B) { benchQueueStructs(b, 1, 1) }
func BenchmarkQueueStructs4to4(b *testing.B) { benchQueueStructs(b, 4, 4) }
func BenchmarkQueueStructs1to8(b *testing.B) { benchQueueStructs(b, 1, 8) }

func benchQueueInts(b *testing.B, producers, consumers int) {
	const n = 24_000
	versus(b, "M/s",
		func() float64 { return queueRate(b, n, producers, consumers, putInts, getInts, 7) },
		func() float64 { return rawQueueRate(b, n, producers, consumers, 16) })
}

// A reading is 32 bytes, as appendReading encodes it.
func benchQueueStructs(b *testing.B, producers, consumers int) {
	const n = 24_000
	v := reading{12345, "sensor-7", 1.5}
	versus(b, "M/s",
		func() float64 { return queueRate(b, n, producers, consumers, putReadings, getReadings, v) },
		func() float64 { return rawQueueRate(b, n, producers, consumers, 32) })
}

// queueRate starts new processes, because a queue is closed only once. The clock
// starts when all processes are ready, and stops when they have all items.
func queueRate[T any](b *testing.B, n, producers, consumers int, put, get Function[crew[T], None], v T) float64 {
	q := NewQueue[T](0)
	hire := func(f Function[crew[T], None], n int) (conns []*Conn[int, int], all []*Process) {
		for range n {
			ours, theirs := Pipe[int, int]()
			p := NewProcess(f, crew[T]{q, theirs, v})
			check(b, p.Start(b.Context()))
			conns, all = append(conns, ours), append(all, p)
		}
		return conns, all
	}
	makers, ps := hire(put, producers)
	takers, cs := hire(get, consumers)
	for _, c := range append(makers, takers...) {
		hear(b, c)
	}
	got := 0
	took := seconds(func() {
		for _, c := range append(takers, makers...) {
			c.Send(n / producers)
		}
		for _, c := range makers {
			hear(b, c)
		}
		q.Close()
		for _, c := range takers {
			got += hear(b, c)
		}
	})
	if got != n {
		b.Fatalf("%d items put, %d got", n, got)
	}
	for _, p := range append(ps, cs...) {
		check(b, p.Join(b.Context()))
	}
	return float64(n) / took
}

func hear(b *testing.B, c *Conn[int, int]) int {
	n, err := c.Recv()
	check(b, err)
	return n
}

// In rawQueueRate, all producers write to one pipe, and all consumers read from
// it. Records are so short that the system never splits one. Consumers get EOF
// when all producers have ended. This queue has no Len, and takes nothing back.
func rawQueueRate(b *testing.B, n, producers, consumers, size int) float64 {
	r, w := rawPipe(b)
	var makers, takers []*rawChild
	for range producers {
		makers = append(makers, startRaw(b, nil, w, "put records", strconv.Itoa(size), strconv.Itoa(n/producers)))
	}
	w.Close()
	hearRaw(b, r, producers*size) // before the consumers can read it
	for range consumers {
		takers = append(takers, startRaw(b, r, nil, "get records", strconv.Itoa(size)))
	}
	r.Close()
	for _, c := range takers {
		hearRaw(b, c.from, 8)
	}
	got := 0
	took := seconds(func() {
		for _, c := range makers {
			c.to.Write([]byte("go"))
		}
		for _, c := range takers {
			got += int(binary.LittleEndian.Uint64(hearRaw(b, c.from, 8)))
		}
	})
	if got != n {
		b.Fatalf("%d records put, %d got", n, got)
	}
	for _, c := range append(makers, takers...) {
		check(b, c.end())
	}
	return float64(n) / took
}

func hearRaw(b *testing.B, r io.Reader, n int) []byte {
	record := make([]byte, n)
	_, err := io.ReadFull(r, record)
	check(b, err)
	return record
}

func init() {
	rawPrograms["put records"] = func(in, out *os.File) error {
		size, _ := strconv.Atoi(os.Args[1])
		n, _ := strconv.Atoi(os.Args[2])
		record := make([]byte, size)
		out.Write(record) // I am here
		in.Read(make([]byte, 8))
		for range n {
			if _, err := out.Write(record); err != nil {
				return err
			}
		}
		return nil
	}
	rawPrograms["get records"] = func(in, out *os.File) error {
		size, _ := strconv.Atoi(os.Args[1])
		out.Write(make([]byte, 8)) // I am here
		record := make([]byte, size)
		for n := 0; ; n++ {
			if _, err := io.ReadFull(in, record); err == io.EOF {
				return binary.Write(out, binary.LittleEndian, int64(n))
			} else if err != nil {
				return err
			}
		}
	}
}

func BenchmarkQueueRoundTrip(b *testing.B) {
	there, back := NewQueue[int](0), NewQueue[int](0)
	startBench(b, NewProcess(passInts, consume{there, back}))
	raw := startRaws(b, 1, "echo")[0]
	record := make([]byte, 16)
	versus(b, "µs",
		trip(300, func() {
			check(b, there.Put(b.Context(), 7))
			_, err := back.Get(b.Context())
			check(b, err)
		}),
		trip(300, func() {
			raw.to.Write(record)
			_, err := raw.from.Read(record)
			check(b, err)
		}))
}

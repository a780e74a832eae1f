package mp

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"os"
	"testing"
)

var (
	echoInt       = Proc("echoInt", func(c *Conn[int, int]) error { return untilEOF(echoInts(c)) })
	drainBytes    = drainer[[]byte]("drainBytes")
	drainReadings = drainer[reading]("drainReadings")
	drainFloats   = drainer[[]float64]("drainFloats")
)

// A reading is a small struct.
type reading struct {
	ID    int
	Name  string
	Value float64
}

func echoInts(c *Conn[int, int]) error {
	for {
		n, err := c.Recv()
		if err != nil {
			return err
		}
		if err := c.Send(n); err != nil {
			return err
		}
	}
}

// A draining process receives messages. It reports after each group of them.
type draining[T any] struct {
	C     *Conn[int, T]
	Every int
}

func drainer[T any](name string) Function[draining[T], None] {
	return Proc(name, func(d draining[T]) error {
		for n := 1; ; n++ {
			if _, err := d.C.Recv(); err != nil {
				return untilEOF(err)
			}
			if n%d.Every == 0 {
				if err := d.C.Send(n); err != nil {
					return err
				}
			}
		}
	})
}

// startBench starts a process that ends with the row.
func startBench(b *testing.B, p *Process) {
	b.Helper()
	check(b, p.Start(b.Context()))
	b.Cleanup(func() { p.Kill(); <-p.Done() })
}

func BenchmarkPipeRoundTrip(b *testing.B) {
	ours, theirs := Pipe[int, int]()
	startBench(b, NewProcess(echoInt, theirs))
	raw := startRaws(b, 1, "echo")[0]
	record := make([]byte, 8)
	versus(b, "µs",
		trip(300, func() {
			check(b, ours.Send(7))
			_, err := ours.Recv()
			check(b, err)
		}),
		trip(300, func() {
			raw.to.Write(record)
			_, err := raw.from.Read(record)
			check(b, err)
		}))
}

// oneWay sends n messages in each round to a process that drains them.
func oneWay[T any](b *testing.B, f Function[draining[T], None], n int, v T) func() {
	ours, theirs := Pipe[T, int]()
	startBench(b, NewProcess(f, draining[T]{theirs, n}))
	return func() {
		for range n {
			check(b, ours.Send(v))
		}
		_, err := ours.Recv()
		check(b, err)
	}
}

// rawOneWay does the same with a raw child and a function that writes a message.
func rawOneWay(b *testing.B, program string, n int, send func(w io.Writer) error) func() {
	c := startRaws(b, 1, program)[0]
	record := binary.LittleEndian.AppendUint64(nil, uint64(n))
	c.to.Write(record)
	return func() {
		for range n {
			check(b, send(c.to))
		}
		_, err := c.from.Read(record)
		check(b, err)
	}
}

// rawDrain is the child of rawOneWay.
func rawDrain(in, out *os.File, receive func(r io.Reader) error) error {
	record := make([]byte, 8)
	io.ReadFull(in, record)
	every := int(binary.LittleEndian.Uint64(record))
	r := bufio.NewReaderSize(in, 32<<10)
	for n := 1; ; n++ {
		if err := receive(r); err != nil {
			return untilEOF(err)
		}
		if n%every == 0 {
			out.Write(record)
		}
	}
}

func BenchmarkPipeBytes64KiB(b *testing.B) { benchPipeBytes(b, 64<<10, 2000) }
func BenchmarkPipeBytes1MiB(b *testing.B)  { benchPipeBytes(b, 1<<20, 125) }

func benchPipeBytes(b *testing.B, size, n int) {
	block, buf := make([]byte, size), []byte(nil)
	versus(b, "MB/s",
		rate(n*size, oneWay(b, drainBytes, n, block)),
		rate(n*size, rawOneWay(b, "drain blocks", n, func(w io.Writer) error { return writeBlock(w, &buf, block) })))
}

// One write for each message: mp cannot know when the next one will come.
func BenchmarkPipeStructs(b *testing.B) {
	const n = 50_000
	v := reading{12345, "sensor-7", 1.5}
	record := make([]byte, 0, 64)
	versus(b, "M/s",
		rate(n, oneWay(b, drainReadings, n, v)),
		rate(n, rawOneWay(b, "drain readings", n, func(w io.Writer) error {
			_, err := w.Write(appendReading(record, v))
			return err
		})))
}

// appendReading encodes this struct, and no other type.
func appendReading(b []byte, v reading) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(v.ID))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Value))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(v.Name)))
	return append(b, v.Name...)
}

func readReading(r io.Reader, fixed []byte) (v reading, err error) {
	if _, err := io.ReadFull(r, fixed[:24]); err != nil {
		return v, err
	}
	v.ID = int(binary.LittleEndian.Uint64(fixed))
	v.Value = math.Float64frombits(binary.LittleEndian.Uint64(fixed[8:]))
	name := make([]byte, binary.LittleEndian.Uint64(fixed[16:]))
	_, err = io.ReadFull(r, name)
	v.Name = string(name)
	return v, err
}

func BenchmarkPipeFloats1000(b *testing.B) {
	const n, length = 5000, 1000
	floats := make([]float64, length)
	for i := range floats {
		floats[i] = math.Sqrt(float64(i))
	}
	buf := make([]byte, 8*length) // both sides of the raw pipe know the length
	versus(b, "MB/s",
		rate(n*length*8, oneWay(b, drainFloats, n, floats)),
		rate(n*length*8, rawOneWay(b, "drain floats", n, func(w io.Writer) error {
			for i, f := range floats {
				binary.LittleEndian.PutUint64(buf[8*i:], math.Float64bits(f))
			}
			_, err := w.Write(buf)
			return err
		})))
}

func init() {
	rawPrograms["echo"] = func(in, out *os.File) error {
		record := make([]byte, 16)
		for {
			n, err := in.Read(record)
			if err != nil {
				return untilEOF(err)
			}
			out.Write(record[:n])
		}
	}
	rawPrograms["drain blocks"] = func(in, out *os.File) error {
		return rawDrain(in, out, func(r io.Reader) error {
			_, err := readBlock(r)
			return err
		})
	}
	rawPrograms["drain short blocks"] = func(in, out *os.File) error {
		return rawPrograms["drain blocks"](lazy(in), out)
	}
}

func init() {
	rawPrograms["drain readings"] = func(in, out *os.File) error {
		fixed := make([]byte, 24)
		return rawDrain(lazy(in), out, func(r io.Reader) error {
			_, err := readReading(r, fixed)
			return err
		})
	}
	rawPrograms["drain floats"] = func(in, out *os.File) error {
		block := make([]byte, 8000)
		return rawDrain(in, out, func(r io.Reader) error {
			if _, err := io.ReadFull(r, block); err != nil {
				return err
			}
			floats := make([]float64, len(block)/8)
			for i := range floats {
				floats[i] = math.Float64frombits(binary.LittleEndian.Uint64(block[8*i:]))
			}
			return nil
		})
	}
}

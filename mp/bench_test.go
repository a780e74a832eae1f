package mp

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Every benchmark is a row of figures: mp, the same work on bare os/exec and
// os.Pipe, and Python's multiprocessing if it is installed.
//
//	go test ./mp -run '^$' -bench .
//
// x-raw is mp's figure divided by the raw one. x-python is the speed of mp divided
// by that of Python.

var pythonFlag = flag.String("python", "python3", "the Python to compare with; empty: none")

// scales has the units of the rows: seconds, bytes, or a number per second.
var scales = map[string]float64{"µs": 1e-6, "ms": 1e-3, "MB": 1e6, "MB/s": 1e6, "k/s": 1e3, "M/s": 1e6, "x": 1}

// versus is a row. It measures mp and the limit in turns, because the load of the
// machine changes all the time. It reports the medians.
func versus(b *testing.B, unit string, ours, limit func() float64) {
	b.Helper()
	ours() // so that everything has started
	limit()
	var mp, raw []float64
	round := func() {
		runtime.GC() // so that mp and the limit collect only their own garbage
		mp = append(mp, ours())
		runtime.GC()
		raw = append(raw, limit())
	}
	for b.Loop() {
		round()
	}
	for began := time.Now(); len(mp) < 5 && time.Since(began) < 2*time.Second; {
		round()
	}
	report(b, unit, median(mp), median(raw))
}

func report(b *testing.B, unit string, mp, raw float64) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(mp/scales[unit], "mp-"+unit)
	b.ReportMetric(raw/scales[unit], "raw-"+unit)
	b.ReportMetric(mp/raw, "x-raw")
	python, ok := askPython(b)
	if !ok {
		return
	}
	b.ReportMetric(python/scales[unit], "python-"+unit)
	if unit == "x" || strings.HasSuffix(unit, "/s") {
		b.ReportMetric(mp/python, "x-python")
	} else {
		b.ReportMetric(python/mp, "x-python")
	}
}

func median(figures []float64) float64 {
	slices.Sort(figures)
	return figures[len(figures)/2]
}

// f does n things in one call; rate returns how many it does in a second.
func rate(n int, f func()) func() float64 {
	return func() float64 { return float64(n) / seconds(f) }
}

// trip returns how long f takes: the median of n calls. To wake up another CPU
// takes different times, but often the same time for a while. So n is small, and
// there are many rounds.
func trip(n int, f func()) func() float64 {
	return func() float64 {
		var took []float64
		for range n {
			took = append(took, seconds(f))
		}
		return median(took)
	}
}

func seconds(f func()) float64 {
	start := time.Now()
	f()
	return time.Since(start).Seconds()
}

// askPython runs the row of the same name in testdata/bench.py.
func askPython(b *testing.B) (figure float64, ok bool) {
	python := findPython()
	if python == "" {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "testdata/bench.py", strings.TrimPrefix(b.Name(), "Benchmark"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		figure, err = strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	}
	if err != nil {
		b.Errorf("%s: %v", cmd, err)
	}
	return figure, err == nil
}

var findPython = sync.OnceValue(func() string {
	if *pythonFlag == "" {
		return ""
	}
	path, err := exec.LookPath(*pythonFlag)
	if err != nil {
		fmt.Printf("# %s was not found, so the figures of Python are left out\n", *pythonFlag)
		return ""
	}
	return path
})

// check ends the row if something went wrong, because its figures mean nothing.
func check(b *testing.B, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}

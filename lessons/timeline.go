package lessons

import (
	"fmt"
	"strings"
)

// An Event is something that a process did or that happened to it.
type Event struct {
	Tick int
	Who  string
	Sign byte   // one of [ = . | ] x, as Timeline explains them; 0 if it is nothing to draw
	Text string // what it printed; "" if nothing
}

// Events are what happened, in the order in which it is told.
type Events []Event

// Said reports whether this process printed a line that begins like that.
func (e Events) Said(who, start string) bool {
	for _, v := range e {
		if v.Who == who && v.Text != "" && strings.HasPrefix(v.Text, start) {
			return true
		}
	}
	return false
}

// Timeline draws the events, a row for each process in the order of their
// first events, and explains the signs that it needed:
//
//	main      [=====|...........]
//	Worker 1  [=====x
//	Worker 2        [===========]
//	tick      0     1     2     3
//	          [ starts  = runs  . waits  | last line  ] ends  x is terminated
//
// A sign that is none of these is drawn as it is, in the middle of the tick
// that the event closes: what a process did in that tick.
func (e Events) Timeline() string {
	names, rows := e.rows()
	label := len("tick")
	for _, name := range names {
		label = max(label, len(name))
	}
	var picture, drawn strings.Builder
	line := func(name, text string) {
		fmt.Fprintln(&picture, strings.TrimRight(fmt.Sprintf("  %-*s  %s", label, name, text), " "))
	}
	for _, name := range names {
		line(name, string(rows[name].drawn))
		drawn.Write(rows[name].drawn)
	}
	line("tick", e.axis())
	line("", strings.Join(legend(drawn.String()), "  "))
	return picture.String()
}

// A row is a process's life as far as it has been drawn.
type row struct {
	drawn []byte
	going byte // what to go on with: it runs, or it waits
}

func (e Events) rows() (names []string, rows map[string]*row) {
	rows = make(map[string]*row)
	cell := e.cell()
	for _, v := range e {
		if rows[v.Who] == nil {
			names = append(names, v.Who)
			rows[v.Who] = &row{going: ' '}
		}
		if v.Sign != 0 {
			rows[v.Who].draw(v.Tick*cell, v.Sign, cell)
		}
	}
	return names, rows
}

func (r *row) draw(column int, sign byte, cell int) {
	for len(r.drawn) < column {
		r.drawn = append(r.drawn, r.going)
	}
	switch sign {
	case '=', '.':
		r.going = sign
	case '[':
		r.drawn, r.going = append(r.drawn, sign), '='
	case '|':
		r.drawn, r.going = append(r.drawn, sign), '.'
	case ']', 'x':
		r.drawn, r.going = append(r.drawn, sign), ' '
	default:
		if column >= cell {
			r.drawn[column-(cell+1)/2] = sign
		}
	}
}

// cell is the width of a tick: 6 columns, or less so that the picture fits.
func (e Events) cell() int {
	return max(1, min(6, 60/max(1, e.last())))
}

func (e Events) last() (tick int) {
	for _, v := range e {
		tick = max(tick, v.Tick)
	}
	return tick
}

func (e Events) axis() string {
	step := (3 + e.cell() - 1) / e.cell() // leave three columns for a number
	var b strings.Builder
	for t := 0; t <= e.last(); t += step {
		fmt.Fprintf(&b, "%-*d", step*e.cell(), t)
	}
	return b.String()
}

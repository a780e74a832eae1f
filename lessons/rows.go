package lessons

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Rows draws the lives, a row for each process and a step to the right for each
// thing that happened, and explains the symbols that it needed:
//
//	main      [===========|...........]   exit code 0
//	Worker 1      [===========x           terminated (a daemon)
//	Worker 2          [===========]       exit code 0
//	          [ starts  = runs  . waits  | last line  ] ends  x is terminated
//
// Time goes from left to right, and only the order counts: how long something
// took is not drawn, because it differs from run to run.
func (r *Run) Rows() string {
	label := 0
	for _, l := range r.Lives {
		label = max(label, len(l.Name))
	}
	step := max(1, min(4, 40/(r.Moments+1)))
	width := (r.Moments + 1) * step
	var picture, drawn strings.Builder
	for _, l := range r.Lives {
		row := l.row(step, r.Moments)
		_, _, note := l.ending()
		if l.Daemon {
			note += " (a daemon)"
		}
		fmt.Fprintf(&picture, "  %-*s  %-*s%s\n", label, l.Name, width, row, note)
		drawn.WriteString(row)
	}
	for _, line := range append(legend(drawn.String()), "Time goes from left to right. Lengths mean nothing.") {
		fmt.Fprintf(&picture, "  %-*s  %s\n", label, "", line)
	}
	return picture.String()
}

func (l Life) row(step, moments int) string {
	column := func(place int) int { return (place - 1) * step }
	row := strings.Repeat(" ", column(l.Started)) + "["
	runs := func(until int, as string) { row += strings.Repeat(as, max(0, column(until)-len(row))) }
	as := "="
	if l.Asked > 0 {
		runs(l.Asked, as)
		row += "?"
	}
	if l.LastLine > 0 {
		runs(l.LastLine, as)
		row += "|"
		as = "."
	}
	runs(cmp.Or(l.Ended, moments+1), as)
	symbol, _, _ := l.ending()
	return row + symbol
}

// End says how a process ended, as its exit code tells it: "was terminated".
func (l Life) End() string {
	_, end, _ := l.ending()
	return end
}

// ending says it in a symbol, in a sentence and to the right of a row. It does not
// say -15 or -9: these exit codes are a question of the quiz.
func (l Life) ending() (symbol, end, note string) {
	code := fmt.Sprintf("exit code %d", l.Code)
	switch {
	case l.Ended == 0:
		return ")", "ended with its parent", "no exit code" // no process saw it
	case l.Code == -15 || l.Code < 0 && l.dismissed:
		return "x", "was terminated", "terminated"
	case l.Code < 0:
		return "X", "was killed", "killed"
	case l.Code > 0:
		return "!", "exited with " + code, code
	}
	return "]", "exited", code
}

// legend explains the symbols, first the usual ones.
func legend(drawn string) (lines []string) {
	for _, symbols := range [][]string{
		{"[ starts", "= runs", ". waits", "| last line", "] ends", "x is terminated"},
		{"? is asked to end", "X is killed", "! fails", ") ends with its parent"},
	} {
		symbols = slices.DeleteFunc(symbols, func(s string) bool { return !strings.Contains(drawn, s[:1]) })
		if len(symbols) > 0 {
			lines = append(lines, strings.Join(symbols, "  "))
		}
	}
	return lines
}

package lessons

// What is in this file, in actor.go, clock.go, stage.go and timeline.go is for
// the lessons whose main.go is not yet a whole program: see [Main].

import (
	"flag"
	"fmt"
	"time"
)

// A Staged is a lesson that plays its story on a [Stage]. Make one with [New];
// the fields are valid after Begin.
type Staged struct {
	Facts bool // -facts: print what was measured, and nothing else

	number         int
	title, mirrors string
	planOnly       bool
	flags          *flag.FlagSet
}

// New returns a lesson that has the flags -plan and -facts. What it mirrors in
// the chapter, like "example 3", is printed to the right of the title.
func New(number int, title, mirrors string) *Staged {
	l := &Staged{number: number, title: title, mirrors: mirrors}
	l.flags = flag.NewFlagSet(fmt.Sprintf("lesson %d", number), flag.ContinueOnError)
	l.flags.BoolVar(&l.planOnly, "plan", false, "say what will be run, and stop there")
	l.flags.BoolVar(&l.Facts, "facts", false, "print what was measured for the quiz, and nothing else:\nit tells the answers")
	return l
}

// Bool declares a flag of this lesson that is given or not.
func (l *Staged) Bool(name, usage string) *bool {
	return l.flags.Bool(name, false, usage)
}

// Int declares a flag of this lesson with a value from least to most. The word
// in back quotes in usage stands for the value, as in package flag.
func (l *Staged) Int(name string, value, least, most int, usage string) *int {
	p := &value
	l.flags.Var(wholeNumber(p, least, most), name,
		fmt.Sprintf("%s (%d to %d; %d unless given)", usage, least, most, value))
	return p
}

// Clock declares -unit and -free, for a lesson whose story has a time axis.
func (l *Staged) Clock() *Clock {
	c := new(Clock)
	l.flags.Var(someTime(&c.Unit, 0, 5*time.Second), "unit",
		"let each tick take this `time`, to watch (0s to 5s)")
	l.flags.BoolVar(&c.Free, "free", false, "no clock: the system decides the order; run it five times")
	return c
}

// Begin reads the arguments and, unless -facts was among them, prints the
// title.
func (l *Staged) Begin() {
	surviveClosedPipe()
	parseFlags(l.flags, l.number, l.title)
	restartAliases()
	if !l.Facts {
		printTitle(l.number, l.title, l.mirrors)
	}
}

// Plan prints what will be run, and reports whether to run it: not after
// -plan. A lesson in several parts has a plan for each.
func (l *Staged) Plan(format string, args ...any) bool {
	Para("plan", format, args...)
	if !l.planOnly {
		Println()
	}
	return !l.planOnly
}

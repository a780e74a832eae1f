// Package lessons is what the eight lessons have in common: the flags, the
// facts for the quiz, and, where a story has a time axis, a clock and a
// picture.
//
// A lesson declares itself and its own flags at package level, as package flag
// does, and its run begins with them:
//
//	var (
//		lesson = lessons.New(6, "What are daemon processes for?", "examples 4, 5")
//		clock  = lesson.Clock()                                    // -unit, -free
//		limit  = lesson.Int("join", 0, 0, 20, "join for `N` ticks") // -join, 0 to 20
//	)
//
//	func run(ctx context.Context) error {
//		lesson.Begin()
//		if lesson.Facts {
//			return experiments.Print(ctx) // in experiments.go
//		}
//		if !lesson.Plan("main starts a daemon and joins it for %d ticks.", *limit) {
//			return nil // -plan
//		}
//		...
//		lessons.Para("saw", "the daemon was stopped.")
//		lessons.Para("try", "-join 1")
//		return nil
//	}
//
// Only the process that the reader starts has flags. A child never runs run,
// so there every flag has its default value: what a child must know rides in
// its argument.
package lessons

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// A Lesson knows its title and its flags. Make one with [New]; the fields are
// valid after Begin.
type Lesson struct {
	Facts bool // -facts: print what was measured, and nothing else

	number         int
	title, mirrors string
	planOnly       bool
	flags          *flag.FlagSet
}

// New returns a lesson that has the flags -plan and -facts. What it mirrors in
// the chapter, like "example 3", is printed to the right of the title.
func New(number int, title, mirrors string) *Lesson {
	l := &Lesson{number: number, title: title, mirrors: mirrors}
	l.flags = flag.NewFlagSet(fmt.Sprintf("lesson %d", number), flag.ContinueOnError)
	l.flags.SetOutput(io.Discard) // Begin says what is wrong, in one sentence
	l.flags.BoolVar(&l.planOnly, "plan", false, "say what will be run, and stop there")
	l.flags.BoolVar(&l.Facts, "facts", false, "print what was measured for the quiz, and nothing else:\nit tells the answers")
	return l
}

// Bool declares a flag of this lesson that is given or not.
func (l *Lesson) Bool(name, usage string) *bool {
	return l.flags.Bool(name, false, usage)
}

// Int declares a flag of this lesson with a value from least to most. The word
// in back quotes in usage stands for the value, as in package flag.
func (l *Lesson) Int(name string, value, least, most int, usage string) *int {
	p := &value
	l.flags.Var(bounded[int]{p, least, most, strconv.Atoi, "a whole number"}, name,
		fmt.Sprintf("%s (%d to %d; %d unless given)", usage, least, most, value))
	return p
}

// Clock declares -unit and -free, for a lesson whose story has a time axis.
func (l *Lesson) Clock() *Clock {
	c := new(Clock)
	l.flags.Var(bounded[time.Duration]{&c.Unit, 0, 5 * time.Second, time.ParseDuration, "a time like 300ms"}, "unit",
		"let each tick take this `time`, to watch (0s to 5s)")
	l.flags.BoolVar(&c.Free, "free", false, "no clock: the system decides the order; run it five times")
	return c
}

// A bounded is the value of a flag that refuses what makes no sense.
type bounded[T int | time.Duration] struct {
	p           *T
	least, most T
	parse       func(string) (T, error)
	form        string
}

func (b bounded[T]) Set(s string) error {
	v, err := b.parse(s)
	if err != nil || v < b.least || v > b.most {
		return fmt.Errorf("give it %s from %v to %v", b.form, b.least, b.most)
	}
	*b.p = v
	return nil
}

// String is for package flag, which also asks a zero bounded.
func (b bounded[T]) String() string { return "" }

// Begin reads the arguments and, unless -facts was among them, prints the
// title. After -h it explains the flags and exits with status 0; after
// arguments that it does not understand it says so and exits with status 2.
func (l *Lesson) Begin() {
	surviveClosedPipe()
	err := l.flags.Parse(os.Args[1:])
	if err == nil && l.flags.NArg() > 0 {
		err = fmt.Errorf("there is nothing to do with %q", l.flags.Arg(0))
	}
	if errors.Is(err, flag.ErrHelp) {
		l.explain()
		os.Exit(0)
	}
	if err != nil {
		text := strings.Replace(err.Error(), "flag provided but not defined:", "there is no flag", 1)
		fmt.Fprintf(os.Stderr, "%s: %s; -h lists the flags\n", l.flags.Name(), text)
		os.Exit(2)
	}
	restartAliases()
	if !l.Facts {
		title := fmt.Sprintf("LESSON %d  %s", l.number, l.title)
		Printf("%s%*s\n\n", title, max(width()-len(title), len(l.mirrors)+4), "("+l.mirrors+")")
	}
}

func (l *Lesson) explain() {
	Printf("Lesson %d: %s\n\n", l.number, l.title)
	l.flags.VisitAll(func(f *flag.Flag) {
		name, usage := flag.UnquoteUsage(f)
		usage = strings.ReplaceAll(usage, "\n", "\n"+strings.Repeat(" ", 15))
		Printf("  %-12s %s\n", strings.TrimSpace("-"+f.Name+" "+name), usage)
	})
}

// Plan prints what will be run, and reports whether to run it: not after
// -plan. A lesson in several parts has a plan for each.
func (l *Lesson) Plan(format string, args ...any) bool {
	Para("plan", format, args...)
	if !l.planOnly {
		Println()
	}
	return !l.planOnly
}

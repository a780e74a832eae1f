// Package lessons has the code that the eight lessons share. A lesson's main.go is a
// whole program, and its last line is a call of [Main]:
//
//	func main() { lessons.Main(lesson, program) }
//
// Main runs the program in its own process, and shows what the program prints. Then
// the lesson draws what happened. A lesson has two more files: picture.go has the
// [Lesson], which draws and explains, and experiments.go has the [Facts].
package lessons

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"processbook/mp"
)

// A Lesson has everything that Main needs besides the program.
type Lesson struct {
	Number   int
	Title    string                                    // the question
	Mirrors  string                                    // where it is in the chapter: "examples 4, 5"
	Plan     func() string                             // says what the program will do, but not the result
	Picture  func(ctx context.Context, run *Run) error // draws and explains the result; its processes end when ctx ends
	Try      string                                    // flags to try next
	Facts    Facts
	AnyOrder bool // the system decides the order of the program's lines, so tests sort them

	Tick  *time.Duration // the variable in main.go, for -unit and -free; nil if the program does not sleep
	Flags []Flag         // more variables of main.go

	Source string // main.go, embedded
	Sum    string // of the original main.go: see Run.Changed. style_test.go prints it
}

// A Flag sets a variable of main.go. Make one with [Int] or [Bool].
type Flag func(*flag.FlagSet)

// Int is a flag with a value from least to most. The word in back quotes in
// usage stands for the value, as in package flag.
func Int(p *int, name string, least, most int, usage string) Flag {
	return func(f *flag.FlagSet) {
		f.Func(name, fmt.Sprintf("%s (%d to %d; %d by default)", usage, least, most, *p),
			within(p, least, most, strconv.Atoi, "a whole number"))
	}
}

// within sets a variable, and returns an error if the value makes no sense.
func within[T int | time.Duration](p *T, least, most T, parse func(string) (T, error), form string) func(string) error {
	return func(s string) error {
		v, err := parse(s)
		if err != nil || v < least || v > most {
			return fmt.Errorf("give it %s from %v to %v", form, least, most)
		}
		*p = v
		return nil
	}
}

// Bool is a flag that is given or not.
func Bool(p *bool, name, usage string) Flag {
	return func(f *flag.FlagSet) { f.BoolVar(p, name, *p, usage) }
}

// options has the flags of every lesson, and the arguments of -facts.
type options struct {
	plain, plan, facts, free bool
	questions                []string
}

// arguments are those of this program. Tests change them.
var arguments = os.Args

// parse reads the arguments. Children also call it: they have the arguments of their
// parent, so the variables of main.go have the same values.
func (l Lesson) parse() (o options) {
	f := flag.NewFlagSet(fmt.Sprintf("lesson %d", l.Number), flag.ContinueOnError)
	var usage strings.Builder
	f.SetOutput(&usage)
	f.BoolVar(&o.plain, "plain", false, "only run main.go: no plan and no picture")
	f.BoolVar(&o.plan, "plan", false, "only say what will be run")
	f.BoolVar(&o.facts, "facts", false, "print only the answers to the quiz questions (spoilers).\nAfter -facts, you may name the questions")
	Int(&form, "form", 1, 2, "with -facts: for form `N` of the worksheet")(f)
	if l.Tick != nil {
		f.Func("unit", fmt.Sprintf("the `time` of a tick, for watching (100ms to 5s; %v by default)", *l.Tick),
			within(l.Tick, 100*time.Millisecond, 5*time.Second, time.ParseDuration, "a time like 300ms"))
		f.BoolVar(&o.free, "free", false, "ticks of 1ms: so short that the system decides the order.\n"+
			"Run it five times. A terminated process may end before it prints a line")
	}
	for _, declare := range l.Flags {
		declare(f)
	}
	err := f.Parse(arguments[1:])
	switch o.questions = f.Args(); {
	case errors.Is(err, flag.ErrHelp):
		surviveClosedPipe()
		Printf("%s", &usage)
		os.Exit(0)
	case err == nil && f.NArg() > 0 && !o.facts:
		err = fmt.Errorf("an argument like %q needs -facts", f.Arg(0))
	}
	if err != nil {
		text := strings.Replace(err.Error(), "flag provided but not defined:", "unknown flag", 1)
		fmt.Fprintf(os.Stderr, "%s: %s; -h lists the flags\n", f.Name(), text)
		os.Exit(2)
	}
	if o.free {
		*l.Tick = time.Millisecond
	}
	if !o.facts {
		form = 1
	}
	return o
}

// Main is the only call in a lesson's main. It runs program as [mp.Main] does, in
// its own process, and then draws the picture. With -plain, it runs only program.
func Main(l Lesson, program func(ctx context.Context) error) {
	o := l.parse()
	code := 0
	switch record := os.Getenv(recordVar); {
	case record != "": // this is the program that the lesson runs, or a child of it
		watch(record)
		mp.Main(recorded(record, program))
	case o.plain:
		mp.Main(program)
	default:
		mp.Main(func(ctx context.Context) (err error) {
			code, err = l.show(ctx, o)
			return err
		})
	}
	if code != 0 {
		os.Exit(code)
	}
}

// show is the whole output of a lesson. It returns the program's exit code.
func (l Lesson) show(ctx context.Context, o options) (code int, err error) {
	surviveClosedPipe()
	clear(aliases) // a test may call main again
	if o.facts {
		return 0, l.Facts.Print(ctx, o.questions...)
	}
	title := fmt.Sprintf("LESSON %d  %s", l.Number, l.Title)
	Printf("%s%*s\n\n", title, max(width()-len(title), len(l.Mirrors)+4), "("+l.Mirrors+")")
	if l.changed() {
		Para("note", "You have changed main.go, so this plan may be wrong:")
	}
	Para("plan", "%s", l.Plan())
	if o.plan {
		return 0, nil
	}
	Println()
	run, err := l.run(ctx)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*Limit)
	defer cancel() // ends what Picture has started
	if err := l.Picture(ctx, run); err != nil {
		return 0, err
	}
	Para("try", "%s", l.Try)
	return max(run.Main().Code, 0), nil
}

func (l Lesson) changed() bool { return sum(l.Source) != l.Sum }

// sum returns a checksum of a program, without comments and blanks.
func sum(source string) string {
	h := fnv.New32a()
	for line := range strings.Lines(source) {
		code, _, _ := strings.Cut(line, "//")
		io.WriteString(h, strings.Join(strings.Fields(code), " "))
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

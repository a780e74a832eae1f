// Package lessons is what the eight lessons have in common. A lesson's main.go
// is a whole program, and its last line is a call of [Main]:
//
//	func main() { lessons.Main(lesson, program) }
//
// Main runs the program, as a process of its own, and shows what it prints. Then
// it lets the lesson draw what happened. All that main.go need not say stands in
// two other files of the lesson: picture.go has the [Lesson] and what is drawn
// and said, experiments.go has the [Facts].
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

// A Lesson is what Main must know of a lesson besides its program.
type Lesson struct {
	Number   int
	Title    string                                    // the question
	Mirrors  string                                    // where it is in the chapter: "examples 4, 5"
	Plan     func() string                             // says what the program will do, but not what comes of it
	Picture  func(ctx context.Context, run *Run) error // draws and says what came of it; its processes end with ctx
	Try      string                                    // flags to try next
	Facts    Facts
	AnyOrder bool // the system decides the order of what the program prints, so tests sort it

	Tick  *time.Duration // the variable in main.go, for -unit and -free; nil if the program does not sleep
	Flags []Flag         // more variables of main.go

	Source string // main.go, embedded
	Sum    string // of main.go as it was handed out; style_test.go says which: see Run.Changed
}

// A Flag sets a variable of main.go. Make one with [Int] or [Bool].
type Flag func(*flag.FlagSet)

// Int is a flag with a value from least to most. The word in back quotes in
// usage stands for the value, as in package flag.
func Int(p *int, name string, least, most int, usage string) Flag {
	return func(f *flag.FlagSet) {
		f.Func(name, fmt.Sprintf("%s (%d to %d; %d unless given)", usage, least, most, *p),
			within(p, least, most, strconv.Atoi, "a whole number"))
	}
}

// within sets a variable, and refuses what makes no sense.
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

// options are the flags that every lesson has, and what may follow -facts.
type options struct {
	plain, plan, facts, free bool
	questions                []string
}

// parse reads the arguments. It does so in children, too: a child has the
// arguments of its parent, so the variables of main.go have the same values.
func (l Lesson) parse() (o options) {
	f := flag.NewFlagSet(fmt.Sprintf("lesson %d", l.Number), flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&o.plain, "plain", false, "run main.go, and nothing else: no plan, no picture")
	f.BoolVar(&o.plan, "plan", false, "say what will be run, and stop there")
	f.BoolVar(&o.facts, "facts", false, "print what was measured for the quiz, and nothing else:\nit tells the answers. After it, you may name questions")
	Int(&form, "form", 1, 2, "with -facts: for form `N` of the worksheet")(f)
	if l.Tick != nil {
		f.Func("unit", fmt.Sprintf("let each tick take this `time`, to watch (100ms to 5s;\n%v unless given)", *l.Tick),
			within(l.Tick, 100*time.Millisecond, 5*time.Second, time.ParseDuration, "a time like 300ms"))
		f.BoolVar(&o.free, "free", false, "ticks of 1ms: too short to make an order, so the system\n"+
			"decides it; run it five times. A process that is\nterminated so early may not print its first line")
	}
	for _, declare := range l.Flags {
		declare(f)
	}
	err := f.Parse(os.Args[1:])
	switch o.questions = f.Args(); {
	case errors.Is(err, flag.ErrHelp):
		surviveClosedPipe()
		l.explain(f)
		os.Exit(0)
	case err == nil && f.NArg() > 0 && !o.facts:
		err = fmt.Errorf("there is nothing to do with %q", f.Arg(0))
	}
	if err != nil {
		text := strings.Replace(err.Error(), "flag provided but not defined:", "there is no flag", 1)
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

// Main is what a lesson's main calls, and all that it calls. It runs program as
// [mp.Main] does, in a process of its own, and then draws the picture. After
// -plain there is only program.
func Main(l Lesson, program func(ctx context.Context) error) {
	o := l.parse()
	code := 0
	switch record := os.Getenv(recordVar); {
	case record != "": // this is the program whose picture is drawn, or a child of it
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
		Para("note", "You have changed main.go. This is the plan that it had before:")
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

// sum tells one program from another. Comments and blanks are not part of it.
func sum(source string) string {
	h := fnv.New32a()
	for line := range strings.Lines(source) {
		code, _, _ := strings.Cut(line, "//")
		io.WriteString(h, strings.Join(strings.Fields(code), " "))
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

func (l Lesson) explain(flags *flag.FlagSet) {
	Printf("Lesson %d: %s\n\n", l.Number, l.Title)
	flags.VisitAll(func(f *flag.Flag) {
		name, usage := flag.UnquoteUsage(f)
		usage = strings.ReplaceAll(usage, "\n", "\n"+strings.Repeat(" ", 15))
		Printf("  %-12s %s\n", strings.TrimSpace("-"+f.Name+" "+name), usage)
	})
}

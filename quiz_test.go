// The quiz. Readers predict in a worksheet, and go test compares that with what
// the lessons measure, here and now:
//
//	go test -start        make the worksheet, answers/mine.md
//	go test               mark it; what is blank does not count
//	go test -failfast     up to the first mistake
//	go test -run Quiz/Q6  one question
//	go test -reveal       where a prediction is wrong, say what happens
//	go test -sheet FILE   another worksheet; also with -start
//	go test -sheet DIR    all worksheets in a directory, a line for each
//
// Questions and answers are in answers/; package answers reads and compares. The
// tests below TestQuiz are for whoever changes something.
package processbook

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"processbook/answers"
	"processbook/lessons/exercise"
)

const (
	blankSheet = "answers/blank.md"
	usualSheet = "answers/mine.md"
)

var (
	start  = flag.Bool("start", false, "make a worksheet, and stop there")
	reveal = flag.Bool("reveal", false, "where a prediction is wrong, say what happens")
	update = flag.Bool("update", false, "let TestBlank rewrite "+blankSheet)
	sheet  = flag.String("sheet", usualSheet, "the worksheet `FILE`, or a directory of worksheets")
)

// shortName is what many type behind -run, and what would run no test.
var shortName = regexp.MustCompile(`^[Qq]?[1-8][a-z]?$`)

// closing is TestQuiz's last word. What a test says is lost if it passes; what
// TestMain prints is seen by everybody who types "go test".
var closing string

// TestMain leaves the reading to the tests. Of what is read before m.Run, "go
// test ./..." does not know, and would find an old result good enough.
func TestMain(m *testing.M) {
	flag.Parse()
	said, err := "", error(nil)
	switch {
	case shortName.MatchString(goFlag("run")):
		err = errors.New("write -run Quiz/Q6 for a question, or -run Quiz/Q6/6a for an item")
	case flag.NArg() > 0:
		err = fmt.Errorf("there is nothing to do with %q; type go test alone, with flags like -start; another worksheet is -sheet FILE", flag.Args())
	case *start:
		said, err = begin(*sheet)
	default:
		code := m.Run()
		if _, err := fmt.Print(closing); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err) // nobody saw how well it went
			code = 1
		}
		os.Exit(code)
	}
	if err == nil {
		_, err = fmt.Println(said)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// begin makes a worksheet. One that is there has somebody's work in it.
func begin(file string) (string, error) {
	blank, err := os.ReadFile(blankSheet)
	if err != nil {
		return "", err
	}
	next := "Predict, then: go test"
	if file != usualSheet {
		next += " -sheet " + file
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		_, err := answers.ReadSheet(file)
		return file + " is there already and stays as it is. " + next, err
	}
	if err != nil {
		return "", err
	}
	_, err = f.Write(blank)
	return "Your worksheet is " + file + ". " + next, errors.Join(err, f.Close())
}

// TestQuiz marks the worksheet. It is the first test here, so that -failfast
// goes no further than the first mistake.
func TestQuiz(t *testing.T) {
	closing = ""
	questions := readQuestions(t)
	if _, err := os.Stat(*sheet); *sheet == usualSheet && errors.Is(err, fs.ErrNotExist) {
		closing = "The quiz has not begun. Make your worksheet: go test -start\n"
		t.Skip("there is no worksheet")
	}
	if _, err := exec.LookPath("go"); err != nil {
		closing = fmt.Sprintf("The lessons cannot be run, so nothing is marked: %v\n", err)
		t.Skip(err)
	}
	if info, err := os.Stat(*sheet); err == nil && info.IsDir() {
		markAll(t, questions)
	} else if s, err := readSheet(*sheet, *sheet, questions); err != nil {
		tell(t, err.Error())
	} else {
		markOne(t, questions, s)
	}
}

// A student is a worksheet and what becomes of it.
type student struct {
	file, name string
	err        error // it is no worksheet
	predicted  map[string]answers.Prediction
	odd        []string // complaints about lines that answer no item
	total      answers.Score
}

func readSheet(file, shown string, questions []*answers.Question) (*student, error) {
	text, err := answers.ReadSheet(file)
	if err != nil {
		return nil, err
	}
	predicted, odd := answers.Predictions(file, text, questions)
	if predicted == nil {
		return nil, errors.New(strings.Join(odd, "\n"))
	}
	return &student{file: file, name: answers.Owner(shown, text), predicted: predicted, odd: odd}, nil
}

func (s *student) mark(it *answers.Item) (answers.Outcome, string) {
	p := s.predicted[it.ID]
	outcome, text := it.Mark(p, func() (answers.Facts, error) { return measure(it.Question.Lesson) }, *reveal)
	s.total.Add(it, p, outcome)
	return outcome, text
}

// markOne says of each prediction what to do about it. Blank items are skipped,
// quietly.
func markOne(t *testing.T, questions []*answers.Question, s *student) {
	for _, complaint := range s.odd {
		tell(t, complaint)
	}
	eachQuestion(t, questions, []*student{s}, func(t *testing.T, q *answers.Question) {
		right := 0
		for _, it := range q.Items {
			t.Run(it.ID, func(t *testing.T) {
				switch outcome, text := s.mark(it); outcome {
				case answers.Blank:
					t.Skip("blank")
				case answers.Right:
					right++
				default:
					tell(t, text)
				}
			})
		}
		t.Attr("predictions", fmt.Sprintf("%d/%d", right, len(q.Items)))
		if right == len(q.Items) {
			closing += fmt.Sprintf("Q%s complete. Compare your words with %s\n", q.Number, q.File)
		}
	})
	closing = "\n" + closing + s.total.String() + "\n"
}

// markAll says of each worksheet in the directory how far it is, for a teacher.
func markAll(t *testing.T, questions []*answers.Question) {
	if strings.Count(goFlag("run"), "/") > 1 {
		tell(t, "of a directory, -run can choose a question, like Quiz/Q6, and not an item")
		return
	}
	all, others, err := readAll(questions)
	if err != nil {
		tell(t, err.Error())
		return
	}
	if len(all) == 0 {
		tell(t, "there is no worksheet in "+*sheet+", that is, no file *.md")
	}
	class := slices.DeleteFunc(slices.Clone(all), func(s *student) bool { return s.err != nil })
	missed, tried := make(map[string]int), make(map[string]int)
	eachQuestion(t, questions, class, func(t *testing.T, q *answers.Question) {
		for _, s := range class {
			right := 0
			for _, it := range q.Items {
				switch outcome, _ := s.mark(it); outcome {
				case answers.Right:
					right++
					tried[it.ID]++
				case answers.Wrong:
					missed[it.ID]++
					tried[it.ID]++
				}
			}
			t.Attr("predictions", fmt.Sprintf("%d/%d %s", right, len(q.Items), s.file))
		}
	})
	closing = "\n" + closing
	unread := ""
	for _, s := range all {
		closing += s.line() + "\n"
		if s.err != nil {
			t.Fail()
			t.Attr("unreadable", s.file)
			unread += ", " + s.name
		}
	}
	closing += mostMissed(missed, tried)
	closing += fmt.Sprintf("worksheets marked: %d", len(class))
	if unread != "" {
		closing += "; could not be read: " + unread[2:]
	}
	closing += "\n"
	if n := len(others); n > 0 {
		if n > 10 {
			others = append(others[:9], fmt.Sprintf("and %d more", n-9))
		}
		closing += "not looked at, for it is no worksheet *.md: " + strings.Join(others, ", ") + "\n"
	}
}

// readAll reads the worksheets in the directory and below, for some teachers have
// a directory for each student, and says what else is there. Some students hand
// in all of this workbook.
func readAll(questions []*answers.Question) (all []*student, others []string, err error) {
	here, err := os.Stat(filepath.Dir(usualSheet))
	if err != nil {
		return nil, nil, err
	}
	var own []string
	for _, q := range questions {
		own = append(own, path.Base(q.File))
	}
	err = fs.WalkDir(os.DirFS(*sheet), ".", func(name string, e fs.DirEntry, err error) error {
		file, shown := filepath.ToSlash(filepath.Join(*sheet, name)), answers.Printable(name)
		if err != nil { // it is a directory, and if the first one, all that there is
			all = append(all, &student{file: file, name: shown, err: err})
			return fs.SkipDir
		}
		hidden := name != "." && strings.HasPrefix(e.Name(), ".")
		switch info, _ := e.Info(); {
		case os.SameFile(info, here):
			return fmt.Errorf("%s has the answers; put the worksheets into a directory of their own", filepath.Join(*sheet, name))
		case hidden && e.IsDir():
			return fs.SkipDir
		case hidden, e.IsDir():
			return nil
		case !e.Type().IsRegular() || !strings.EqualFold(path.Ext(name), ".md") || slices.Contains(own, e.Name()):
			others = append(others, shown)
			return nil
		}
		s, err := readSheet(file, shown, questions)
		if err != nil {
			s = &student{file: file, name: shown, err: err}
		}
		all = append(all, s)
		return nil
	})
	return all, others, err
}

// line is what a teacher reads of a student.
func (s *student) line() string {
	if s.err != nil {
		why, _, _ := strings.Cut(s.err.Error(), "\n")
		return s.name + ": not marked: " + why
	}
	text := s.name + ": " + s.total.String()
	if len(s.odd) > 0 {
		text += fmt.Sprintf(", lines not understood: %d", len(s.odd))
	}
	if s.total.Count[answers.Unmarked]+len(s.odd) > 0 {
		text += "; see go test -sheet " + quoted(s.file)
	}
	return text
}

// quoted is a name as one writes it behind a command.
func quoted(file string) string {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-/:", r)
	}
	if strings.ContainsFunc(file, odd) {
		return strconv.Quote(file)
	}
	return file
}

// mostMissed are the items that most of a class have got wrong, of those who
// have predicted anything.
func mostMissed(missed, tried map[string]int) string {
	items := slices.SortedFunc(maps.Keys(missed), func(a, b string) int {
		return cmp.Or(missed[b]-missed[a], strings.Compare(a, b))
	})
	if len(items) == 0 {
		return ""
	}
	for i, id := range items {
		items[i] = fmt.Sprintf("%s (%d of %d)", id, missed[id], tried[id])
	}
	return "most missed: " + strings.Join(items[:min(5, len(items))], ", ") + "\n"
}

// eachQuestion does something with each question that -run asks for.
func eachQuestion(t *testing.T, questions []*answers.Question, class []*student, do func(*testing.T, *answers.Question)) {
	predicted := func(it *answers.Item) bool {
		return slices.ContainsFunc(class, func(s *student) bool { return s.predicted[it.ID].Words != "" })
	}
	wanted := goFlag("run")
	if !strings.Contains(wanted, "/") {
		sideBySide(questions, predicted)
	}
	for _, q := range questions {
		t.Run("Q"+q.Number, func(t *testing.T) {
			if do(t, q); slices.ContainsFunc(q.Items, predicted) {
				closing += changed(q.Lesson)
			}
		})
	}
	for _, s := range class {
		if s.total.Count == (answers.Score{}).Count && !(t.Failed() && goFlag("failfast") == "true") { // after a failure nothing comes
			tell(t, fmt.Sprintf("-run %s: there is no such question or item; write, for example, -run Quiz/Q6 or -run Quiz/Q6/6a", wanted))
			t.FailNow()
		}
	}
}

// goFlag is a flag of go test.
func goFlag(name string) string { return flag.Lookup("test." + name).Value.String() }

// changed says so if a lesson is not what it was, as far as git knows.
func changed(lesson string) string {
	dir := strings.TrimPrefix(lesson, "./")
	var differs *exec.ExitError
	// An exercise is to be changed. With two paths and without git, git compares the two: so there are three.
	if err := exec.Command("git", "diff", "--quiet", "--", dir, dir, ":(exclude)"+dir+"/exercise.go").Run(); !errors.As(err, &differs) || differs.ExitCode() != 1 {
		return ""
	}
	return fmt.Sprintf("%s is not as it was handed out, so what is right may be marked wrong: git restore %[1]s brings it back (and your changes are lost)\n", dir)
}

// tell fails a test in words for readers of the lessons: without the line of
// this file that t.Error puts in front.
func tell(t *testing.T, text string) {
	fmt.Fprintln(t.Output(), strings.TrimRight(text, "\n"))
	t.Fail()
}

func readQuestions(t *testing.T) []*answers.Question {
	t.Helper()
	questions, err := answers.Questions("answers")
	if err != nil {
		t.Fatal(err)
	}
	return questions
}

var measured sync.Map // lesson -> func() (answers.Facts, error)

// measure asks a lesson for its facts, once in a run of go test.
func measure(lesson string) (answers.Facts, error) {
	once, _ := measured.LoadOrStore(lesson, sync.OnceValues(func() (answers.Facts, error) {
		out, err := goRun(lesson, "-facts")
		facts := make(answers.Facts)
		for line := range strings.Lines(out) {
			if id, fact, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "\t"); ok {
				facts[id] = fact
			}
		}
		return facts, err
	}))
	return once.(func() (answers.Facts, error))()
}

// sideBySide asks the lessons of these items at once, which takes no longer
// than the slowest of them.
func sideBySide(questions []*answers.Question, wanted func(*answers.Item) bool) {
	var all sync.WaitGroup
	for _, q := range questions {
		if slices.ContainsFunc(q.Items, wanted) {
			all.Go(func() { measure(q.Lesson) })
		}
	}
	all.Wait()
}

// goRun returns what a lesson prints.
func goRun(lesson string, args ...string) (string, error) {
	for _, dir := range []string{lesson, "lessons", "mp"} {
		os.ReadDir(dir) // for go test to see: if these change, an old result is not good enough
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", lesson}, args...)...)
	cmd.Env = append(os.Environ(), "COLUMNS=") // what is printed is compared
	cmd.WaitDelay = time.Second
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), cmp.Or(ctx.Err(), err), &complaint)
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n"), err
}

func needGo(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
}

// The answers in answers/ are those of this machine, and every lesson reports
// all of its items and no other.
func TestAnswers(t *testing.T) {
	needGo(t)
	questions := readQuestions(t)
	t.Cleanup(measured.Clear) // with -count, measure again
	sideBySide(questions, func(*answers.Item) bool { return true })
	for _, q := range questions {
		t.Run("Q"+q.Number, func(t *testing.T) {
			facts, err := measure(q.Lesson)
			if err != nil {
				t.Error(err)
			}
			for _, it := range q.Items {
				if fact, reported := facts[it.ID]; !reported {
					t.Errorf("%s has item %s, and go run %s -facts does not report it", q.File, it.ID, q.Lesson)
				} else if fact != it.Answer {
					t.Errorf("%s: %s says %q, go run %s -facts reports %q", q.File, it.ID, it.Answer, q.Lesson, fact)
				}
			}
			for id := range facts {
				if !slices.ContainsFunc(q.Items, func(it *answers.Item) bool { return it.ID == id }) {
					t.Errorf("go run %s -facts reports %s, and %s has no such item", q.Lesson, id, q.File)
				}
			}
		})
	}
}

func TestEveryLessonHasAFileOfAnswers(t *testing.T) {
	lessons, err := filepath.Glob("lessons/[0-9]*")
	if err != nil || len(lessons) == 0 {
		t.Fatalf("lessons/ has no lesson: %v", err)
	}
	var got, want []string
	for _, q := range readQuestions(t) {
		got = append(got, q.Lesson)
	}
	for _, lesson := range lessons {
		want = append(want, "./"+filepath.ToSlash(lesson))
	}
	if !slices.Equal(got, want) {
		t.Errorf("answers/ is for %q, lessons/ has %q", got, want)
	}
}

// Everybody gets the worksheet that these questions make, and there is nothing
// to score in it.
func TestBlank(t *testing.T) {
	questions := readQuestions(t)
	want := answers.Worksheet(questions)
	if *update {
		if err := os.WriteFile(blankSheet, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(blankSheet)
	if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Errorf("%s is not made from the questions in answers/. Rewrite it: go test -run TestBlank -update", blankSheet)
	}
	predicted, complaints := answers.Predictions(blankSheet, want, questions)
	if len(predicted) != 0 || len(complaints) != 0 {
		t.Errorf("a blank worksheet has predictions %v and complaints %q", predicted, complaints)
	}
}

func TestBeginNeverOverwrites(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.md")
	if said, err := begin(file); err != nil || !strings.HasPrefix(said, "Your worksheet is") {
		t.Fatalf("begin(a new file) = %q, %v", said, err)
	}
	if err := os.WriteFile(file, []byte("> my work"), 0o666); err != nil {
		t.Fatal(err)
	}
	said, err := begin(file)
	if err != nil || !strings.Contains(said, "is there already") {
		t.Errorf("begin(a file) = %q, %v", said, err)
	}
	if text, _ := os.ReadFile(file); string(text) != "> my work" {
		t.Errorf("begin(a file) has written %q", text)
	}
	if said, err := begin(t.TempDir()); err == nil {
		t.Errorf("begin(a directory) = %q and no error", said)
	}
}

// quiz runs the quiz with arguments, as go test does.
func quiz(args ...string) (output string, err error) {
	out, err := exec.Command(os.Args[0], args...).CombinedOutput()
	return string(out), err
}

func TestWhatCannotBeMarkedFails(t *testing.T) {
	for _, test := range []struct{ run, sheet, want string }{
		{"^TestQuiz$", "go.mod", "go.mod is no worksheet: "},
		{"^TestQuiz$", t.TempDir(), "there is no worksheet in "},
		{"^TestQuiz$/^Q9$", blankSheet, "/^Q9$: there is no such question or item; "},
		{"^TestQuiz$/Q6/9z", blankSheet, "/9z: there is no such question or item; "},
		{"^TestQuiz$/Q6/6a", "lessons", "and not an item"},
		{"^TestQuiz$", "answers", "has the answers"},
		{"^TestQuiz$", ".", "has the answers"},
		{"Q6", blankSheet, "write -run Quiz/Q6 "},
		{"6a", blankSheet, "write -run Quiz/Q6 "},
	} {
		output, err := quiz("-test.run", test.run, "-sheet", test.sheet)
		if err == nil || !strings.Contains(output, test.want) || strings.Contains(output, "predictions right") {
			t.Errorf("-run %s -sheet %s: %v, want an error that says %q, and no score:\n%s", test.run, test.sheet, err, test.want, output)
		}
	}
}

func TestALineForEachWorksheet(t *testing.T) {
	needGo(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.md":    "Name: Anna\n### 3a\n> 0\n### 3e\n> 9 !",
		"bert.md": "### 3a\n> 0, I think\n### 9z\n",
		"c.MD":    "my homework",
		"d.txt":   "### 3a\n> 0",

		"1-process.md": "### 3a\n> 0",

		"e f/mine.md": "### 3a\n> nobody\n### 3e\n> some",
		".g/mine.md":  "### 3a\n> 0",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	output, err := quiz("-test.v", "-test.run", "^TestQuiz$/Q3", "-sheet", dir)
	for _, want := range []string{
		"TestQuiz/Q3 predictions 1/6 " + filepath.ToSlash(filepath.Join(dir, "a.md")),
		"\nc.MD: not marked: ",
		"TestQuiz unreadable " + filepath.ToSlash(filepath.Join(dir, "c.MD")),
		"\nmost missed: 3e (1 of 1)\nworksheets marked: 3; could not be read: c.MD\nnot looked at, for it is no worksheet *.md: 1-process.md, d.txt\n",
		"\ne f/mine.md: 1 of 6 predictions right, 1 not marked, 4 blank; see go test -sheet \"",
		"\nAnna (a.md): 1 of 6 predictions right, 1 to look at again, 4 blank; sure and wrong: 3e,",
		"\nbert.md: 0 of 6 predictions right, 1 not marked, 5 blank, lines not understood: 1; see go test -sheet ",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("%v, want %q in\n%s", err, want, output)
		}
	}
	if err == nil || strings.Contains(output, "c.MD: 0") {
		t.Errorf("what is no worksheet has a score, or is no failure: %v\n%s", err, output)
	}
}

func TestALessonThatWasChanged(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "GIT_") {
			t.Setenv(name, "")
			os.Unsetenv(name) // of the repository in whose hook this may be run
		}
	}
	t.Chdir(t.TempDir())
	file := filepath.Join("lessons", "01-a", "main.go")
	write := func(text string) {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when, want string) {
		if got := changed("./lessons/01-a"); got != want && !strings.HasPrefix(got, cmp.Or(want, "nothing")) {
			t.Errorf("%s: got %q, want %q", when, got, want)
		}
	}
	write("package a")
	check("without git", "")
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
	}
	check("as it was", "")
	exercise := filepath.Join(filepath.Dir(file), "exercise.go")
	if err := os.WriteFile(exercise, []byte("package a"), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "add", "--intent-to-add", exercise).CombinedOutput(); err != nil { // and not what is in it
		t.Fatal(err, string(out))
	}
	check("an exercise was begun", "")
	write("package b")
	check("changed", "lessons/01-a is not as it was handed out")
}

// A file that was opened to be read is as bad as a full disk. Nobody has been
// told the result, so it is not "ok".
func TestAResultThatIsLostIsNoSuccess(t *testing.T) {
	readOnly, err := os.Open(blankSheet)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	var complaint strings.Builder
	cmd := exec.Command(os.Args[0], "-test.run=^TestQuiz$", "-sheet", blankSheet)
	cmd.Stdout, cmd.Stderr = readOnly, &complaint
	cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.HasPrefix(complaint.String(), "write ") {
		t.Errorf("go test without an output ends with exit code %d, want 1 and a word:\n%s", code, &complaint)
	}
}

// TestExercises says how many of the exercises in lessons/ are done. One that is
// not done is no failure here.
func TestExercises(t *testing.T) {
	closing += exercise.Progress(t.Context(), ".") + "\n"
}

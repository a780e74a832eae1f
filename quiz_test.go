// The quiz. Readers predict in a worksheet, and go test compares that with what
// the lessons measure, here and now:
//
//	go test -start        make the worksheet, answers/mine.md
//	go test               mark it; what is blank does not count
//	go test -failfast     up to the first mistake
//	go test -run Quiz/Q6  one question
//	go test -reveal       where a prediction is wrong, say what happens
//	go test -sheet FILE   another worksheet; also with -start
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
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"processbook/answers"
)

const (
	blankSheet = "answers/blank.md"
	usualSheet = "answers/mine.md"
)

var (
	start  = flag.Bool("start", false, "make a worksheet, and stop there")
	reveal = flag.Bool("reveal", false, "where a prediction is wrong, say what happens")
	update = flag.Bool("update", false, "let TestBlank rewrite "+blankSheet)
	sheet  = flag.String("sheet", usualSheet, "the worksheet `FILE`")
)

// closing is TestQuiz's last word. What a test says is lost if it passes; what
// TestMain prints is seen by everybody who types "go test".
var closing string

// TestMain leaves the reading to the tests. Of what is read before m.Run, "go
// test ./..." does not know, and would find an old result good enough.
func TestMain(m *testing.M) {
	flag.Parse()
	said, err := "", error(nil)
	switch {
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
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(said)
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
	text, err := answers.ReadSheet(*sheet)
	if err != nil {
		tell(t, err.Error())
		return
	}
	predicted, complaints := answers.Predictions(*sheet, text, questions)
	for _, complaint := range complaints {
		tell(t, complaint)
	}
	if _, err := exec.LookPath("go"); err != nil {
		closing = fmt.Sprintf("The lessons cannot be run, so nothing is marked: %v\n", err)
		t.Skip(err)
	}
	if !strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		sideBySide(questions, func(it *answers.Item) bool { return predicted[it.ID].Words != "" })
	}
	var total answers.Score
	for _, q := range questions {
		t.Run("Q"+q.Number, func(t *testing.T) {
			right := 0
			for _, it := range q.Items {
				t.Run(it.ID, func(t *testing.T) {
					if mark(t, it, predicted[it.ID], &total) == answers.Right {
						right++
					}
				})
			}
			t.Attr("predictions", fmt.Sprintf("%d/%d", right, len(q.Items)))
			if right == len(q.Items) {
				closing += fmt.Sprintf("Q%s complete. Compare your words with %s\n", q.Number, q.File)
			}
		})
	}
	closing = "\n" + closing + total.String() + "\n"
}

// mark marks an item: a blank one is skipped, quietly.
func mark(t *testing.T, it *answers.Item, p answers.Prediction, total *answers.Score) answers.Outcome {
	outcome, text := it.Mark(p, func() (answers.Facts, error) { return measure(it.Question.Lesson) }, *reveal)
	total.Add(it, p, outcome)
	if outcome == answers.Blank {
		t.Skip("blank")
	}
	if outcome != answers.Right {
		tell(t, text)
	}
	return outcome
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

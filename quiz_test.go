// The quiz. Readers predict in a worksheet, and go test checks the predictions
// against what the lessons measure, here and now:
//
//	go test -start        make the worksheet, answers/mine.md
//	go test               check it; a blank does not count
//	go test -failfast     up to the first wrong prediction
//	go test -run Quiz/Q6  one lesson
//	go test -reveal       show the answer to each question with a wrong prediction
//	go test -form 2       a second worksheet with other numbers, answers/mine-2.md;
//	                      also with -start
//	go test -sheet FILE   another worksheet; also with -start
//	go test -sheet DIR    a class: all worksheets in a directory
//	go test -words        collect the answers below "In your own words"
//
// Questions and answers are in answers/; package answers reads and compares. The
// tests below TestQuiz test the quiz.
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
	"path"
	"path/filepath"
	"regexp"
	"runtime"
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

const blankSheet = "answers/blank.md"

// usualSheets are the worksheets of a reader, by form.
var usualSheets = map[string]string{"1": "answers/mine.md", "2": "answers/mine-2.md"}

var (
	start  = flag.Bool("start", false, "only make a worksheet")
	words  = flag.Bool("words", false, "check nothing; print all answers to each prompt of \"In your own words\"")
	reveal = flag.Bool("reveal", false, "show the answer to each question with a wrong prediction")
	update = flag.Bool("update", false, "let TestBlank rewrite "+blankSheet)
	form   = flag.String("form", "1", "the form of the worksheet, 1 or 2: the same questions with other numbers")
	sheet  = flag.String("sheet", "", "the worksheet `FILE`, or a directory of worksheets (default answers/mine.md, or answers/mine-2.md for form 2)")
)

// shortName matches names that many readers type after -run, but that match no test.
var shortName = regexp.MustCompile(`^[Qq]?[1-8][a-z]?$`)

// closing is the end of the output. TestMain prints it, because go test does not
// show what a passing test prints.
var closing string

// TestMain reads no files: go test does not see files that are read before m.Run,
// and would use an old result.
func TestMain(m *testing.M) {
	flag.Parse()
	usual := usualSheets[*form]
	*sheet = cmp.Or(*sheet, usual)
	said, err := "", error(nil)
	switch {
	case usual == "":
		err = fmt.Errorf("-form %s: the worksheet has only form 1 and form 2", *form)
	case shortName.MatchString(goFlag("run")):
		err = errors.New("write -run Quiz/Q6 for a lesson, or -run Quiz/Q6/6a for a question")
	case flag.NArg() > 0:
		err = fmt.Errorf("go test does not know %q; type go test, with flags like -start; for another worksheet: -sheet FILE", flag.Args())
	case *start:
		said, err = begin(*sheet, *form)
	default:
		code := m.Run()
		if _, err := fmt.Print(closing); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err) // the reader has not seen the result
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

// begin makes a worksheet. It never overwrites one, because that has a reader's
// work.
func begin(file, form string) (string, error) {
	questions, err := answers.Questions("answers")
	if err != nil {
		return "", err
	}
	next := "Predict, then: go test"
	switch {
	case file != usualSheets[form]:
		next += " -sheet " + file
	case form == "2":
		next += " -form 2"
	}
	number, _ := strconv.Atoi(form)
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		text, err := answers.ReadSheet(file)
		if is := answers.FormOf(text); err == nil && is != number {
			err = fmt.Errorf("%s is there already, and is a worksheet of form %d; for one of form %s, choose another name: -sheet FILE", file, is, form)
		}
		return file + " is there already and stays as it is. " + next, err
	}
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(answers.Worksheet(questions, number))
	return "Your worksheet is " + file + ". " + next, errors.Join(err, f.Close())
}

// TestQuiz checks the worksheet. It is the first test here, so that -failfast
// goes no further than the first mistake.
func TestQuiz(t *testing.T) {
	closing = ""
	questions := readQuestions(t)
	if _, err := os.Stat(*sheet); *sheet == usualSheets[*form] && errors.Is(err, fs.ErrNotExist) {
		closing = "The quiz has not begun. Make your worksheet: go test -start\n"
		if *form == "2" {
			closing = "The second worksheet does not exist. To make it: go test -start -form 2\n"
		}
		t.Skip("the worksheet does not exist")
	}
	if _, err := exec.LookPath("go"); err != nil {
		closing = fmt.Sprintf("The lessons cannot be run, so nothing is checked: %v\n", err)
		t.Skip(err)
	}
	if info, err := os.Stat(*sheet); err == nil && info.IsDir() {
		checkAll(t, questions)
	} else if s, err := readSheet(*sheet, *sheet, questions); err != nil {
		tell(t, err.Error())
	} else {
		checkOne(t, questions, s)
	}
}

// A student is a worksheet and its result.
type student struct {
	file, name string
	err        error // it is not a worksheet
	form       int
	predicted  map[string]answers.Prediction
	odd        []string // complaints about lines that belong to no question
	words      map[*answers.Question][]string
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
	s := &student{file: file, name: answers.Owner(shown, text), form: answers.FormOf(text),
		predicted: predicted, odd: odd, words: answers.OwnWords(text, questions)}
	if s.form == 2 {
		s.name += ", form 2"
	}
	return s, nil
}

func (s *student) check(it *answers.Item) (answers.Outcome, string) {
	p := s.predicted[it.ID]
	outcome, text := it.In(s.form).Check(p, func() (answers.Facts, error) { return measure(it.In(s.form)) }, *reveal)
	s.total.Add(it, p, outcome)
	return outcome, text
}

// checkOne checks each prediction, and prints what is wrong. It skips blanks.
func checkOne(t *testing.T, questions []*answers.Question, s *student) {
	for _, complaint := range s.odd {
		tell(t, complaint)
	}
	eachLesson(t, questions, []*student{s}, func(t *testing.T, q *answers.Question) {
		right := 0
		for _, it := range q.Items {
			t.Run(it.ID, func(t *testing.T) {
				switch outcome, text := s.check(it); outcome {
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
	if !*words {
		closing = "\n" + closing + s.total.String() + "\n"
	}
}

// checkAll reports on a class, for a teacher.
func checkAll(t *testing.T, questions []*answers.Question) {
	if strings.Count(goFlag("run"), "/") > 1 {
		tell(t, "of a directory, -run can choose a lesson, like Quiz/Q6, but not a question")
		return
	}
	all, others, err := readAll(questions)
	if err != nil {
		tell(t, err.Error())
		return
	}
	if len(all) == 0 {
		tell(t, *sheet+" contains no worksheet (*.md)")
	}
	students := slices.DeleteFunc(slices.Clone(all), func(s *student) bool { return s.err != nil })
	class := make(answers.Class)
	eachLesson(t, questions, students, func(t *testing.T, q *answers.Question) {
		for _, s := range students {
			right := s.total.Count[answers.Right]
			for _, it := range q.Items {
				outcome, _ := s.check(it)
				class.Add(it.In(s.form), s.predicted[it.ID], outcome)
			}
			t.Attr("predictions", fmt.Sprintf("%d/%d %s", s.total.Count[answers.Right]-right, len(q.Items), s.file))
		}
	})
	if !*words {
		closing = "\n" + closing + table(students) + class.Report(questions)
	}
	closing += "\n" + fmt.Sprintf("%d worksheets read\n", len(students))
	for _, s := range all {
		if s.err != nil {
			t.Fail()
			t.Attr("unreadable", s.file)
			why, _, _ := strings.Cut(s.err.Error(), "\n")
			closing += "not read: " + s.name + ": " + why + "\n"
		}
	}
	if n := len(others); n > 0 {
		if n > 10 {
			others = append(others[:9], fmt.Sprintf("and %d more", n-9))
		}
		closing += "not worksheets, because they are not *.md: " + strings.Join(others, ", ") + "\n"
	}
}

// table has a line for each student.
func table(students []*student) string {
	text, unchecked, most := "right  wrong  (sure)  not checked  blank  worksheet\n", "", 0
	for _, s := range students {
		n := s.total.Count
		odd := n[answers.Unchecked] + len(s.odd)
		text += fmt.Sprintf("%5d  %5d  %6s  %11d  %5d  %s\n", n[answers.Right], n[answers.Wrong],
			fmt.Sprintf("(%d)", len(s.total.SureAndWrong)), odd, n[answers.Blank], s.name)
		if odd > most {
			most = odd
			unchecked = "\nto see what is not checked, and why, for example: go test -sheet " + quoted(s.file) + "\n"
		}
	}
	return text + unchecked
}

// readAll reads the worksheets in the directory and below, because some teachers
// have a directory for each student, and returns the names of other files. Some
// students hand in the whole workbook.
func readAll(questions []*answers.Question) (all []*student, others []string, err error) {
	here, err := os.Stat(filepath.Dir(blankSheet))
	if err != nil {
		return nil, nil, err
	}
	own := []string{"README.md"}
	solutions, _ := filepath.Glob("answers/exercises/*.md")
	for _, file := range solutions {
		own = append(own, filepath.Base(file))
	}
	for _, q := range questions {
		own = append(own, path.Base(q.File))
	}
	err = fs.WalkDir(os.DirFS(*sheet), ".", func(name string, e fs.DirEntry, err error) error {
		file, shown := filepath.ToSlash(filepath.Join(*sheet, name)), answers.Printable(name)
		if err != nil { // a directory that cannot be read
			all = append(all, &student{file: file, name: shown, err: err})
			return fs.SkipDir
		}
		hidden := name != "." && strings.HasPrefix(e.Name(), ".")
		switch info, _ := e.Info(); {
		case os.SameFile(info, here):
			return fmt.Errorf("%s has the answers; put the worksheets into another directory", filepath.Join(*sheet, name))
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

// quoted returns a name as you type it after a command.
func quoted(file string) string {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-/:", r)
	}
	if strings.ContainsFunc(file, odd) {
		return strconv.Quote(file)
	}
	return file
}

// eachLesson does something with each lesson that -run asks for.
func eachLesson(t *testing.T, questions []*answers.Question, class []*student, do func(*testing.T, *answers.Question)) {
	predicted := func(it *answers.Item) bool {
		return slices.ContainsFunc(class, func(s *student) bool { return it.In(s.form) == it && s.predicted[it.ID].Words != "" })
	}
	wanted, found := goFlag("run"), false
	if !strings.Contains(wanted, "/") && !*words {
		if slices.ContainsFunc(questions, func(q *answers.Question) bool { return slices.ContainsFunc(q.BothForms(), predicted) }) {
			fmt.Println("The lessons run their experiments. This takes some seconds, the first time longer.") // go test shows it at once
		}
		sideBySide(questions, predicted)
	}
	for _, q := range questions {
		t.Run("Q"+q.Number, func(t *testing.T) {
			if found = true; *words {
				closing += collect(q, class)
			} else if do(t, q); slices.ContainsFunc(q.BothForms(), predicted) {
				closing += changed(q.Lesson)
			}
		})
	}
	blank := func(s *student) bool { return s.total.Count == answers.Score{}.Count }
	if stopped := t.Failed() && goFlag("failfast") == "true"; !stopped && (!found || !*words && slices.ContainsFunc(class, blank)) {
		tell(t, fmt.Sprintf("-run %s matches no lesson or question; write, for example, -run Quiz/Q6 or -run Quiz/Q6/6a", wanted))
		t.FailNow()
	}
	if *words && closing == "" {
		closing = "all answers below \"In your own words\" are blank\n"
	}
}

// collect has all answers to a prompt below each other.
func collect(q *answers.Question, class []*student) string {
	text := ""
	for i, p := range q.Prompts {
		all := ""
		for _, s := range class {
			if words := s.words[q]; words != nil && strings.TrimSpace(words[i]) != "" {
				all += "\n" + s.name + ":\n"
				for line := range strings.SplitSeq(strings.TrimSpace(words[i]), "\n") {
					all += "    " + answers.Printable(line) + "\n"
				}
			}
		}
		if all != "" {
			text += "\n" + p.Text + "\n\n" + p.Points + "\n" + all
		}
	}
	if text == "" {
		return ""
	}
	return "\n" + q.Title + "\n" + text
}

// goFlag returns the value of a flag of go test.
func goFlag(name string) string { return flag.Lookup("test." + name).Value.String() }

// changed returns a warning if git says that a lesson was changed.
func changed(lesson string) string {
	dir := strings.TrimPrefix(lesson, "./")
	// An exercise is to be changed. With two paths and without git, git compares the two: so there are three.
	files, err := exec.Command("git", "diff", "--name-only", "--relative", "--", dir, dir, ":(exclude)"+dir+"/exercise.go").Output()
	if err != nil || len(files) == 0 {
		return ""
	}
	return fmt.Sprintf("You have changed %s, so a right prediction may be called wrong. To undo your changes: git restore %s\n",
		dir, strings.Join(strings.Fields(string(files)), " "))
}

// tell fails a test without the file and line that t.Error prints: readers do not
// need them.
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

var measured sync.Map // arguments of go run -> func() (answers.Facts, error)

// measure asks the question's lesson for its facts, once in a run of go test.
func measure(it *answers.Item) (answers.Facts, error) {
	lesson, args := it.Question.Lesson, it.Facts()
	once, _ := measured.LoadOrStore(fmt.Sprint(lesson, args), sync.OnceValues(func() (answers.Facts, error) {
		out, err := goRun(lesson, args...)
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

// sideBySide asks the lessons of these questions at the same time, which takes no
// longer than the slowest of them. It asks a lesson for one form after the other:
// the second time, the lesson is compiled.
func sideBySide(questions []*answers.Question, wanted func(*answers.Item) bool) {
	var all sync.WaitGroup
	for _, q := range questions {
		all.Go(func() {
			for _, it := range q.BothForms() {
				if wanted(it) {
					measure(it)
				}
			}
		})
	}
	all.Wait()
}

// goRun returns what a lesson prints.
func goRun(lesson string, args ...string) (string, error) {
	for _, dir := range []string{lesson, "lessons", "mp"} {
		os.ReadDir(dir) // so that go test does not use an old result if these have changed
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
	if _, err := os.Stat(*sheet); err == nil && os.Getenv("LONG_TESTS") == "" {
		t.Skip("a reader waits for the result of a worksheet, and not for the tests of the quiz")
	}
}

// Each lesson's TestFacts measures the facts of form 1, and compares them with the
// answers in answers/.
func TestFactsWantTheAnswers(t *testing.T) {
	for _, q := range readQuestions(t) {
		test, err := os.ReadFile(filepath.Join(q.Lesson, "main_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range q.Items {
			want, printed := fmt.Sprintf("%q: %q,", it.ID, it.Answer), fmt.Sprintf("%q", it.ID+"\t"+it.Answer)
			if text := string(test); !strings.Contains(text, want) && !strings.Contains(text, printed) {
				t.Errorf("%s says %q, and TestFacts of %s has no line %s", q.File, it.Answer, q.Lesson, want)
			}
		}
	}
}

// The answers in answers/ are those of this machine, in both forms, and every
// lesson reports all of its questions and no other.
func TestAnswers(t *testing.T) {
	if os.Getenv("LONG_TESTS") == "" {
		t.Skip("it runs all lessons: LONG_TESTS=1 go test -run TestAnswers")
	}
	needGo(t)
	questions := readQuestions(t)
	t.Cleanup(measured.Clear) // with -count, measure again
	sideBySide(questions, func(*answers.Item) bool { return true })
	for _, q := range questions {
		t.Run("Q"+q.Number, func(t *testing.T) {
			for _, it := range q.BothForms() {
				facts, err := measure(it)
				command := fmt.Sprintf("go run %s %s", q.Lesson, strings.Join(it.Facts(), " "))
				if fact, reported := facts[it.ID]; !reported || err != nil {
					t.Errorf("%s has %s, and %s does not report it: %v", q.File, it.ID, command, err)
				} else if fact != it.Answer && !(runtime.GOOS == "windows" && strings.Contains(strings.Join(it.Text, " "), "your system")) {
					t.Errorf("%s: %s says %q, %s reports %q", q.File, it.ID, it.Answer, command, fact)
				}
				for id := range facts {
					if !slices.ContainsFunc(q.Items, func(it *answers.Item) bool { return it.ID == id }) {
						t.Errorf("%s reports %s, and %s has no such question", command, id, q.File)
					}
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

// answers/blank.md is made from the questions. It and the worksheet of form 2 have
// no prediction.
func TestBlank(t *testing.T) {
	questions := readQuestions(t)
	want := answers.Worksheet(questions, 1)
	if *update {
		if err := os.WriteFile(blankSheet, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(blankSheet)
	if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Errorf("%s is not made from the questions in answers/. Rewrite it: go test -run TestBlank -update", blankSheet)
	}
	for _, blank := range []string{want, answers.Worksheet(questions, 2)} {
		predicted, complaints := answers.Predictions(blankSheet, blank, questions)
		if len(predicted) != 0 || len(complaints) != 0 {
			t.Errorf("a blank worksheet has predictions %v and complaints %q", predicted, complaints)
		}
	}
}

func TestBeginNeverOverwrites(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.md")
	if said, err := begin(file, "1"); err != nil || !strings.HasPrefix(said, "Your worksheet is") {
		t.Fatalf("begin(a new file) = %q, %v", said, err)
	}
	if err := os.WriteFile(file, []byte("> my work"), 0o666); err != nil {
		t.Fatal(err)
	}
	said, err := begin(file, "1")
	if err != nil || !strings.Contains(said, "is there already") {
		t.Errorf("begin(a file) = %q, %v", said, err)
	}
	if text, _ := os.ReadFile(file); string(text) != "> my work" {
		t.Errorf("begin(a file) has written %q", text)
	}
	if said, err := begin(file, "2"); err == nil || !strings.Contains(err.Error(), "is a worksheet of form 1; ") {
		t.Errorf("begin(a worksheet of form 1, 2) = %q, %v", said, err)
	}
	if said, err := begin(t.TempDir(), "1"); err == nil {
		t.Errorf("begin(a directory) = %q and no error", said)
	}
}

// quiz runs the quiz with arguments, as go test does.
func quiz(args ...string) (output string, err error) {
	out, err := exec.Command(os.Args[0], args...).CombinedOutput()
	return string(out), err
}

func TestWhatCannotBeCheckedFails(t *testing.T) {
	form3 := filepath.Join(t.TempDir(), "form3.md")
	if err := os.WriteFile(form3, []byte("# Worksheet, form 3\n### 3a\n> 0\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ run, sheet, want string }{
		{"^TestQuiz$", "go.mod", "go.mod is not a worksheet: "},
		{"^TestQuiz$", t.TempDir(), " contains no worksheet"},
		{"^TestQuiz$/^Q9$", blankSheet, "/^Q9$ matches no lesson or question; "},
		{"^TestQuiz$/Q6/9z", blankSheet, "/9z matches no lesson or question; "},
		{"^TestQuiz$/Q6/6a", "lessons", "but not a question"},
		{"^TestQuiz$", "answers", "has the answers"},
		{"^TestQuiz$", ".", "has the answers"},
		{"Q6", blankSheet, "write -run Quiz/Q6 "},
		{"6a", blankSheet, "write -run Quiz/Q6 "},
		{"^TestQuiz$", form3, "its title ends neither in form 1 nor in form 2"},
	} {
		output, err := quiz("-test.run", test.run, "-sheet", test.sheet)
		if err == nil || !strings.Contains(output, test.want) || strings.Contains(output, " right") {
			t.Errorf("-run %s -sheet %s: %v, want an error that says %q, and no score:\n%s", test.run, test.sheet, err, test.want, output)
		}
	}
	const want = "-form two: the worksheet has only form 1 and form 2\n"
	if output, err := quiz("-form", "two"); err == nil || output != want {
		t.Errorf("-form two: %v, want an error and only %q:\n%s", err, want, output)
	}
}

func TestAClass(t *testing.T) {
	t.Parallel() // the lesson mostly waits
	needGo(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.md":    "Name: Anna\n### 3d\n> an error\n### 3e\n> 0 0 !\n## In your own words\nA PID.\n",
		"bert.md": "### 3d\n> nothing or an error\n### 9z\n",
		"c.MD":    "my homework",
		"d.txt":   "### 3d\n> an error",

		"1-process.md": "### 3d\n> an error",
		"3-ask.md":     "### 3d\n> an error",
		"README.md":    "### 3d\n> an error",

		"e f/mine.md": "### 3d\n> fails\n### 3e\n> some\n## In your own words\nIt is dead.\n",
		".g/mine.md":  "### 3d\n> an error",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	for flag, wanted := range map[string][]string{
		"-words=false": {
			"TestQuiz/Q3 predictions 1/6 " + filepath.ToSlash(filepath.Join(dir, "a.md")),
			"TestQuiz unreadable " + filepath.ToSlash(filepath.Join(dir, "c.MD")),
			"\nright  wrong  (sure)  not checked  blank  worksheet\n" +
				"    1      1     (1)            0      4  Anna (a.md)\n" +
				"    0      0     (0)            2      5  bert.md\n" +
				"    1      0     (0)            1      4  e f/mine.md\n" +
				"\nto see what is not checked, and why, for example: go test -sheet " + filepath.ToSlash(filepath.Join(dir, "bert.md")) + "\n",
			"\n  66%     2 of 3               2  3. What does the module offer?\n\n3e   wrong: 1 of 1, from 1 of 3 sheets\n",
			"\n     1 predicted  0 0\n",
			"\n3 worksheets read\nnot read: c.MD: ",
			"\nnot worksheets, because they are not *.md: 1-process.md, 3-ask.md, README.md, d.txt\n",
		},
		"-words": {"\nA good answer says\n- ", "\n\nAnna (a.md):\n    A PID.\n\ne f/mine.md:\n    It is dead.\n", "\n3 worksheets read\nnot read: c.MD: "},
	} {
		output, err := quiz("-test.v", "-test.run", "^TestQuiz$/Q3", "-sheet", dir, flag)
		for _, want := range wanted {
			if !strings.Contains(output, want) {
				t.Errorf("%s: %v, want %q in\n%s", flag, err, want, output)
			}
		}
		if err == nil || strings.Contains(output, "  c.MD") || flag == "-words" && strings.Contains(output, "wrong") {
			t.Errorf("%s: %v, want no success and no score of what is not a worksheet:\n%s", flag, err, output)
		}
	}
}

// In a class with both forms, each worksheet is checked against its own.
func TestBothForms(t *testing.T) {
	t.Parallel()
	needGo(t)
	dir := t.TempDir()
	var item *answers.Item
	for _, q := range readQuestions(t) {
		for _, it := range q.BothForms() {
			if it.Second && len(it.Other.Mistakes) > 0 {
				item = it
			}
		}
	}
	if item == nil {
		t.Fatal("no question differs in form 2")
	}
	for name, text := range map[string]string{
		"a.md": "# Worksheet, form 1\n### %s\n> " + item.Other.Answer,
		"b.md": "# Worksheet, form 2\n### %s\n> " + item.Answer,
		"c.md": "# Worksheet, form 2\n### %s\n> " + item.Mistakes[0].Answer,
		"d.md": "# Worksheet, form 1\n### %s\n> " + item.Other.Mistakes[0].Answer,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), fmt.Appendf(nil, text, item.ID), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	lesson := "^TestQuiz$/Q" + item.Question.Number
	output, err := quiz("-test.run", lesson, "-sheet", dir)
	line := fmt.Sprintf("    %%d      %%d     (0)            0  %5d  %%s\n", len(item.Question.Items)-1)
	for _, want := range []string{
		fmt.Sprintf(line+line+line+line, 1, 0, "a.md", 1, 0, "b.md, form 2", 0, 1, "c.md, form 2", 0, 1, "d.md"),
		item.ID + "   wrong: 2 of 4\n",
		"     2 predicted  ",
	} {
		if err != nil || !strings.Contains(output, want) {
			t.Errorf("%v, want %q in\n%s", err, want, output)
		}
	}
	output, _ = quiz("-test.run", lesson, "-sheet", filepath.Join(dir, "c.md"), "-reveal")
	for _, want := range append(item.Text, "this machine   says "+item.Answer+"\n") {
		if !strings.Contains(output, want) {
			t.Errorf("want %q in\n%s", want, output)
		}
	}
}

func TestALessonThatWasChanged(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "GIT_") {
			t.Setenv(name, "")
			os.Unsetenv(name) // git sets it, if this test runs in a git hook
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
	check("also changed", "You have changed lessons/01-a, so a right prediction may be called wrong. To undo your changes: git restore lessons/01-a/main.go\n")
}

// If go test cannot print the result, it fails. Here standard output is a file that
// was opened only for reading.
func TestAResultThatIsLostIsNoSuccess(t *testing.T) {
	t.Parallel()
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
		t.Errorf("go test without an output ends with exit code %d, want 1 and a message:\n%s", code, &complaint)
	}
}

// TestExercises says how many of the exercises in lessons/ are done. One that is not
// done does not fail this test. A class is not told about those of its teacher.
func TestExercises(t *testing.T) {
	if info, err := os.Stat(*sheet); err != nil || !info.IsDir() {
		closing += exercise.Progress(t.Context(), ".") + "\n"
	}
}

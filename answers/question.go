// Package answers reads the questions of the quiz, reads predictions, and checks
// them against what the lessons measured. It contains no question and no answer:
// they are in answers/, one file for each lesson, with questions like
//
//	### 6a
//	Main joins neither worker. Which lines are printed?
//	A "1 starting"  B "2 starting"  C "2 exiting"
//	(letters)
//	> A B
//	? the last mark in Worker 2's row
//	?! A B C  your prediction would be true of a process that somebody
//	  joins; look at the end of main's row
//
// A question has its text and what it offers, the [Form] of a prediction in
// brackets, the answer, a hint that says where to look, and for each common mistake
// a hint that names the belief. "## In your own words" has prompts, each with the
// points that a good answer has. "## Claims" lists the chapter's claims and the
// questions that show them. The rest is for reading.
//
// There are two forms of the worksheet. A question that has {nine|seven} in it
// says nine in form 1 and seven in form 2.
//
// Nothing here runs a lesson: quiz_test.go, in the directory above, does.
package answers

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Question is one of the chapter's, and the lesson that answers it.
type Question struct {
	Number  string // "6"
	Title   string // "6. What are daemon processes for?"
	File    string // answers/6-daemon.md
	Lesson  string // ./lessons/06-daemon
	Items   []*Item
	Prompts []Prompt
	Claims  []string             // "daemons do not block the exit of main: 6a 6b"
	all     map[string]*Question // by number
}

// A Prompt is for an answer in one's own words. Its points are what a good
// answer says.
type Prompt struct{ Text, Points string }

// An Item is one of the questions of the quiz, like 6a, in one of two forms.
type Item struct {
	ID       string   // "6a"
	Text     []string // lines: the question, and what it offers
	Form     Form
	Answer   string
	Hint     string
	Mistakes []Mistake
	Question *Question
	Second   bool  // it is for form 2 of the worksheet
	Other    *Item // the question in the other form; nil if both are the same
}

// In returns the item in a form of the worksheet, 1 or 2.
func (it *Item) In(form int) *Item {
	if it.Other != nil && it.Second != (form == 2) {
		return it.Other
	}
	return it
}

// BothForms returns the items in form 1, and those that differ in form 2.
func (q *Question) BothForms() []*Item {
	all := slices.Clone(q.Items)
	for _, it := range q.Items {
		if it.Other != nil {
			all = append(all, it.Other)
		}
	}
	return all
}

// Facts are the arguments with which the lesson measures the facts of this form.
func (it *Item) Facts() []string {
	args := []string{"-facts"}
	if it.Second {
		args = append(args, "-form", "2")
		for _, second := range it.Question.BothForms()[len(it.Question.Items):] {
			args = append(args, second.ID)
		}
	}
	return args
}

// A Mistake is a common wrong prediction, and the hint that names the belief.
type Mistake struct{ Answer, Why string }

// Questions reads the questions in a directory.
func Questions(dir string) ([]*Question, error) {
	files, err := filepath.Glob(filepath.Join(dir, "[0-9]*-*.md"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("%s has no questions", dir)
	}
	var all []*Question
	byNumber := make(map[string]*Question)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		q, err := parseQuestion(filepath.ToSlash(file), string(text))
		if err != nil {
			return nil, err
		}
		q.all, byNumber[q.Number] = byNumber, q
		all = append(all, q)
	}
	return all, nil
}

func parseQuestion(file, text string) (*Question, error) {
	number, name, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".md"), "-")
	q := &Question{Number: number, File: file, Lesson: fmt.Sprintf("./lessons/%02s-%s", number, name)}
	above := 0 // the level of the heading that an item stands below
	for _, s := range sections(text) {
		switch {
		case s.level == 1:
			q.Title = s.title
		case s.level == 3 && above == 1:
			it, err := bothForms(q, s)
			if err != nil {
				return nil, err
			}
			q.Items = append(q.Items, it)
		case s.title == "In your own words":
			q.Prompts = prompts(s.lines)
		case s.title == "Claims":
			q.Claims = entries(s.lines)
		}
		if s.level < 3 {
			above = s.level
		}
	}
	return q, nil
}

var alternatives = regexp.MustCompile(`\{([^{}|]*)\|([^{}|]*)\}`)

// bothForms returns the item in form 1.
func bothForms(q *Question, s section) (*Item, error) {
	text := strings.Join(s.lines, "\n")
	inForm := func(which string) *Item {
		return parseItem(q, s.title, strings.Split(alternatives.ReplaceAllString(text, which), "\n"))
	}
	if strings.ContainsAny(alternatives.ReplaceAllString(text, ""), "{}") {
		return nil, fmt.Errorf("%s: the braces in %s are not like {nine|seven}, which is nine in form 1 and seven in form 2", q.File, s.title)
	}
	it := inForm("$1")
	if alternatives.MatchString(text) {
		it.Other = inForm("$2")
		it.Other.Second, it.Other.Other = true, it
	}
	return it, nil
}

func parseItem(q *Question, id string, lines []string) *Item {
	it := &Item{ID: id, Question: q}
	form := ""
	goOn := func(line string) { it.Text = append(it.Text, strings.TrimSpace(line)) } // with what began above the line
	for _, line := range lines {
		first, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		switch {
		case line == "":
		case first == ">":
			it.Answer = rest
		case first == "?":
			it.Hint, goOn = rest, func(line string) { it.Hint += " " + strings.TrimSpace(line) }
		case first == "?!":
			answer, why, _ := strings.Cut(rest, "  ")
			it.Mistakes = append(it.Mistakes, Mistake{answer, strings.TrimSpace(why)})
			last := &it.Mistakes[len(it.Mistakes)-1]
			goOn = func(line string) { last.Why += " " + strings.TrimSpace(line) }
		case form == "" && strings.HasPrefix(line, "(") && strings.HasSuffix(line, ")"):
			form = strings.Trim(line, "()")
		default:
			goOn(line)
		}
	}
	it.Form = ParseForm(form, it.Text)
	return it
}

// prompts returns the paragraphs. One that begins with these words has the points
// of the one above.
func prompts(lines []string) (all []Prompt) {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(strings.Join(lines, "\n")), "\n\n") {
		if strings.HasPrefix(paragraph, "A good answer says") && len(all) > 0 {
			all[len(all)-1].Points = paragraph
		} else {
			all = append(all, Prompt{Text: paragraph})
		}
	}
	return all
}

// entries returns the entries of a list, each as one line.
func entries(lines []string) (all []string) {
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, "- "); ok {
			all = append(all, rest)
		} else if len(all) > 0 && line != "" {
			all[len(all)-1] += " " + strings.TrimSpace(line)
		}
	}
	return all
}

// A section is a heading of a Markdown file and the lines below it.
type section struct {
	level int // of the heading; 0 for what is above the first one
	title string
	line  int // of the heading, the first in the file is 1
	lines []string
}

// A heading may also be the name of a question alone, in bold.
var heading = regexp.MustCompile(`^\s*(?:(#+)\s*(.*)|(?:\*\*|__)\W*(\d+[a-zA-Z])[\W_]*)$`)

func sections(text string) []section {
	all := []section{{}}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if h := heading.FindStringSubmatch(line); h != nil {
			level := cmp.Or(len(h[1]), 3)
			all = append(all, section{level: level, title: strings.Trim(h[2]+h[3], "*_.: "), line: i + 1})
		} else {
			last := &all[len(all)-1]
			last.lines = append(last.lines, line)
		}
	}
	return all
}

package answers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Facts are what a lesson has measured, by question.
type Facts map[string]string

// An Outcome is the result of checking a prediction.
type Outcome int

// The outcomes. Unchecked is a prediction that is not understood, or one that
// cannot be checked because the lesson reports nothing.
const (
	Blank Outcome = iota
	Unchecked
	Wrong
	Right
)

// Check compares a prediction with what the lesson measures, which it asks for if
// there is something to compare. If the prediction is not right, the text says where
// to look. It contains the fact only if reveal is true.
func (it *Item) Check(p Prediction, measure func() (Facts, error), reveal bool) (o Outcome, text string) {
	answer, understood := it.Form.Read(p.Words)
	switch {
	case p.Complaint != "":
		return Unchecked, p.Where + ": " + p.Complaint
	case strings.Trim(p.Words, "?-._ ") == "":
		return Blank, ""
	case !understood:
		return Unchecked, fmt.Sprintf("%syou wrote      %s  (%s)\nnot checked    %s\n", it.asked(), p.Words, p.Where,
			wrap(it.Form.Unclear(p.Words), 48, "\n               "))
	}
	measured, err := measure()
	fact, reported := measured[it.ID]
	switch {
	case !reported && err == nil:
		return Unchecked, fmt.Sprintf("%s: the lesson says nothing about %s: go run %s %s", p.Where, it.ID, it.Question.Lesson, strings.Join(it.Facts(), " "))
	case !reported:
		return Unchecked, fmt.Sprintf("%s: the lesson failed, so %s is not checked\n%v", p.Where, it.ID, err)
	case it.Form.Same(answer, fact):
		return Right, ""
	case reveal:
		return Wrong, it.advice(p, answer, "says "+fact) + "the reason     " + it.Question.File + "\n"
	}
	return Wrong, it.advice(p, answer, "disagrees")
}

// asked returns the question, as it is in the worksheet.
func (it *Item) asked() string { return strings.Join(it.lines(), "\n") + "\n" }

// look returns the hint for a wrong prediction: that of the common mistake, or that
// of the question.
func (it *Item) look(answer string) string {
	if i := it.mistake(answer); i >= 0 {
		return it.Mistakes[i].Why
	}
	return it.Hint
}

// mistake returns the number of the common mistake that an answer is, or -1.
func (it *Item) mistake(answer string) int {
	return slices.IndexFunc(it.Mistakes, func(m Mistake) bool { return it.Form.Same(m.Answer, answer) })
}

// advice says where to look after a wrong prediction.
func (it *Item) advice(p Prediction, answer, machine string) string {
	sure := ""
	if p.Sure {
		sure = ", and were sure"
	}
	var b strings.Builder
	b.WriteString(it.asked())
	fmt.Fprintf(&b, "you predicted  %s%s  (%s)\n", p.Words, sure, p.Where)
	fmt.Fprintf(&b, "this machine   %s\n", machine)
	look := it.look(answer)
	fmt.Fprintf(&b, "see it         %s\n", it.see(look))
	fmt.Fprintf(&b, "look           %s\n", wrap(look, 48, "\n               "))
	return b.String()
}

var (
	flagOf      = regexp.MustCompile(`\s(-[a-z]+( \d+)?)`)
	otherLesson = regexp.MustCompile(`lesson (\d)`)
	changeFirst = regexp.MustCompile(`change main\.go|in main\.go, (write|print)`)
)

// see returns where to see what a hint is about: a command that shows it, or a file.
func (it *Item) see(hint string) string {
	lesson := it.Question.Lesson
	if m := otherLesson.FindStringSubmatch(hint); m != nil {
		return "go run " + it.Question.all[m[1]].Lesson
	}
	command, dir := "go run "+lesson, strings.TrimPrefix(lesson, "./")
	switch m := flagOf.FindStringSubmatch(hint); {
	case changeFirst.MatchString(hint):
		return command + "  (first change main.go)"
	case strings.Contains(hint, "experiments.go"):
		return dir + "/experiments.go measures it"
	case strings.Contains(hint, "main.go"):
		return dir + "/main.go"
	case m != nil:
		return command + " " + m[1]
	}
	return command
}

// wrap breaks a text into lines with at most width bytes.
func wrap(text string, width int, newline string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
		case column+1+len(word) > width:
			b.WriteString(newline)
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// A Score counts outcomes.
type Score struct {
	Count        [Right + 1]int // by outcome
	SureAndWrong []string       // questions
}

// Add counts an outcome.
func (s *Score) Add(it *Item, p Prediction, o Outcome) {
	s.Count[o]++
	if o == Wrong && p.Sure {
		s.SureAndWrong = append(s.SureAndWrong, it.ID)
	}
}

// String returns the last line of the quiz's output.
func (s *Score) String() string {
	right, wrong, unchecked, blank := s.Count[Right], s.Count[Wrong], s.Count[Unchecked], s.Count[Blank]
	text := fmt.Sprintf("%d of %d right", right, right+wrong+unchecked+blank)
	for _, part := range []struct {
		n    int
		what string
	}{{wrong, "wrong"}, {unchecked, "not checked"}, {blank, "blank"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	text += "."
	if len(s.SureAndWrong) > 0 {
		text += fmt.Sprintf(" Look first at %s: you were sure.", strings.Join(s.SureAndWrong, " "))
	}
	return text
}

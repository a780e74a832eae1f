package answers

import (
	"fmt"
	"strings"
)

// Facts are what a lesson has measured, by item.
type Facts map[string]string

// An Outcome is what becomes of an item.
type Outcome int

// The outcomes. Unmarked is an answer that is not understood, or one that
// cannot be compared because the lesson reports nothing.
const (
	Blank Outcome = iota
	Unmarked
	Wrong
	Right
)

// Mark compares a prediction with what the lesson measures, which it asks for
// if there is something to compare. The text says what to do about a prediction
// that is not right. It has the fact in it only if reveal is true.
func (it *Item) Mark(p Prediction, measure func() (Facts, error), reveal bool) (o Outcome, text string) {
	answer, understood := it.Form.Read(p.Words)
	switch {
	case p.Complaint != "":
		return Unmarked, p.Where + ": " + p.Complaint
	case len(words(p.Words)) == 0: // or a question mark
		return Blank, ""
	case !understood:
		return Unmarked, fmt.Sprintf("%syou wrote      %s  (%s)\nnot marked     %s\n", it.asked(), p.Words, p.Where,
			wrap(it.Form.Ask(it.Answer)+", behind the >, and nothing else", 48, "\n               "))
	}
	measured, err := measure()
	fact, reported := measured[it.ID]
	switch {
	case !reported && err == nil:
		return Unmarked, fmt.Sprintf("%s: the lesson says nothing about %s: go run %s -facts", p.Where, it.ID, it.Question.Lesson)
	case !reported:
		return Unmarked, fmt.Sprintf("%s: the lesson went wrong, so %s is not marked\n%v", p.Where, it.ID, err)
	case it.Form.Same(answer, fact):
		return Right, ""
	case reveal:
		return Wrong, it.advice(p, answer, "says "+fact) + "the reason     " + it.Question.File + "\n"
	}
	return Wrong, it.advice(p, answer, "disagrees")
}

// asked is the item as the worksheet has it.
func (it *Item) asked() string {
	return fmt.Sprintf("%s\n(%s)\n", strings.Join(it.Text, "\n"), it.Form.Words)
}

// advice says where to look after a wrong answer.
func (it *Item) advice(p Prediction, answer, machine string) string {
	look := it.Hint
	for _, m := range it.Mistakes {
		if it.Form.Same(m.Answer, answer) {
			look = m.Why
		}
	}
	sure := ""
	if p.Sure {
		sure = ", and were sure"
	}
	var b strings.Builder
	b.WriteString(it.asked())
	fmt.Fprintf(&b, "you predicted  %s%s  (%s)\n", p.Words, sure, p.Where)
	fmt.Fprintf(&b, "this machine   %s\n", machine)
	fmt.Fprintf(&b, "see it         go run %s\n", it.Question.Lesson)
	fmt.Fprintf(&b, "look           %s\n", wrap(look, 48, "\n               "))
	return b.String()
}

// wrap breaks a text into lines of a width at most.
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
	SureAndWrong []string       // items
}

// Add counts what became of an item.
func (s *Score) Add(it *Item, p Prediction, o Outcome) {
	s.Count[o]++
	if o == Wrong && p.Sure {
		s.SureAndWrong = append(s.SureAndWrong, it.ID)
	}
}

// String is the line at the end.
func (s *Score) String() string {
	right, wrong, unmarked, blank := s.Count[Right], s.Count[Wrong], s.Count[Unmarked], s.Count[Blank]
	text := fmt.Sprintf("%d of %d predictions right", right, right+wrong+unmarked+blank)
	for _, part := range []struct {
		n    int
		what string
	}{{wrong, "to look at again"}, {unmarked, "not marked"}, {blank, "blank"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	if len(s.SureAndWrong) > 0 {
		text += fmt.Sprintf("; sure and wrong: %s, look there first", strings.Join(s.SureAndWrong, " "))
	}
	return text
}

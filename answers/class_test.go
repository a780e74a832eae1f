package answers

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// A belief is the first common mistake of a question. Of the students that predict
// anything, some make it.
type belief struct {
	holders, triers int
	it              *Item
}

// The classes are made up, with their beliefs, the hardest first.
var classes = map[int][]belief{
	3:  {{3, 3, nil}, {2, 3, nil}},
	20: {{18, 20, nil}, {15, 18, nil}, {13, 18, nil}, {12, 20, nil}, {9, 16, nil}},
	60: {{55, 60, nil}, {44, 50, nil}, {40, 60, nil}, {30, 55, nil}, {30, 60, nil}},
}

// choose gives the beliefs of a class questions: every other one has a second form.
func choose(t *testing.T, students int) (beliefs []belief) {
	var same, differ []*Item
	for _, q := range answers(t) {
		for _, it := range q.Items {
			switch {
			case len(it.Mistakes) == 0:
			case it.Other == nil:
				same = append(same, it)
			default:
				differ = append(differ, it)
			}
		}
	}
	for i, b := range classes[students] {
		from := [][]*Item{differ, same}[i%2]
		b.it = from[(students+i)%len(from)]
		beliefs = append(beliefs, b)
	}
	return beliefs
}

// The form of each student's worksheet.
var forms = map[string]func(student int) int{
	"form 1":     func(int) int { return 1 },
	"form 2":     func(int) int { return 2 },
	"both forms": func(student int) int { return 1 + student%2 },
}

// predicts returns what a student writes. Where no belief is known it is right,
// but for a blank or a slip now and then.
func predicts(student int, it *Item, beliefs []belief, random *rand.Rand) string {
	for _, b := range beliefs {
		switch {
		case b.it.ID != it.ID:
		case student < b.holders:
			return it.Mistakes[0].Answer
		case student < b.triers:
			return it.Answer
		default:
			return ""
		}
	}
	slips := changed(it)
	switch random.IntN(25) {
	case 0:
		return slips[random.IntN(len(slips))]
	case 1, 2, 3, 4:
		return ""
	}
	return it.Answer
}

func report(t *testing.T, students int, beliefs []belief, form func(student int) int) string {
	questions, class := answers(t), make(Class)
	random := rand.New(rand.NewPCG(1, uint64(students)))
	for student := range students {
		sheet, facts := fmt.Sprintf("# Worksheet, form %d\n", form(student)), make(Facts)
		for _, q := range questions {
			for _, it := range q.Items {
				it = it.In(form(student))
				facts[it.ID] = it.Answer
				sheet += fmt.Sprintf("### %s\n> %s\n", it.ID, predicts(student, it, beliefs, random))
			}
		}
		predicted, _ := Predictions("sheet.md", sheet, questions)
		for id, it := range Items(questions) {
			it = it.In(FormOf(sheet))
			o, _ := it.Check(predicted[id], known(facts), false)
			class.Add(it, predicted[id], o)
		}
	}
	return class.Report(questions)
}

// shown is the mistake as the report has it: in which form most made it.
func (b belief) shown(which string) string {
	first, second := b.it.Mistakes[0].Answer, b.it.In(2).Mistakes[0].Answer+" (form 2)"
	switch {
	case b.it.Other == nil || which == "form 1" || which == "both forms" && second == first+" (form 2)":
		return first
	case which == "form 2":
		return second
	}
	return first + " or " + second
}

func TestTheReportOfAClassNamesItsBeliefs(t *testing.T) {
	for students := range classes {
		for which, form := range forms {
			t.Run(fmt.Sprint(students, " students, ", which), func(t *testing.T) {
				beliefs := choose(t, students)
				checkReport(t, report(t, students, beliefs, form), beliefs, which)
			})
		}
	}
}

func checkReport(t *testing.T, text string, beliefs []belief, which string) {
	rest := strings.Join(strings.Fields(text), " ")
	for _, b := range beliefs {
		asked := b.it
		if which == "form 2" {
			asked = b.it.In(2)
		}
		for _, want := range []string{
			fmt.Sprintf("%s wrong: %d of %d", b.it.ID, b.holders, b.triers),
			strings.Join(asked.Text, " "),
			fmt.Sprintf("%d predicted %s %s", b.holders, b.shown(which), asked.Mistakes[0].Why),
		} {
			_, after, found := strings.Cut(rest, strings.Join(strings.Fields(want), " "))
			if !found {
				t.Fatalf("want %q, in this place, in\n%s", want, text)
			}
			rest = after
		}
	}
	for line := range strings.Lines(text) {
		if utf8.RuneCountInString(line) > 81 {
			t.Errorf("a line has more than 80 columns: %s", line)
		}
	}
	if strings.Count(text, "%  ") != len(answers(t)) {
		t.Errorf("want a line for each lesson, with its score, in\n%s", text)
	}
}

// A question that few sheets answer comes last, and what is not checked is counted.
func TestAQuestionThatFewAnswer(t *testing.T) {
	questions, class := answers(t), make(Class)
	rare, common := questions[0].Items[0], questions[1].Items[0]
	for student := range 6 {
		o := Blank
		if student < 2 {
			o = Wrong
		}
		class.Add(rare, Prediction{Words: rare.Mistakes[0].Answer}, o)
		o = Right
		if student < 1 {
			o = Wrong
		} else if student < 3 {
			o = Unchecked
		}
		class.Add(common, Prediction{Words: common.Mistakes[0].Answer}, o)
	}
	class.Add(questions[2].Items[0], Prediction{Words: "perhaps"}, Unchecked)
	text := class.Report(questions)
	_, after, _ := strings.Cut(text, "\n"+common.ID+"   wrong: 1 of 4\n")
	if !strings.Contains(after, "\n"+rare.ID+"   wrong: 2 of 2, from 2 of 6 sheets\n") {
		t.Errorf("want %s, and then %s, from 2 of 6 sheets, in\n%s", common.ID, rare.ID, text)
	}
	if want := "  75%     3 of 4               2  " + questions[1].Title + "\n"; !strings.Contains(text, want) {
		t.Errorf("want %q in\n%s", want, text)
	}
	if want := "\nnot checked                    1  " + questions[2].Title + "\n"; !strings.Contains(text, want) {
		t.Errorf("want %q in\n%s", want, text)
	}
}

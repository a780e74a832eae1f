package answers

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// A belief is a wrong prediction that some students of a class make, of those who
// predict anything.
type belief struct {
	id, answer      string
	holders, triers int
}

// The classes are made up, with their beliefs, the hardest first.
var classes = map[int][]belief{
	3:  {{"8a", "20 99", 3, 3}, {"6a", "A B C D", 2, 3}},
	20: {{"6a", "A B C D", 18, 20}, {"7b", "1", 2, 2}, {"3c", "7 7", 13, 18}, {"1c", "25", 12, 20}, {"8f", "returns an error", 9, 16}},
	60: {{"2d", "3 3", 55, 60}, {"4d", "1 1", 44, 50}, {"8d", "EOF, EOF", 40, 60}, {"5c", "main, main", 30, 55}, {"2b", "all", 30, 60}},
}

// predicts returns what a student writes. Where no belief is known it is right,
// but for a blank or a slip now and then.
func predicts(student int, it *Item, beliefs []belief, random *rand.Rand) string {
	for _, b := range beliefs {
		switch {
		case b.id != it.ID:
		case student < b.holders:
			return b.answer
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

func report(t *testing.T, students int, beliefs []belief) string {
	questions, class, facts := answers(t), make(Class), make(Facts)
	for id, it := range Items(questions) {
		facts[id] = it.Answer
	}
	random := rand.New(rand.NewPCG(1, uint64(students)))
	for student := range students {
		sheet := ""
		for _, q := range questions {
			for _, it := range q.Items {
				sheet += fmt.Sprintf("### %s\n> %s\n", it.ID, predicts(student, it, beliefs, random))
			}
		}
		predicted, _ := Predictions("sheet.md", sheet, questions)
		for id, it := range Items(questions) {
			o, _ := it.Check(predicted[id], known(facts), false)
			class.Add(it, predicted[id], o)
		}
	}
	return class.Report(questions)
}

func TestTheReportOfAClassNamesItsBeliefs(t *testing.T) {
	for students, beliefs := range classes {
		text := report(t, students, beliefs)
		rest := strings.Join(strings.Fields(text), " ")
		for _, b := range beliefs {
			it := Items(answers(t))[b.id]
			lines := []string{
				fmt.Sprintf("%s wrong: %d of %d", b.id, b.holders, b.triers),
				strings.Join(it.Text, " "),
				fmt.Sprintf("%d predicted %s %s", b.holders, b.answer, it.look(b.answer)),
			}
			for _, want := range lines {
				_, after, found := strings.Cut(rest, strings.Join(strings.Fields(want), " "))
				if !found {
					t.Fatalf("a class of %d: want %q, in this place, in\n%s", students, want, text)
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
}

package answers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Class counts what many worksheets predict, by question.
type Class map[string]*tally

type tally struct {
	sheets, unchecked, right int
	wrong                    map[wrong]int
}

// A wrong prediction belongs to a question in one of its forms.
type wrong struct {
	it     *Item
	answer string
}

// String is the prediction as a teacher reads it.
func (w wrong) String() string {
	if w.it.Second {
		return w.answer + " (form 2)"
	}
	return w.answer
}

// inOther is the same common mistake in the other form.
func (w wrong) inOther() (same wrong) {
	if i := w.it.mistake(w.answer); i >= 0 && w.it.Other != nil {
		same.it = w.it.Other
		same.answer, _ = same.it.Form.Read(same.it.Mistakes[i].Answer)
	}
	return same
}

// Add counts an outcome.
func (c Class) Add(it *Item, p Prediction, o Outcome) {
	if c[it.ID] == nil {
		c[it.ID] = &tally{wrong: make(map[wrong]int)}
	}
	c[it.ID].sheets++
	switch o {
	case Unchecked:
		c[it.ID].unchecked++
	case Right:
		c[it.ID].right++
	case Wrong:
		answer, _ := it.Form.Read(p.Words)
		c[it.ID].wrong[wrong{it, answer}]++
	}
}

// missed returns how many were wrong, and how many predicted anything.
func (c Class) missed(items ...*Item) (wrong, all int) {
	for _, it := range items {
		if t := c[it.ID]; t != nil {
			for _, n := range t.wrong {
				wrong += n
			}
			all += t.right
		}
	}
	return wrong, all + wrong
}

// few says that less than half of the sheets have a prediction that was checked.
func (c Class) few(it *Item) string {
	if _, tried := c.missed(it); 2*tried < c[it.ID].sheets {
		return fmt.Sprintf(", from %d of %d sheets", tried, c[it.ID].sheets)
	}
	return ""
}

// hardest orders by the share of wrong predictions. It adds one right and one wrong
// prediction to each, so 1 of 1 counts less than 9 of 10.
func hardest[T any](c Class, all []T, items func(T) []*Item) []T {
	share := func(x T) float64 {
		wrong, tried := c.missed(items(x)...)
		return float64(wrong+1) / float64(tried+2)
	}
	return slices.SortedStableFunc(slices.Values(all), func(x, y T) int { return cmp.Compare(share(y), share(x)) })
}

// commonest returns the most common wrong prediction, how many made it, and the
// prediction as a teacher reads it. A common mistake is the same in both forms.
func (t *tally) commonest() (most wrong, n int, shown string) {
	inOrder := func(v, w wrong) int {
		return strings.Compare(fmt.Sprint(v.it.Second, v.answer), fmt.Sprint(w.it.Second, w.answer))
	}
	for _, w := range slices.SortedFunc(maps.Keys(t.wrong), inOrder) {
		same := w.inOther()
		own, other := t.wrong[w], t.wrong[same]
		if own+other < n || own+other == n && own <= t.wrong[most] {
			continue
		}
		most, n, shown = w, own+other, w.String()
		if other > 0 && same.answer != w.answer {
			shown += " or " + same.String()
		}
	}
	return most, n, shown
}

const inFull, inShort = 5, 10 // questions in a report

// Report tells a teacher which questions were hard, and which mistakes were common.
func (c Class) Report(questions []*Question) string {
	var b strings.Builder
	var missed []*Item
	b.WriteString("\nright                not checked  lesson, the hardest first\n")
	for _, q := range hardest(c, questions, func(q *Question) []*Item { return q.Items }) {
		wrong, tried := c.missed(q.Items...)
		unchecked := 0
		for _, it := range q.Items {
			if t := c[it.ID]; t != nil {
				unchecked += t.unchecked
			}
			if wrong, _ := c.missed(it); wrong > 0 {
				missed = append(missed, it)
			}
		}
		right := "not checked"
		if tried > 0 {
			right = fmt.Sprintf("%4d%%  %4d of %-4d", 100*(tried-wrong)/tried, tried-wrong, tried)
		}
		if tried+unchecked > 0 {
			fmt.Fprintf(&b, "%-19s  %11d  %s\n", right, unchecked, q.Title)
		}
	}
	missed = hardest(c, missed, func(it *Item) []*Item { return []*Item{it} })
	often := func(it *Item) bool { return c.few(it) == "" }
	rarely := slices.DeleteFunc(slices.Clone(missed), often)
	missed = append(slices.DeleteFunc(missed, func(it *Item) bool { return !often(it) }), rarely...)
	for i, it := range missed[:min(inFull+inShort, len(missed))] {
		if i == inFull {
			b.WriteString("\nalso wrong\n")
		}
		c.describe(&b, it, i < inFull)
	}
	return b.String()
}

// describe says how many predictions for a question were wrong, and which was the
// most common one. In full, it adds the question and the hint for it.
func (c Class) describe(b *strings.Builder, it *Item, full bool) {
	wrong, tried := c.missed(it)
	most, n, shown := c[it.ID].commonest()
	if !full {
		fmt.Fprintf(b, "%s   wrong: %d of %d, most often %s (%d)%s\n", it.ID, wrong, tried, shown, n, c.few(it))
		return
	}
	fmt.Fprintf(b, "\n%s   wrong: %d of %d%s\n", it.ID, wrong, tried, c.few(it))
	for _, line := range most.it.lines() {
		fmt.Fprintf(b, "     %s\n", line)
	}
	fmt.Fprintf(b, "     %d predicted  %s\n     %s\n", n, shown, wrap(most.it.look(most.answer), 70, "\n     "))
}

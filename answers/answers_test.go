package answers

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The tests in this file are about what is in answers/.

func answers(t *testing.T) []*Question {
	t.Helper()
	questions, err := Questions(".")
	if err != nil {
		t.Fatal(err)
	}
	return questions
}

// A question can be answered, its hints are not the answer, and it fits below the
// name of a failing test. A prompt has the points of a good answer.
func TestItems(t *testing.T) {
	seen := make(map[string]string)
	for _, q := range answers(t) {
		if !strings.HasPrefix(q.Title, q.Number+". ") || len(q.Items) < 4 || len(q.Claims) == 0 || len(q.Prompts) == 0 {
			t.Errorf("%s: want # %s. and a title, four ###, ## In your own words, and ## Claims", q.File, q.Number)
		}
		for _, p := range q.Prompts {
			if strings.Count(p.Points, "\n- ") < 2 {
				t.Errorf(`%s: want "A good answer says" and two points or more below this: %s`, q.File, p.Text)
			}
		}
		for _, it := range q.Items {
			if !regexp.MustCompile(`^`+q.Number+`[a-z]$`).MatchString(it.ID) || seen[it.ID] != "" {
				t.Errorf("%s: question %q has the name of another, or one that nobody can guess", q.File, it.ID)
			}
			seen[it.ID] = q.File
		}
		for _, it := range q.BothForms() {
			for _, flaw := range flaws(it) {
				t.Errorf("%s: %s: %s", q.File, it.ID, flaw)
			}
		}
	}
}

func flaws(it *Item) (all []string) {
	for _, line := range it.lines() {
		if len(line) >= 64 {
			all = append(all, fmt.Sprintf("%d columns, want less than 64: %s", len(line), line))
		}
	}
	if len(it.Text) == 0 || it.Hint == "" {
		all = append(all, "it needs a text and a hint")
	}
	if !it.Form.Same(it.Answer, it.Answer) {
		all = append(all, fmt.Sprintf("%q is not an answer of the form (%s)", it.Answer, it.Form.Words))
	}
	for _, choice := range it.Form.Choices {
		if read, _ := it.Form.Read(choice); it.Form.Count == 1 && read != choice {
			all = append(all, fmt.Sprintf("the choice %q is read as %q", choice, read))
		}
	}
	if it.Second && it.Form.Same(it.Answer, it.Other.Answer) {
		all = append(all, "form 2 has the same answer as form 1, so a student who remembers it need not think")
	}
	if it.Second && len(it.Mistakes) != len(it.Other.Mistakes) {
		all = append(all, "want the same mistakes in both forms")
	}
	shown := []string{it.Hint, it.Form.Words}
	for _, m := range it.Mistakes {
		shown = append(shown, m.Why)
		if !it.Form.Same(m.Answer, m.Answer) || it.Form.Same(m.Answer, it.Answer) || m.Why == "" {
			all = append(all, fmt.Sprintf("?! %s: want a wrong answer of the form (%s), two blanks, and a text", m.Answer, it.Form.Words))
		}
	}
	if it.Form.Kind == Named || it.Form.Max > 0 {
		shown = slices.Delete(shown, 1, 2) // all that can be chosen
	}
	for _, text := range shown {
		if gives(text, it.Answer) {
			all = append(all, fmt.Sprintf("what readers see after a wrong answer has the right one in it, %q: %s", it.Answer, text))
		}
	}
	return all
}

// gives reports whether a text has the answer in it, as words. Letters are capitals,
// because "a" is also a word.
func gives(text, answer string) bool {
	if answer == "" {
		return false
	}
	ignoreCase := "(?i)"
	if len(answer) == 1 || answer[1] == ' ' {
		ignoreCase = ""
	}
	answer = strings.ReplaceAll(regexp.QuoteMeta(answer), " ", `\s+`)
	return regexp.MustCompile(ignoreCase + `(^|\W)` + answer + `(\W|$)`).MatchString(text)
}

// A worksheet with all answers is right. With one of them changed, it is wrong, and
// the text does not tell what is right.
func TestRightAndChangedAnswers(t *testing.T) {
	for form := 1; form <= 2; form++ {
		t.Run(fmt.Sprint("form ", form), func(t *testing.T) { rightAndChanged(t, answers(t), form) })
	}
}

func rightAndChanged(t *testing.T, questions []*Question, form int) {
	text, items, facts := Worksheet(questions, form), Items(questions), make(Facts)
	for id, it := range items {
		it = it.In(form)
		items[id], facts[id] = it, it.Answer
		head, tail, _ := strings.Cut(text, "### "+id+"\n")
		text = head + "### " + id + "\n" + strings.Replace(tail, "\n>\n", "\n> "+it.Answer+"\n", 1)
	}
	predicted, complaints := Predictions("sheet.md", text, questions)
	if len(complaints) != 0 {
		t.Errorf("complaints about a sheet with all answers: %q", complaints)
	}
	for id, it := range items {
		if o, text := it.Check(predicted[id], known(facts), false); o != Right {
			t.Errorf("%s: the answer %q is not right:\n%s", id, it.Answer, text)
		}
		for _, answer := range changed(it) {
			p := Prediction{Words: answer, Where: "sheet.md:1"}
			o, text := it.Check(p, known(facts), false)
			_, other := it.Check(p, known(Facts{id: "something else"}), false)
			if o != Wrong || text != other {
				t.Errorf("%s: %q instead of %q: got outcome %d, want %d; the text must not depend on the fact:\n%s%s",
					id, answer, it.Answer, o, Wrong, text, other)
			}
		}
		if len(changed(it)) == 0 {
			t.Errorf("%s: the answer cannot be wrong", id)
		}
	}
}

func known(facts Facts) func() (Facts, error) {
	return func() (Facts, error) { return facts, nil }
}

// changed returns answers that differ from the item's in one place.
func changed(it *Item) (all []string) {
	separator := " "
	if it.Form.Kind == Named {
		separator = ", "
	}
	parts := strings.Split(it.Answer, separator)
	with := func(i int, part string) {
		other := slices.Clone(parts)
		other[i] = part
		all = append(all, strings.Join(other, separator))
	}
	for i, part := range parts {
		switch n, _ := strconv.Atoi(part); it.Form.Kind {
		case Numbers:
			if n == it.Form.Max {
				n -= 2
			}
			with(i, strconv.Itoa(n+1))
		case Letters, Ordered:
			all = append(all, cmp.Or(strings.Join(slices.Delete(slices.Clone(parts), i, i+1), " "), "none"))
		}
		for _, choice := range it.Form.Choices {
			if choice != part && (it.Form.Kind == Named || !slices.Contains(parts, choice)) {
				with(i, choice)
			}
		}
	}
	return all
}

// doubtful has the right answer, X, and a wrong one, Y, in ways that are not right.
var doubtful = strings.Split(`not X|no X|never X|X or Y|Y or X|X, Y|Y, X|X/Y|X - Y|X to Y|X..Y|anything but X|everything except X|X is wrong|
	X (not)|X (or Y)|X, not Y|X; no, Y|X? no|half X|X more|X less|more than X|less than X|at least X|at most X|X at most|X%|~X|>X|<X|X+|X.5|
	opposite of X|X except one|X doesn't|X does not|X isn't|isn't X|isnt X|X unless Y|X if lucky|X because not Y|X then Y|X and Y|first X then Y|
	X, later Y|unlike X|X would be wrong|X × 2|2X|X twice|twice X|X each|X per CPU|--X|X!=|!=X|X = Y|X of Y|neither X|hardly X|nearly X|
	about X|from X|until X|not only X|X instead of Y|X rather than Y|Y, X in Python|X in C|X (Y)|(Y) X|X (except the first)|X (never)|
	X (Y in Python)|X without Y|X plus Y|X & Y|~~X~~ Y|~~X~~|[X] [Y]|wrong: X|X reversed|reverse X`, "|")

func TestDoubtfulAnswersAreNotRight(t *testing.T) {
	for _, q := range answers(t) {
		for _, it := range q.BothForms() {
			neverRight(t, it)
		}
	}
}

func neverRight(t *testing.T, it *Item) {
	for _, wrong := range changed(it) {
		for _, d := range doubtful {
			words := strings.NewReplacer("X", it.Answer, "Y", wrong).Replace(strings.TrimSpace(d))
			if it.Form.Same(words, it.Answer) {
				t.Errorf("%s: %q is right, as %q is", it.ID, words, it.Answer)
			}
		}
	}
}

// A student may name what each number or choice is for, in any order.
func TestAnswersWithLabels(t *testing.T) {
	tried := 0
	for _, q := range answers(t) {
		for _, it := range q.BothForms() {
			before := map[Kind]string{Numbers: ": ", Named: "; "}[it.Form.Kind]
			if _, list, labelled := strings.Cut(it.Form.Words, before); labelled && before != "" {
				tried++
				withLabels(t, it, strings.Split(list, ", "))
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d questions have labels", tried)
	}
}

func withLabels(t *testing.T, it *Item, labels []string) {
	values := regexp.MustCompile(`,? `).Split(it.Answer, -1)
	swapped := slices.Clone(values)
	slices.Reverse(swapped)
	for _, style := range []string{"V L", "L: V", "L V", "V (L)", "L = V", "it is V L", "L: I think V"} {
		parts := func(values []string) (all []string) {
			for i, label := range labels {
				all = append(all, strings.NewReplacer("V", values[i], "L", label).Replace(style))
			}
			return all
		}
		right := parts(values)
		inOrder := strings.Join(right, ", ")
		slices.Reverse(right)
		for _, words := range []string{inOrder, strings.Join(right, " and ")} {
			if read, understood := it.Form.Read(words); !understood || read != it.Answer {
				t.Errorf("%s: %q is read as %q, %v, want %q", it.ID, words, read, understood, it.Answer)
			}
		}
		for _, joint := range []string{", not ", ", never ", " or ", ", or ", " and no ", ", at least ", " and half ", " unless ", ", but less than "} {
			if doubtful := strings.Join(parts(values), joint); it.Form.Same(doubtful, it.Answer) {
				t.Errorf("%s: %q is right", it.ID, doubtful)
			}
		}
		if wrong := strings.Join(parts(swapped), ", "); !slices.Equal(values, swapped) && it.Form.Same(wrong, it.Answer) {
			t.Errorf("%s: %q is right", it.ID, wrong)
		}
	}
}

var inExperiments = regexp.MustCompile(`(\w+)(?:\(\))? in experiments\.go`)

// The lesson, the flag or the function that a hint names exists.
func TestWhatHintsName(t *testing.T) {
	shown := make(map[string]bool)
	for _, q := range answers(t) {
		for _, it := range q.BothForms() {
			hints := []string{it.Hint}
			for _, m := range it.Mistakes {
				hints = append(hints, m.Why)
			}
			for _, hint := range hints {
				see := it.see(hint)
				shown[strings.TrimPrefix(see, "go run ./lessons/")] = true
				dir := "../" + strings.TrimPrefix(q.Lesson, "./")
				source := readFile(t, dir+"/picture.go") + readFile(t, dir+"/experiments.go")
				if m := flagOf.FindStringSubmatch(see); m != nil && !strings.Contains(source, `"`+strings.Trim(strings.Fields(m[1])[0], "-")+`"`) {
					t.Errorf("%s: the lesson has no flag as in %q", it.ID, see)
				}
				if strings.Count(hint, "experiments.go") != len(inExperiments.FindAllString(hint, -1)) {
					t.Errorf("%s: want the name of a function before \"in experiments.go\": %s", it.ID, hint)
				}
				for _, m := range inExperiments.FindAllStringSubmatch(hint, -1) {
					if !strings.Contains(source, m[1]) {
						t.Errorf("%s: experiments.go has no %s", it.ID, m[1])
					}
				}
			}
		}
	}
	for _, want := range []string{
		"06-daemon", "06-daemon -nodaemon", "06-daemon -join 20", "01-process", "lessons/04-pool/experiments.go measures it",
		"lessons/03-api/main.go", "03-api  (first change main.go)", "03-api -code 2",
	} {
		if !shown[want] {
			t.Errorf("no hint is about %s, want at least one: got %q", want, slices.Sorted(maps.Keys(shown)))
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every claim of the chapter has a question that shows it, and every question a claim.
func TestClaims(t *testing.T) {
	questions := answers(t)
	items, named := Items(questions), make(map[string]bool)
	for _, q := range questions {
		for _, claim := range q.Claims {
			ids := strings.Fields(claim[strings.LastIndex(claim, ":")+1:])
			if len(ids) == 0 || ids[0] == strings.Fields(claim)[0] {
				t.Errorf("%s: want a claim, a colon, and questions: %s", q.File, claim)
				continue
			}
			for _, id := range ids {
				if named[id] = true; items[id] == nil {
					t.Errorf("%s: question %q, which should show this, does not exist: %s", q.File, id, claim)
				}
			}
		}
	}
	for id, it := range items {
		if !named[id] {
			t.Errorf("%s: %s shows no claim of the chapter", it.Question.File, id)
		}
	}
}

package answers

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Form is the form of a question's predictions.
type Form struct {
	Words   string // in brackets, in the worksheet
	Kind    Kind   // "" if the words are not understood
	Count   int    // of numbers or choices
	Max     int    // of a number that counts something, as in: number from 0 to 3
	Choices []string
	names   [][][]string // of each choice, as words
	labels  [][]string   // of each number or choice, as words
	about   []string     // words of the question, which a prediction may repeat,
	loose   bool         // also where no label says which number is which
}

// A Kind is a kind of prediction.
type Kind string

// The kinds of predictions.
const (
	Letters Kind = "letters"
	Ordered Kind = "letters in order"
	Numbers Kind = "numbers"
	Named   Kind = "choices"
)

var (
	counts  = map[string]int{"": 1, "one ": 1, "two ": 2, "three ": 3, "four ": 4, "five ": 5}
	numbers = regexp.MustCompile(`^(\w+ )?(numbers?( in order)?(?: from 0 to (\d+))?)(?:: (.+))?$`)
	named   = regexp.MustCompile(`^(\w+ )of: ([^;]+)(?:; (.+))?$`)
	another = regexp.MustCompile(` = [^,;]*`)
)

// ParseForm reads the brackets below a question:
//
//	letters                         those that the question offers
//	letters in order
//	number
//	number from 0 to 3              then "all" is 3, and "none" is 0
//	two numbers: files, processes   these words may stand beside the numbers
//	three numbers in order
//	one of: alive = running, dead   "running" is another name for "alive"
//	two of: waits, EOF, an error    one after the other
//	two of: Old, New; child, main   these words may stand beside the choices
//
// The worksheet has an example with it, which must not be an answer.
func ParseForm(form string, question []string) Form {
	if m := numbers.FindStringSubmatch(form); m != nil && counts[m[1]] > 0 {
		return ofNumbers(form, m, question)
	}
	if m := named.FindStringSubmatch(form); m != nil && counts[m[1]] > 0 {
		return ofChoices(form, m, question)
	}
	like, known := map[string]string{"letters": ", like B C, or none", "letters in order": ", like C B A"}[form]
	if !known {
		return Form{Words: form}
	}
	return Form{Words: form + like, Kind: Kind(form), Choices: offered(strings.Join(question, " ")), about: asked(question)}
}

func ofNumbers(form string, m, question []string) Form {
	f := Form{Words: form, Kind: Numbers, Count: counts[m[1]]}
	f.Max, _ = strconv.Atoi(m[4])
	if f.Max == 0 {
		like := ", like " + strings.Join(strings.Fields("40 2 17 9 30")[:f.Count], " ")
		f.Words = strings.Replace(form, m[2], m[2]+like, 1)
	}
	f.labels = labels(m[5], f.Count)
	f.loose = f.Count == 1 || m[3] != "" // of others, the words might say which is which
	f.about = asked(question)
	return f
}

func ofChoices(form string, m, question []string) Form {
	f := Form{Words: another.ReplaceAllString(form, ""), Kind: Named, Count: counts[m[1]]}
	for choice := range strings.SplitSeq(m[2], ", ") {
		var names [][]string
		for name := range strings.SplitSeq(choice, " = ") {
			names = append(names, telling(apart(split(name), 2)))
		}
		name, _, _ := strings.Cut(choice, " = ")
		f.Choices, f.names = append(f.Choices, name), append(f.names, names)
	}
	f.labels, f.about = labels(m[3], f.Count), asked(question)
	return f
}

// ordinals are the labels of answers that have no others.
var ordinals = strings.Fields("first second third fourth fifth")

// labels returns the words of each label. A label like "of A" has the A.
func labels(list string, count int) (all [][]string) {
	if list == "" && count > 1 {
		list = strings.Join(ordinals[:count-1], ", ") + ", last " + ordinals[count-1]
	}
	for label := range strings.SplitSeq(list, ", ") {
		words := telling(split(label))
		if strings.HasSuffix(label, " A") {
			words = append(words, "a")
		}
		all = append(all, words)
	}
	return all
}

// offered finds A, B, C and so on, as far as they go.
func offered(text string) (letters []string) {
	for l := 'A'; l <= 'Z' && regexp.MustCompile(`\b`+string(l)+`\b`).MatchString(text); l++ {
		letters = append(letters, string(l))
	}
	return letters
}

var sentence = regexp.MustCompile(`([^.?]|\.\S)+(\?|\.?$)`)

// asked returns the words of the last sentence, if possible with a question mark.
func asked(question []string) (words []string) {
	question = sentence.FindAllString(strings.Join(question, " "), -1)
	for i, s := range question {
		if strings.HasSuffix(s, "?") || i == len(question)-1 && words == nil {
			words = telling(split(s))
		}
	}
	return words
}

// Same reports whether two answers are of this form and mean the same.
func (f Form) Same(a, b string) bool {
	a, understoodA := f.Read(a)
	b, understoodB := f.Read(b)
	return understoodA && understoodB && a == b
}

// strange matches characters that may change the meaning of the others: 50%, < 3,
// 3+, 1.5, 2/3, 1) 2.
var strange = regexp.MustCompile("[^\\pL\\d\\s.,;:!?()\\[\\]{}\"'“”‘’„«»`*_&=+>-]" + `|^\s*>|!=|\d\s*\+|\+\s*$|\d\s*[.:)=*_>]\s*-?\d`)

// Read understands a prediction, and returns it as a lesson reports it. It
// returns false if the prediction could mean anything else. So every word has to
// be known: one that is not may be a "not". There may be a remark, in brackets or
// after "because", unless it could change the prediction: 3 (and main).
func (f Form) Read(answer string) (read string, understood bool) {
	answer = f.plain(answer)
	if read, understood = f.readLabelled(answer); !understood {
		read, understood = f.readTwice(answer)
	}
	if !understood && f.Kind == Letters {
		read, understood = f.readMost(answer)
	}
	if understood {
		return read, !strange.MatchString(answer)
	}
	why := ""
	if m := remark.FindStringSubmatch(answer); m != nil && f.Max == 0 && f.Kind != Ordered {
		answer, why = m[1], m[2]
	}
	switch words := split(answer); f.Kind {
	case Letters:
		read, understood = f.readMost(answer)
	case Numbers:
		if read, understood = f.readLabelled(answer); !understood {
			read, understood = f.readNumbers(apart(words, 3))
		}
	case Named:
		if read, understood = f.readLabelled(answer); !understood {
			read, understood = f.choose(f.bare(words), f.Count)
		}
	default:
		read, understood = f.readLetters(apart(split(atEnds.ReplaceAllString(answer, "$1$2$3$4")), 3))
	}
	return read, understood && !strange.MatchString(answer+why) && !f.against(why, read)
}

var (
	// listed numbers have a comma between them, and no blank: 256,263.
	listed = regexp.MustCompile(`(\d),([1-9]|0\b)`)
	// fromTo is how people write a smallest and a largest number.
	fromTo = regexp.MustCompile(`(?i)^\W*(?:(?:from|between)\s+)?(\d+)\s*(?:-+|\.\.+|to|and|or)\s*(\d+)\W*$`)
	// atEnds finds words that say only what the order says: first B, then A, C last.
	atEnds = regexp.MustCompile(`(?i)^(\W*)(?:first\b|(\pL)\s+first\b)|\b(?:last|finally)(\W+\pL\W*)$|(\b\pL)\s+last\W*$`)
)

// plain returns an answer with simple dashes. It takes 2 of 3 for 2, if 3 is the
// largest number that there can be. It takes 3/12 for 3, 12, if each / is
// between two of those that are asked for.
func (f Form) plain(answer string) string {
	answer = dashes.Replace(answer)
	if f.Max > 0 {
		answer = regexp.MustCompile(fmt.Sprintf(`(?i)\b(\d+) of %d\b`, f.Max)).ReplaceAllString(answer, "$1") // 2 of 3
	}
	if f.Count < 2 {
		return answer
	}
	if f.Kind == Numbers {
		answer = listed.ReplaceAllString(answer, "$1, $2")
	}
	if has(f.labels, "smallest") {
		answer = fromTo.ReplaceAllString(answer, "$1, $2")
	}
	if strings.Count(answer, "/") == f.Count-1 && !strings.ContainsAny(answer, ",;") {
		answer = strings.ReplaceAll(answer, "/", ", ")
	}
	return answer
}

var (
	dashes   = strings.NewReplacer("\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2212", "-", "\u2026", "..", "\u2192", " ") // as word processors write it
	arrow    = regexp.MustCompile(`[-=]*>`)
	between  = regexp.MustCompile(`\s+-+\s+|\s*\.\.+\s*\b`)
	thousand = regexp.MustCompile(`(\d),(\d\d\d)\b`)
	minus    = regexp.MustCompile(`\bminus\s+`)
	word     = regexp.MustCompile(`-?[\pL\d]+(-[\pL\d]+)*|-`)
)

// split returns the words of a prediction. A range is one word: A-C, A .. C. So is
// a - alone: in "- 15" it may be a minus, or begin an entry in a list.
func split(answer string) []string {
	answer = arrow.ReplaceAllString(strings.ToLower(strings.Trim(answer, ". \t")), " ")
	answer = between.ReplaceAllString(answer, "-")
	answer = minus.ReplaceAllString(thousand.ReplaceAllString(answer, "$1$2"), "-")
	return word.FindAllString(answer, -1)
}

// apart splits words that have at least this many parts, like A-B-C, which is not a
// range.
func apart(words []string, least int) (all []string) {
	for _, w := range words {
		if parts := strings.Split(w, "-"); len(parts) >= least && parts[0] != "" {
			all = append(all, parts...)
		} else {
			all = append(all, w)
		}
	}
	return all
}

var (
	// idle words never change a prediction.
	idle = strings.Fields("- a an the it its s is are be will i think guess so always then and only just still exactly sure certainly definitely them there forever")
	// beside has those that do if there are two things to say: "2 of 3" is not 2 3.
	beside = strings.Fields("of in at by for as probably perhaps maybe")
	// doubt has words that nobody may repeat from the question or write in a remark.
	doubt   = regexp.MustCompile(`^(no|not|t|nor|non|never|neither|nobody|nothing|none|or|either|to|until|till|through|but|except|without|than|less|more|fewer|most|least|half|each|per|every|cannot|dont|doesnt|isnt|arent|wasnt|cant|wont|if|almost|nearly|hardly|barely|instead|wrong|false|impossible|opposite|contrary|un.*|doubt.*|kidding|joking|plus|minus|times|twice|double)$`)
	endings = regexp.MustCompile(`(ing|ed|e?s+|e)*$`)
	none    = regexp.MustCompile(`^(none|no|nobody|nothing)$`)
	remark  = regexp.MustCompile(`(?i)^(.*?\S)\s*(\(.*\)|\b(?:because|since)\b.*)\W*$`)
	spelled = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty")
)

// telling returns the stems of the words that are not idle.
func telling(words []string) (stems []string) {
	for _, w := range words {
		if !slices.Contains(idle, w) {
			stems = append(stems, stem(w))
		}
	}
	return stems
}

// stem returns the same for prints and printed, and for one and 1.
func stem(word string) string {
	if n, ok := number(word); ok {
		return strconv.Itoa(n)
	}
	return endings.ReplaceAllString(word, "")
}

func number(word string) (int, bool) {
	n, err := strconv.Atoi(word)
	if i := slices.Index(spelled, strings.TrimPrefix(word, "-")); i >= 0 {
		n, err = i, nil
		if word[0] == '-' {
			n = -i
		}
	}
	return n, err == nil
}

// has reports whether one of these names or labels has a word with this stem.
func has(names [][]string, stem string) bool {
	return slices.ContainsFunc(names, func(words []string) bool { return slices.Contains(words, stem) })
}

// repeats reports whether a word is idle, or repeats the question.
func (f Form) repeats(word string) bool {
	switch s := stem(word); {
	case slices.Contains(idle, word):
		return true
	case slices.Contains(beside, word):
		return f.Count == 1
	default:
		return slices.Contains(f.about, s) && !doubt.MatchString(word) && !has(slices.Concat(f.names...), s) && !has(f.labels, s)
	}
}

// readLetters takes "A C", "a,c" and "ca" for the same. With a letter twice, like
// "A B, no: A C" or a word like "dead", it may be something else.
func (f Form) readLetters(words []string) (string, bool) {
	var letters, others []string
	for _, w := range words {
		spelt := strings.Split(strings.ToUpper(w), "")
		if !slices.ContainsFunc(spelt, func(l string) bool { return !slices.Contains(f.Choices, l) }) {
			letters = append(letters, spelt...)
		} else if _, isNumber := number(w); isNumber || !f.repeats(w) {
			others = append(others, w)
		}
	}
	sorted := slices.Sorted(slices.Values(letters))
	if f.Kind == Letters {
		letters = sorted
	}
	switch only := ofThese.ReplaceAllString(strings.Join(others, " "), ""); {
	case f.Kind == Letters && len(letters) == 0 && f.isAll(only):
		return strings.Join(f.Choices, " "), true
	case f.Kind == Letters && len(letters) == 0 && none.MatchString(only):
		return "none", true
	default:
		return strings.Join(letters, " "), len(letters) > 0 && only == "" && len(slices.Compact(sorted)) == len(letters)
	}
}

// ofThese may stand after all and none.
var ofThese = regexp.MustCompile(`\s+of(?:\s+these|\s+those)*$`)

func (f Form) isAll(words string) bool {
	first, rest, _ := strings.Cut(words, " ")
	n, counted := number(rest)
	return (first == "all" || first == "everything") && (rest == "" || counted && n == len(f.Choices))
}

const some = `(\pL(?:(?:[\s,&+]|\band\b)+\pL)*)` // letters

var (
	span    = regexp.MustCompile(`(?i)\b(\pL)(?:\s*-\s*|\s*\.\.+\s*|\s+to\s+)(\pL)\b`)
	allBut  = regexp.MustCompile(`(?i)^\s*(?:all|everything)\s+(?:but|except|except for|without|apart from)\s+` + some + `[\s.]*$`)
	noneBut = regexp.MustCompile(`(?i)^\s*(?:none|nothing)\s+(?:but|except|except for)\s+` + some + `[\s.]*$`)
	without = regexp.MustCompile(`(?i)^([^()]+?)[\s,;(]+(?:and\s+|but\s+)?(?:not|without|never)\s+` + some + `\s*\)?[\s.]*$`)
	killed  = regexp.MustCompile(`(?i)^([^()]+?)\s*(?:\(|;|\bbut\b)\s*` + some + `\s+(?:is\s+|are\s+|does\s+|do\s+)?(?:never|not|killed|terminated|missing)\s*(?:printed\s*)?\)?[\s.]*$`)
)

// readMost also takes all but D, and "A B C, not D" or "A B C (D is killed)", if no
// letter is in both parts. It does not take A-D, which can mean A B C D or A D.
func (f Form) readMost(answer string) (string, bool) {
	if m := allBut.FindStringSubmatch(answer); m != nil {
		out, understood := f.readLetters(split(m[1]))
		kept := slices.DeleteFunc(slices.Clone(f.Choices), func(l string) bool { return strings.Contains(out, l) })
		return strings.Join(kept, " "), understood && len(kept) > 0
	}
	if m := noneBut.FindStringSubmatch(answer); m != nil {
		return f.readLetters(split(m[1]))
	}
	for _, form := range []*regexp.Regexp{without, killed} {
		if m := form.FindStringSubmatch(answer); m != nil {
			kept, understood := f.readLetters(apart(split(m[1]), 3))
			out, known := f.readLetters(split(m[2]))
			return kept, understood && known && kept != "none" && !strings.ContainsAny(kept, strings.ReplaceAll(out, " ", ""))
		}
	}
	return f.readLetters(apart(split(answer), 3))
}

var (
	parts = regexp.MustCompile(`(?i)[,;]\s+(?:(?:and|but)\s)?|\s(?:and|but)\s`)
	// filler words say nothing beside a number and its label.
	filler = strings.Fields("different number numbers time case as at in of from with")
	// sayings say nothing between a choice and its label.
	sayings = strings.Fields("say says print prints return returns returned show shows see sees give gives get gets has have do does now")
	saying  = regexp.MustCompile(`(?i)[:=]|\b(?:is|` + strings.Join(sayings, "|") + `)\b`)
	// leading words may begin a label.
	leading = strings.Fields("in at by for as from with")
)

// readLabelled takes parts, each with a number or a choice, and with a label: words
// that only this label has. Then the parts may be in any order.
func (f Form) readLabelled(answer string) (string, bool) {
	all := parts.Split(strings.Trim(answer, " ,;"), -1)
	values := make([]string, f.Count)
	if f.Count < 2 || len(f.labels) != f.Count || len(all) != f.Count {
		return "", false
	}
	for i, part := range all {
		value, place, understood := f.labelled(part)
		if place < 0 {
			place = i
		}
		if !understood || values[place] != "" {
			return "", false
		}
		values[place] = value
	}
	return f.join(values...), true
}

// join returns values as a lesson reports them.
func (f Form) join(values ...string) string {
	if f.Kind == Named {
		return strings.Join(values, ", ")
	}
	return strings.Join(values, " ")
}

var both = regexp.MustCompile(`(?i)^\W*(?:(?:(?:in|for|as)\s+)?(?:both(?:\s+(?:times|cases|processes))?|twice)\b(.*)|(.*?)\b(?:(?:in|for|as)\s+)?(?:both(?:\s+(?:times|cases|processes))?|twice)\W*)$`)

// readTwice takes "both 3" and "3 twice", unless "both" may be a number.
func (f Form) readTwice(answer string) (string, bool) {
	m := both.FindStringSubmatch(answer)
	if m == nil || f.Count != 2 || f.Max == 2 {
		return "", false
	}
	f.Count, f.labels, f.about = 1, nil, nil
	read, understood := f.Read(m[1] + m[2])
	return f.join(read, read), understood
}

// labelled reads a part. Without a label, the place is -1.
func (f Form) labelled(part string) (value string, place int, understood bool) {
	if f.Kind == Named {
		return f.placed(part)
	}
	place, filled := -1, false
	words := split(part)
	for i, w := range words {
		n, isNumber := f.value(w)
		if j := slices.Index([]string{"neither", "", "both"}, w); f.Max == 2 && j >= 0 {
			n, isNumber = strconv.Itoa(j), true
		}
		in := f.labelsWith(stem(w))
		switch {
		case w == "-", isNumber && len(in) > 0:
			return "", 0, false
		case w == "all" && i+1 < len(words) && (f.Max == 0 || stem(words[i+1]) == strconv.Itoa(f.Max)): // all 3
		case isNumber && value == "":
			value = n
		case len(in) == 1 && (place < 0 || place == in[0]):
			place = in[0]
		case len(in) > 1, slices.Contains(idle, w):
		case !isNumber && (slices.Contains(filler, w) || slices.Contains(sayings, w) || f.repeats(w)):
			filled = true
		default:
			return "", 0, false
		}
	}
	return value, place, value != "" && (place >= 0 || !filled)
}

// labelsWith returns the places of the labels with this word.
func (f Form) labelsWith(stem string) (places []int) {
	for place, label := range f.labels {
		if slices.Contains(label, stem) {
			places = append(places, place)
		}
	}
	return places
}

// placed takes "New in the child", "in the child New" and "child: New".
func (f Form) placed(part string) (choice string, place int, understood bool) {
	part = arrow.ReplaceAllString(part, ":")
	if cut := saying.FindStringIndex(part); cut != nil {
		choice, understood = f.choose(f.bare(split(part[cut[1]:])), 1)
		if place = f.place(f.bare(split(part[:cut[0]]))); understood && place >= 0 {
			return choice, place, true
		}
	}
	found := make(map[string]int)
	words := f.bare(split(part))
	for i := range len(words) + 1 {
		for _, try := range [][2][]string{{words[:i], words[i:]}, {words[i:], words[:i]}} {
			choice, is := f.choose(try[0], 1)
			if place := f.place(try[1]); is && (place >= 0 || len(try[1]) == 0) {
				found[choice] = place
			}
		}
	}
	for choice, place = range found {
	}
	return choice, place, len(found) == 1
}

// place returns which label these words are: all are its words, and one is in no
// other label. If there is none, it returns -1.
func (f Form) place(words []string) int {
	place := -1
	for i, w := range words {
		in := f.labelsWith(w)
		switch {
		case slices.Contains(leading, w):
			if i > 0 {
				return -1
			}
		case len(in) == 0, len(in) == 1 && place >= 0 && in[0] != place:
			return -1
		case len(in) == 1:
			place = in[0]
		}
	}
	return place
}

// bare returns the stems of the words that may be a choice or a label.
func (f Form) bare(words []string) []string {
	return telling(slices.DeleteFunc(apart(words, 2), func(w string) bool {
		return f.repeats(w) || slices.Contains(sayings, w) && !has(slices.Concat(f.names...), stem(w))
	}))
}

// readNumbers also takes labels in the order of the numbers: each after its number,
// or each before it.
func (f Form) readNumbers(words []string) (string, bool) {
	var values []string
	after := 1
	for i, w := range words {
		n, isNumber := f.value(w)
		switch {
		case isNumber && f.Max > 0 && i > 0 && words[i-1] == "all" && values[len(values)-1] == n: // all 3
		case isNumber:
			values = append(values, n)
		case has(f.labels, stem(w)):
			if len(values) == 0 {
				after = 0
			}
			if place := len(values) - after; place >= len(f.labels) || !slices.Contains(f.labels[place], stem(w)) {
				return "", false
			}
		case w == "-", !slices.Contains(idle, w) && !(f.loose && f.repeats(w)):
			return "", false
		}
	}
	return strings.Join(values, " "), len(values) == f.Count
}

// Unclear says why Read does not understand an answer.
func (f Form) Unclear(answer string) string {
	given := 0
	written := answer
	answer = f.plain(answer)
	if m := span.FindStringSubmatch(answer); m != nil && f.Kind == Letters {
		return fmt.Sprintf("write each letter that you mean, like B C, and not %s", m[0])
	}
	for _, w := range split(answer) {
		_, isValue := f.value(w)
		n, isNumber := number(w)
		switch {
		case f.Kind == Numbers && isValue:
			given++
		case f.Kind == Numbers && isNumber && n > f.Max:
			return fmt.Sprintf("%d is more than %d", n, f.Max)
		case !f.knows(w):
			return fmt.Sprintf("%q is not understood; write: %s", asWritten(w, written), f.Words)
		}
	}
	if f.Kind == Numbers && 0 < given && given < len(spelled) && given != f.Count {
		numbers := " numbers"
		if given == 1 {
			numbers = " number"
		}
		return spelled[given] + numbers + ", but the brackets ask for " + spelled[f.Count]
	}
	if words := strings.NewReplacer(" of: ", " of these: ", "; ", ". Order: ").Replace(f.Words); words != f.Words {
		return "write only " + words
	}
	return "write only: " + f.Words
}

// asWritten finds a word of split in the answer, where it can have capitals, and
// blanks around its dashes.
func asWritten(word, answer string) string {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(word), "-", `[^\pL\d]+`)
	m := regexp.MustCompile(`(?i)(?:^|[^\pL\d])(` + pattern + `)(?:$|[^\pL\d])`).FindStringSubmatch(answer)
	if m == nil || word == "-" {
		return word
	}
	return m[1]
}

// knows reports whether a word may be in an answer.
func (f Form) knows(word string) bool {
	switch f.Kind {
	case Numbers:
		return word != "-" && (f.repeats(word) || has(f.labels, stem(word)) || slices.Contains(filler, word))
	case Named:
		return f.repeats(word) || has(slices.Concat(f.names...), stem(word)) || has(f.labels, stem(word)) || slices.Contains(sayings, word)
	}
	strange := func(r rune) bool { return r != '-' && !slices.Contains(f.Choices, string(r)) }
	return f.repeats(word) || !strings.ContainsFunc(strings.ToUpper(word), strange) ||
		f.Kind == Letters && (f.isAll(word) || none.MatchString(word))
}

func (f Form) value(word string) (string, bool) {
	n, ok := number(word)
	switch {
	case f.Max == 0:
	case word == "all":
		n, ok = f.Max, true
	case none.MatchString(word):
		n, ok = 0, true
	case n < 0 || n > f.Max:
		ok = false
	}
	return strconv.Itoa(n), ok
}

// swapping has words of a remark that may change which of some numbers is which, or
// how much they count.
var swapping = regexp.MustCompile(`^(and|also|too|with|first|second|last|other|order|revers.*|back.*|swap.*|exchang.*|vice|rest|main|both|another|python)$`)

// taskNumber is a number that is a name.
var taskNumber = regexp.MustCompile(`(?i)\b(task|worker) \d+\b`)

// against reports whether a remark has a word of doubt, another choice, or a number.
func (f Form) against(remark, chosen string) bool {
	if f.Kind == Letters && (remarkOnLetters.MatchString(remark) || slices.ContainsFunc(split(remark), swapping.MatchString)) {
		return true
	}
	if f.Kind == Numbers && f.Count > 1 {
		remark = taskNumber.ReplaceAllString(remark, "$1")
		if slices.ContainsFunc(split(remark), func(w string) bool { return swapping.MatchString(w) || has(f.labels, stem(w)) }) {
			return true
		}
	}
	return slices.ContainsFunc(apart(split(remark), 2), func(word string) bool {
		_, isNumber := number(word)
		for i, names := range f.names {
			if has(names, stem(word)) && f.Choices[i] != chosen {
				return true
			}
		}
		return word != "to" && doubt.MatchString(word) || isNumber && f.Kind == Numbers
	})
}

// remarkOnLetters has what may change which letters are meant. A small a is a word.
var remarkOnLetters = regexp.MustCompile(`\b[A-Zb-z]\b|\ba\W*$|(?i:\b(all|everything|some|maybe|perhaps)\b)`)

// choose reads this many choices, one after the other, with or without commas.
func (f Form) choose(words []string, count int) (chosen string, understood bool) {
	for i := 1; i <= len(words); i++ {
		c := slices.IndexFunc(f.names, func(names [][]string) bool {
			return slices.ContainsFunc(names, func(name []string) bool { return slices.Equal(name, words[:i]) })
		})
		if c >= 0 && count == 1 && i == len(words) {
			return f.Choices[c], true
		}
		if c >= 0 && count > 1 {
			if others, ok := f.choose(words[i:], count-1); ok {
				return f.Choices[c] + ", " + others, true
			}
		}
	}
	return "", false
}

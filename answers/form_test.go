package answers

import (
	"strings"
	"testing"
)

// Predictions of each form: those that are right, those that are wrong, and
// those that are not understood, because they could mean something else.
var odd = []struct {
	form, question, answer string
	right, wrong, unclear  string // one after a |
}{
	{"letters", `Which of these lines are printed? A "1 starting"  B "2 starting"  C "2 exiting"  D "1 exiting"`, "A B C",
		`A B C | a,b,c | abc | cab | CBA | (A), (B) and "c". | A, B & C | A+B+C | A;B;C | A-B-C | A – B – C | A -> B -> C |
		only A, B and C | **A B C** | A B C (sure) | I think A B C | A? B? C? | - A B C | [A] [B] [C] | just a, b, c |
		the lines A, B and C are printed | only A B C are printed | A B C, not D | a b c, not d | A B C (D never) | A B C (D is killed) | A, B and C, but not D | a b c without d |
		A B C (not D) | all but D | all except D | everything but D | everything except for D`,
		`A B | all | ALL of them | ABCD | a b d | none | Nothing. | nobody | A | bad | D | b & d | A, C | none of them | ac | C, B | a-b-d | A and B are printed | none of these lines | nothing is printed | the line B | all four | all 4 | all four of them | everything | A B, not C |
		all but C D | all except A | A B C (and D) | A B D, not C | A B D (C is killed) | B C D, not A |
		A B C D | D, C, B, A | B`,
		`A-C | a .. c | A…C | A to C | a-c | B to D | B-D | A-D | a-d | A..D | B-C | A – C | A - C | C-A | A-E | D to B | A B C, no D | A B C, not C | A B C, not all | all, not D | none, not D | A B C or not D | A B C (D is killed, maybe) |
		A B C (D too) | A B C (or D) | A B C (not only D) | A B C (D is not killed) | A B C (C is killed) | all but one | all but not D | all but A B C D |
		all three | all five | all D | everything else | A B C, not E | A B (C maybe) | A, not B, not D | A B C not printed | not A B C | not all | A B C or D | A B (C)?!, or D |
		A B C because D is killed | the first three | 1 2 3 | A<B<C | ~~A~~ B C | A B C E | add |
		dead | 2 starting | nearly all | all A B | none, A | A, B, C aren't printed | I do not know | A/B/C | A B C, A C | A B C = C | A B C+ | A A B C | E | A B, perhaps C`},
	{"letters in order", "In which order? A the child  B after Start  C after Join", "B A C",
		`B A C | b, a, c | BAC | bac | b then a then c | B -> A -> C | B→A→C | B > A > C | B => A => C | B-A-C | B – A – C | B - A - C | B; A; C |
		B, then A, and then C | (B) (A) (C) | "B", "A", "C" | B+A+C | B A, C! | I think B A C | B & A & C |
		first B, then A, then C | first B then A and last C | B first, A, C last | B, A and finally C | the order is B A C`,
		`A B C | ABC | B C A | B | BA | b, a | C B A | c-b-a | C A B | C -> B -> A | a then b then c | A C B | B C | a | cba | C; A; B |
		b c a | acb | A, B and C | c a b | first A, then B, C last | C first, then B A`,
		`B to C | B-C | A – B | B, A or C | B, A, not C | B A C or A B C | B A before C | reverse: C A B | all | none | 1 2 3 | main first, A, C |
		X | B A C D | B, A/C at once | B/A/C | either | B … C | B;A;C unless it hangs | 2 1 3 | the child last | B<A<C | B A C reversed | random | B A C, A B C | B A A`},
	{"number", "Main's counter is 5. A child adds 10. Then main prints counter, and no more.", "15",
		`15 | 15. | fifteen | Fifteen! | +15 | 015 | main prints 15 | it prints 15 | counter = 15 | the counter is 15 | prints: 15 | printed 15 |
		15, I think | 15? | "15" | **15** | (15) | =15 | main: 15 | still 15 (sure) | exactly 15 | prints fifteen | probably 15 | maybe 15 |
		15 (own memory) | 15, because the child has its own | 15 (I am sure)`,
		`5 | five | 25 | -15 | −15 | –15 | minus 15 | minus fifteen | 1,500 | twenty | 0 | zero | main prints 5 | it prints 25 | counter: 10 | 10 |
		main prints -15 | 5, I guess | 115 | counter is still 5`,
		`not 15 | no 15 | 15 more | 15 or 25 | 5 + 10 = 15 | 5, no, 15 | 15 25 | 10-15 | 10 – 15 | 10 to 15 | 15..20 | 15+ | >15 | < 15 | <= 15 | ≥15 | ~15 | != 15 |
		15% | 15.0 | 1.5 | 15½ | - 15 | – 15 | --15 | at least 15 | more than 15 | 15 less | never 15 | isn't 15 | isnt 15 | the child prints 15 |
		15 (plus main) | 15 because 5 | 15 (not 5) | 15 (or less) | 10 more | none | all | twenty-one | 15th | 15a | 99999999999999999999 | half of 15 | unlike 15 | hardly 15`},
	{"number from 0 to 3", "Four processes. One hangs. How many of the other three bring a result?", "3",
		`3 | three | all | all three | all 3 | all of them | All! | 3 results | three bring a result | the other three | the other 3 bring results |
		3 of 3 | only 3 of 3 | 3, I guess | 3. | "3" | just 3 | exactly three | 3 of the other | all the other | perhaps 3 | 3 (sure)`,
		`2 of 3 | 0 of 3 | 0 | none | none of them | no result | nobody | nobody brings a result | 2 | only two | one | 1 result | zero | nothing | the other 2 | 02 |
		two results | 1? | none of the other | probably none | two, I think | just 1`,
		`not 3 | not all | none but 3 | all but 1 | all but one | 3 or 2 | 3 of 4 | 4 of 3 | not 3 of 3 | -3 of 3 | 2 of 3 of 3 | 3 of 3% | 2 to 3 | 2-3 | 4 | -3 | 30 | 3 fail | 3 hang | the 3 don't | no 3 |
		at least 3 | most | nearly all | fewer than 3 | 3 minus 1 | every one | all except the one | neither | 1+2 | 3 (or fewer) | both | all 2`},
	{"two numbers: program files, new processes", "How many different program files are in use, and how many new processes are there?", "1 2",
		`1 2 | 1, 2 | 1; 2 | 1 -> 2 | 1 and 2 | one, two | one and two | 1 file, 2 processes | 1 program file and 2 new processes | 1 program, 2 processes |
		files: 1, processes: 2 | files 1 processes 2 | Files = 1; Processes = 2 | 1 file, 2 | 1, 2 processes | (1, 2) | I think 1 and 2 | file 1, new process 2 |
		just 1 file, just 2 processes | 1 & 2 | one file, two new processes | only one program file, and then 2 new processes |
		1/2 | 1 / 2 | 1 file / 2 processes | 2 processes, 1 file | processes: 2, files: 1 | two new processes but only one program file | files 1, 2 processes |
		1 file, processes are 2 | program file is 1, 2 different processes | 1 file but two processes | always 1 file, 2 processes | all 2 processes, one file |
		1 2 (the error is for task 7) | 1 2 (I am sure) | 1 (file), 2 (processes) | 2 (processes), 1 (file) | 1,2 | processes are 2, files 1`,
		`both 1 | 1 both times | 1 in both cases | both are 2 | 1 twice | twice 1 | 10,20 | 256,263 | 2 1 | 2 2 | 1 1 | 3 files, 2 processes | one file, three processes | 2 program files, 2 new processes | files: 2, processes: 2 | 0, 0 | 1 3 | 3, 3 |
		3 and 3 | 2 files, 1 process | 2 programs, 3 new | three, two | 1 file, 1 process | 40 2 | 3 2 | 3 files 3 processes | zero, 2 | 1, twelve |
		1 process, 2 files | 1 process and 2 program files | processes: 1, files: 2 | 1 new, 2 program | 2/1 | 2 files / 1 process | 1 process but 2 files | 2 1 (as always)`,
		`processes 1, 2 | 2 processes 1 file | 2 processes, 1 | 1, 2 files | 1 file, 2 files | all but 1 file | 1 file, all but 2 processes | 1 file, not 2 processes |
		1/2/3 | 1/2, 3 | 1, 2/3 | 1 2 (2 1) | 1 2 (files first) | 1 2 (and main) | 1 2 (the other way) | 1 2 (in reversed order) | 1 2 (3 for task 1) | 1 2 (or less) | 1 2 (with main) |
		1 file, 2 processes isn't | 2 process files, 1 | 1 new file, 2 processes | 2 processes, 1 file or 2 | 1 file, less than 2 processes | 1, 2 different | 1 processes, 2 | 12 | 1 |
		2 processes | 1 2 3 | 1 2 3 4 processes | 1-2 | 1 – 2 | 1..2 | 1 to 2 | 1.2 | 1 or 2 | both | both of them | not both 1 | both 1 or 2 | both 1 2 | 1,000 | 1 file, not 2 processes | 1 file, no 2 processes | 1 file, 1+1 processes |
		1 2 (reversed) | 2 and 1, the other way | 1+2 | 1 file, 2 or 3 processes | 1 file, 2 more processes | one each | about 1, about 2 | 1 of 2 | 1 in 2 | 1:2 | 1) 2 | 1. 2 | 1 = 2 | 1 > 2 | 1 for 2 | 1 as 2 | 1 * 2 | none, all | 1 < 2`},
	{"three numbers in order", "Task 1 is slow. In which order does main get the results of the tasks?", "2 3 1",
		`2 3 1 | 2, 3, 1 | 2;3;1 | 2-3-1 | 2 – 3 – 1 | 2 -> 3 -> 1 | 2 => 3 => 1 | two, three, one | 2 then 3 then 1 | 2, then 3 and then 1 |
		task 2, task 3, task 1 | Results 2, 3, 1 | main gets 2 3 1 | [2, 3, 1] | (2, 3, 1) | 2; 3; 1 | 2 & 3 & 1 | order: 2 3 1 | the order is 2, 3, 1 | tasks 2, 3 and 1 | 2/3/1 | 2 / 3 / 1`,
		`1 2 3 | 3 2 1 | 1-2-3 | 2 1 3 | one two three | task 1, task 2, task 3 | main gets 1 2 3 | the order: 1, 2, 3 | 2 2 1 | 3, 1, 2 | first 1, 2 3 | first 1, then 2, last 3 | 1 last, 3 first, 2 second | 1→2→3 | 2 1 3? |
		3-2-1 | 3 then 2 then 1 | 1;3;2 | 0 1 2 | three, one, two | results 1 2 3 | (3 2 1) | tasks 1, 3, 2 | 1/2/3`,
		`231 | 2 3 | 1 last | 2 3 1 or 1 2 3 | not 2 3 1 | 2 3 1 reversed | 2 3 before 1 | 2 to 3, 1 | 2-3 1 | 2 3 1 0 | 2.3.1 | 2 or 3, 1 | any order |
		2 3 then never 1 | random | all | B C A | 2<3<1 | 2 3 1 backwards | 1 last, 2 3 | last 2, 3, 1 | 2, 3 and 1 at once | 2nd 3rd 1st | opposite of 2 3 1 | 2, 3, 1+ | 2/3, 1 | 2/3 1 | 2 > 3 > 1 | 2 of 3, 1`},
	{"one of: alive = running = works on, dead = gone = ended = killed", "Join has returned. Is the daemon alive, or is it dead?", "alive",
		`alive | Alive. | ALIVE! | "alive" | “alive” | still alive | alive (sure) | it is alive | It's still alive | the daemon is alive | works on | running |
		the daemon is still running | running (Join only waits) | alive because Join only waits | alive, since the limit is on main | I think it's alive |
		alive? | **alive** | (alive) | probably alive | - alive`,
		`dead | Dead. | it's dead | gone (SIGTERM) | is gone | the daemon ended | killed (exit code -15) | dead because the time is over | gone! | "dead" |
		maybe dead | dead (I guess) | the daemon is gone | it is dead (sure) | killed | __gone__ | dead? | (dead) | just dead | it is ended | certainly gone`,
		`not alive | not dead | isn't alive | isnt alive | alive or dead | alive/dead | alive (or dead) | alive (not!) | alive - dead | neither | both | yes | no |
		dead? no, alive | no longer alive | hardly alive | alive is wrong | far from dead | undead | anything but dead | alive, dead | alive (just kidding) |
		alive (impossible) | alive because it isn't dead | alive unless killed | never alive | half dead | a | x | ~~alive~~ dead | alive 50% | ~alive |
		more dead than alive | alive if it can be | alive (dead in Python) | alive, then dead | suspended`},
	{"two of: Old = old one, New; in the child, in main", "Main made p. In which order: mp.Current().Name in the child, and p.Name in main?", "New, Old",
		`New, Old | New Old | new in the child, old in main | New in the child and Old in main | Old in main, New in the child | main: Old, child: New |
		child: New, main: Old | child prints New and main prints Old | the child says New, but main still says Old | in the child New, in main Old |
		In main it is Old, in the child it is New. | child = New; main = Old | child -> New, main -> Old | New (child), Old (main) | Old (main), New (child) |
		New in the child, Old | New, and main still has Old | child: New / main: Old | mp.Current().Name in the child: New, p.Name in main: Old | New in child, old one in main (a copy)`,
		`Old, New | Old New | Old in the child, New in main | New in main, Old in the child | main: New, child: Old | child: Old, main: New | both New | both Old |
		New in both | Old both times | New, New | New in the child, New in main | Old in main and Old in the child | main says New and the child says Old |
		in both cases New | twice New | Old twice | New and New | New / New | child -> Old, main -> New | in the child it is Old, in main it is New`,
		`New | Old | New in the child | child: New | New in main, Old | Old in main, New | main: Old, New | New in the child, Old in the child | child New child Old |
		New in the child, not Old in main | New, not Old | New in the child, Old never in main | New or Old | New in the child or Old in main | New in main or Old in the child |
		New, Old in Python | neither | both | both of them | child: New, main: not New | child: New, parent: Old | New in the child, Old in main, or New |
		not New in the child, Old in main | New, Old, New | the same | both the same | New in the child and main | child and main: New | Old becomes New | New isn't in main, Old is`},
	{"two of: go, main, Child, Grandchild; in Child, in Grandchild", "Whose ID does os.Getppid() return in Child, and whose in Grandchild?", "main, Child",
		`main, Child | main Child | main in Child, Child in Grandchild | Child in Grandchild, main in Child | in Child main, in Grandchild Child | Child: main, Grandchild: Child |
		Grandchild: Child, Child: main | main's ID in Child, and Child's in Grandchild | in Child it is main, and in Grandchild it is Child | Child -> main, Grandchild -> Child |
		main (in Child), Child (in Grandchild) | Child returns main, Grandchild returns Child | main in Child, Child | main, Child in Grandchild | MAIN, CHILD | main and Child |
		main / Child | main then Child | Child: main's ID; Grandchild: Child's ID | in Child: main, in Grandchild: Child | Child gets main and Grandchild gets Child`,
		`Child, main | Child, Grandchild | go, main | main, main | both main | go in Child, main in Grandchild | Child: go, Grandchild: main | main in both | Child: Child, Grandchild: Grandchild |
		main in Grandchild, Child in Child | Grandchild, Child | go, go | main, go | main in Child, main in Grandchild | Grandchild: main, Child: main | go go | Child and Child |
		in Child go, in Grandchild main | Child in Child, Grandchild in Grandchild | go and Child`,
		`main | Child | Grandchild Child, Child main | main starts Child, Child starts Grandchild | Child in Grandchild | Child in Grandchild, main | main in Child, Child in Child |
		not main, Child | main or Child | main in Child or Grandchild | the parent | its parent's | main, the other one | main, Child and Grandchild | Child of main, Grandchild of Child |
		main's child, Child's child | each its parent | main in Child, not Child in Grandchild | both | neither | main, Child or go | Child has main as parent | main for Child, no Child for Grandchild`},
	{"two of: waits = blocks = hangs, EOF, a broken message = broken", "What does Recv do in each case: wait, return EOF, or return a broken message?", "EOF, a broken message",
		`EOF, a broken message | EOF, broken message | EOF, broken | eof broken | EOF and a broken message | EOF; broken message | EOF, broken! |
		EOF then a broken message | "EOF", "a broken message" | EOF -> broken message | an EOF and then a broken message | EOF & broken | (EOF, broken message) |
		EOF & BROKEN | EOF + broken | EOF,broken | EOF, broken (the rest is lost) | EOF, broken because its length is known | I think EOF, broken | first EOF, second broken | broken in the second case, EOF in the first | eof, BROKEN | EOF / broken | EOF/a broken message`,
		`waits, waits | blocks, blocks | blocks, hangs | EOF, EOF | EOF, waits | a broken message, EOF | waits, a broken message | broken broken | hangs, EOF |
		EOF blocks | waits & waits | hangs and hangs | EOF EOF | broken, EOF | waiting, EOF | it blocks, then EOF | broken message, broken message | waits, EOF |
		broken -> hangs | first broken, second EOF | both EOF | both blocks | EOF twice | EOF in both cases | EOF; EOF | broken/EOF`,
		`EOF | a broken message | EOF, EOF, broken | EOF, not broken | EOF or broken | not EOF, broken | EOF, an error | EOF, broken or waits | EOF, nothing |
		both | EOF, broken (or it waits) | EOF, half a message | first EOF, first broken | both | in the middle EOF, between broken |
		EOF/EOF/broken | waits | wait for EOF, broken | EOF, broken unless it waits | neither | EOF, message | EOF ≠ broken | EOF, broken / waits | EOF as a broken message | both EOF or broken | both EOF, broken | EOF, broken (broken, EOF in Python) | EOF for broken | EOF, broken? no | never EOF, broken`},
}

func TestReading(t *testing.T) {
	for _, test := range odd {
		f := ParseForm(test.form, []string{test.question})
		for want, list := range map[string]string{"right": test.right, "wrong": test.wrong, "unclear": test.unclear} {
			all := strings.Split(list, "|")
			if len(all) < 20 {
				t.Errorf("(%s) has only %d predictions that are %s", test.form, len(all), want)
			}
			for _, answer := range all {
				answer = strings.TrimSpace(answer)
				read, understood := f.Read(answer)
				got := "wrong"
				switch {
				case !understood:
					got = "unclear"
				case read == test.answer:
					got = "right"
				}
				if got != want {
					t.Errorf("(%s) %q is %s, as %q, want %s", f.Words, answer, got, read, want)
				}
			}
		}
	}
}

func TestAFormHasAnExample(t *testing.T) {
	for form, want := range map[string]string{
		"letters":                           "letters, like B C, or none",
		"letters in order":                  "letters in order, like C B A",
		"number":                            "number, like 40",
		"number from 0 to 3":                "number from 0 to 3",
		"two numbers: files, new processes": "two numbers, like 40 2: files, new processes",
		"five numbers":                      "five numbers, like 40 2 17 9 30",
		"three numbers in order":            "three numbers in order, like 40 2 17",
		"one of: alive = runs = up, dead":   "one of: alive, dead",
		"two of: a, b = c":                  "two of: a, b",
		"two of: a, b = c; child, main":     "two of: a, b; child, main",
		"six numbers":                       "",
		"a word":                            "",
	} {
		if f := ParseForm(form, []string{"A or B or C?"}); f.Kind != "" && f.Words != want || f.Kind == "" && want != "" {
			t.Errorf("(%s) becomes (%s), of kind %q, want %q", form, f.Words, f.Kind, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, test := range odd {
		f.Add(test.form, test.question, test.answer)
	}
	f.Fuzz(func(t *testing.T, form, question, answer string) {
		if len(form)+len(question)+len(answer) > 300 {
			return
		}
		read := ParseForm(form, []string{question})
		once, ok := read.Read(answer)
		if twice, again := read.Read(once); ok && (!again || twice != once) && read.Kind != Named {
			t.Errorf("(%s) Read(%q) = %q, but Read of that = %q, %v", form, answer, once, twice, again)
		}
	})
}

// What people wrote for these questions, and what it means.
func TestPredictionsAsPeopleWriteThem(t *testing.T) {
	items := Items(answers(t))
	for id, question := range map[string][2]string{ // no lesson has these two, but one may
		"9a": {"one of: the message = whole message, EOF, a broken message = part message = unexpected EOF = io ErrUnexpectedEOF",
			"The first part of a message is in the pipe. What does the reader at the other end get?"},
		"9b": {"two numbers from 0 to 2: first try, second try", "How many of the two receive a message, in each try?"},
	} {
		items[id] = &Item{Form: ParseForm(question[0], []string{question[1]})}
	}
	for _, test := range []struct{ id, written, want string }{
		{"2a", "number of CPUs", "one per CPU"},
		{"2a", "one per core", "one per CPU"},
		{"2a", "all CPUs", "one per CPU"},
		{"1a", "all without A", "B C D"},
		{"1a", "B, C, D (memory is not passed)", ""},
		{"1a", "B, C (D too)", ""},
		{"1a", "B, C (d)", "B C D"},
		{"1a", "B, C, D (copies)", "B C D"},
		{"1a", "B, C, D (a copy)", "B C D"},
		{"1a", "B, C (and d)", "B C D"},
		{"1a", "C (a)", "A C"},
		{"1b", "always 1", "1"},
		{"1c", "15 (the child adds to its own)", "15"},
		{"1d", "none except D and E", "D E"},
		{"1d", "D, E (outside)", "D E"},
		{"1d", "A, B, C not found", ""},
		{"1e", "all of these", "A B C D E"},
		{"1e", "all of the four", ""},
		{"1f", "a thousand", "1000"},
		{"1f", "1.000", ""},
		{"2a", "one on each CPU", "one per CPU"},
		{"2a", "as many as there are CPUs", "one per CPU"},
		{"2a", "two per CPU", ""},
		{"2c", "3 processes finish, no goroutine does", "3 0"},
		{"2c", "all 3 processes and none of the goroutines", "3 0"},
		{"2c", "none of the processes, all of the goroutines", "0 3"},
		{"2c", "all three finish as processes, none as goroutines", "3 0"},
		{"2c", "3 finish, none finish", ""},
		{"3a", "both 3", "3 3"},
		{"3a", "one at a time with Apply, three with Map", "1 3"},
		{"2c", "2 of the other three as processes, 1 as goroutines", ""},
		{"3d", "Start returns an error", "an error"},
		{"3d", "no error", ""},
		{"3e", "three alive after Map, none after Close", "3 0"},
		{"3e", "none alive after Close, three after Map", "3 0"},
		{"4b", "none with Map, 1 with Imap, 3 with ImapUnordered", "0 1 3"},
		{"6a", "A, B and C, but D is not printed", "A B C"},
		{"6a", "A, B and C not printed", ""},
		{"6d", "it lives on", ""},
		{"6d", "it survives", "alive"},
		{"6e", "neither of the two", "neither"},
		{"9a", "the whole message", "the message"},
		{"9a", "io.ErrUnexpectedEOF", "a broken message"},
		{"8a", "main prints 20 and the child prints 10", "10 20"},
		{"8a", "they print 10 and 20, or 20 twice", ""},
		{"8g", "one consumer exits, 10 tasks are done", "10 1"},
		{"2a", "one for each core", "one per CPU"},
		{"2d", "6-7", "6 7"},
		{"2d", "between 6 and 7", "6 7"},
		{"2d", "6 or 7", "6 7"},
		{"2d", "from 5 to 7", "5 7"},
		{"2d", "largest 7, smallest 6", "6 7"},
		{"2c", "all as processes, none as goroutines", "3 0"},
		{"3f", "0,7", "0 7"},
		{"3f", "256,263", "256 263"},
		{"3f", "0 the first time, 7 the second time", "0 7"},
		{"3f", "7 in the second case, 0 in the first case", "0 7"},
		{"3f", "0 at first, 7 at the end", ""},
		{"4e", "2 the first time and 3 the second time", "2 3"},
		{"4b", "none, 1, all", "0 1 4"},
		{"4f", "3,5", ""},
		{"4f", "3,0", ""},
		{"4f", "about 3", ""},
		{"5e", "New in the child, Old in main", "New, Old"},
		{"5c", "Child: main, Grandchild: Child", "main, Child"},
		{"9b", "both, none", "2 0"},
		{"9b", "both in the first try, none in the second", "2 0"},
		{"9b", "both in the first, neither in the second", "2 0"},
		{"9b", "none both", ""},
		{"9b", "both none", ""},
		{"7e", "-15,-9,0", "-15 -9 0"},
		{"7e", "Polite 0, Stuck -15, Stubborn -9", "-15 -9 0"},
		{"7e", "-15 and -9 and 0", "-15 -9 0"},
		{"8b", "2 of A, 3 of B", "2 3"},
		{"8b", "3 of B, 2 of A", "2 3"},
		{"8b", "A 2, B 3", "2 3"},
		{"8b", "all", ""},
		{"8c", "first the child, then main, then the goroutine", "child, main, goroutine"},
		{"8c", "main second, goroutine last, child first", "child, main, goroutine"},
		{"8c", "child, then main and last the goroutine", "child, main, goroutine"},
		{"8c", "the goroutine waits for main", ""},
		{"8d", "first 11, last EOF", "11, EOF"},
		{"8d", "the first Recv returns 11, the last one returns EOF", ""},
		{"8d", "the first Recv returns 11, the last Recv returns EOF", "11, EOF"},
		{"8d", "EOF at last, 11 first", "11, EOF"},
		{"8d", "last EOF first 11", ""},
		{"8f", "it waits for another task", "waits"},
		{"2c", "none as goroutines, all as processes", "3 0"},
		{"3e", "0/3", "0 3"},
		{"4b", "0/2/4", "0 2 4"},
		{"4c", "3 4 (the error is for task 2)", "3 4"},
		{"5d", "1 name, 2 different PIDs, n is 3", "1 2 3"},
		{"5d", "2 PIDs, 1 name, n 3", "1 2 3"},
		{"5d", "one name but two PIDs, and n = 3", "1 2 3"},
		{"6d", "alive, it goes on", "alive"},
		{"6f", "3 in the file, 21 as sum", "3 21"},
		{"6f", "3 numbers in the file, sum is 21", "3 21"},
		{"6g", "4 names but only 3 prices", "4 3"},
		{"6g", "3 prices, 4 names", "4 3"},
		{"7a", "all four", "A B C D"},
		{"9a", "part of the message", "a broken message"},
		{"9a", "unexpected EOF", "a broken message"},
		{"9a", "the message, then EOF", ""},
		{"9a", "the last part of the message", ""},
		{"8a", "5 in main, 15 in the child", "15 5"},
		{"8e", "Len 2, 3 to do", "2 3"},
		{"8g", "all 10 tasks, only one consumer", "10 1"},
		{"8g", "1 of 10 tasks, 2 consumers", ""},
		{"4e", "2 of 3, and then 3 of 3", "2 3"},
	} {
		if got, ok := items[test.id].Form.Read(test.written); ok != (test.want != "") || ok && got != test.want {
			t.Errorf("%s: %q is read as %q, %v, want %q", test.id, test.written, got, ok, test.want)
		}
	}
}

func TestWhyAPredictionIsNotUnderstood(t *testing.T) {
	for _, test := range []struct{ form, written, want string }{
		{"number from 0 to 3", "4", "4 is more than 3"},
		{"two numbers from 0 to 3: a child, main", "3 7", "7 is more than 3"},
		{"three numbers", "1 2 3 4", "four numbers, but the brackets ask for three"},
		{"two numbers: files, sum", "1 file", "one number, but the brackets ask for two"},
		{"two numbers", "3, Sum 21", `"Sum" is not understood; write: two numbers, like 40 2`},
		{"two numbers from 0 to 3: a child, main", "2 of 3", "one number, but the brackets ask for two"},
		{"two numbers", "11 – EOF", `"11 – EOF" is not understood; write: two numbers, like 40 2`},
		{"letters", "all - D", `"all - D" is not understood; write: letters, like B C, or none`},
		{"number", "Counter!", `"Counter" is not understood; write: number, like 40`},
		{"two numbers: files, sum", "1 sum, 2", "write only: two numbers, like 40 2: files, sum"},
		{"number", "10-15", `"10-15" is not understood; write: number, like 40`},
		{"letters", "A B or C", `"or" is not understood; write: letters, like B C, or none`},
		{"letters", "A E", `"E" is not understood; write: letters, like B C, or none`},
		{"letters", "A-C", "write each letter that you mean, like B C, and not A-C"},
		{"letters", "A to B.", "write each letter that you mean, like B C, and not A to B"},
		{"letters", "C-A", "write each letter that you mean, like B C, and not C-A"},
		{"letters in order", "A B A", "write only: letters in order, like C B A"},
		{"one of: alive = runs, dead", "not alive", `"not" is not understood; write: one of: alive, dead`},
		{"one of: alive = runs, dead", "alive, dead", "write only one of these: alive, dead"},
	} {
		f := ParseForm(test.form, []string{"Is it A or B or C?"})
		if _, understood := f.Read(test.written); understood {
			t.Errorf("(%s) %q is understood", test.form, test.written)
		}
		if got := f.Unclear(test.written); got != test.want {
			t.Errorf("(%s) %q: %s, want %s", test.form, test.written, got, test.want)
		}
	}
}

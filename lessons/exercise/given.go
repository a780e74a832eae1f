package exercise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"processbook/mp"
)

// Oracle answers a question: the answer to "say yes" is "yes". At "fail", "panic",
// "exit" and "hang", it does that. At "defy", it hangs and ignores SIGTERM.
// The answer to "stay yes" is also "yes", but then the process lives until the
// test notes "may end".
func Oracle(question string) (string, error) {
	Note("asked %s", question)
	what, rest, _ := strings.Cut(question, " ")
	switch what {
	case "say":
		return rest, nil
	case "stay":
		mp.NewProcess(oracleStays, mp.None{}).Start(context.Background()) // only a daemon may not have this child
		return rest, nil
	case "talk":
		n, err := strconv.Atoi(rest)
		return strings.Repeat("x", n), err
	case "fail":
		return "", errors.New("the stars are not clear") // the question does not have these words
	}
	return "", misfortune(question)
}

// oracleStays is a child of the process that calls Oracle: that one joins it at its end.
var oracleStays = mp.Proc("oracleStays", func(mp.None) error {
	Await(1, "may end")
	return nil
})

// Translate translates a word into capitals. Some words are special. "meet 3"
// waits until three words "meet 3" have begun. "wait 3" waits until three words
// that begin with "wait" are done. At "fail" and "exit", Translate does that.
func Translate(word string) (string, error) {
	Note("began %s", word)
	what, rest, _ := strings.Cut(word, " ")
	var n int
	fmt.Sscan(rest, &n)
	var err error
	switch what {
	case "meet":
		if !Await(n, fmt.Sprint("began meet ", n)) {
			err = fmt.Errorf("the translator of %q waited for %d words to be at work at the same time", word, n)
		}
	case "wait":
		if !Await(n, "done wait") {
			err = fmt.Errorf("the translator of %q waited for %d other words", word, n)
		}
	case "fail":
		err = errors.New("nobody knows this") // the word does not have these words
	case "exit":
		err = misfortune(word)
	}
	if err != nil {
		return "", err
	}
	Note("done %s", word)
	return strings.ToUpper(word), nil
}

// WordsOf counts the words of a file. Some files are special. "meet-2-a" waits
// until two files "meet" have begun. "stuck" hangs the first time that it is
// counted. "tiny-7" is not on the disk, because to make many files takes long.
func WordsOf(file string) (map[string]int, error) {
	name := filepath.Base(file)
	Note("began %s", name)
	what, rest, _ := strings.Cut(name, "-")
	switch what {
	case "meet":
		n, _ := strconv.Atoi(strings.Split(rest, "-")[0])
		if !Await(n, "began meet") {
			return nil, fmt.Errorf("%s waited for %d files to be counted at the same time", name, n)
		}
	case "stuck":
		if len(Notes("began "+name)) == 1 {
			Note("stuck %s", name)
			select {} // until the test kills this process
		}
	case "tiny":
		return map[string]int{"only-" + name: 1, "the": 2}, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	words := make(map[string]int)
	for _, word := range strings.Fields(string(text)) {
		words[word]++
	}
	return words, nil
}

// misfortune exits, panics or hangs, as the order says.
func misfortune(order string) error {
	what, rest, _ := strings.Cut(order, " ")
	switch what {
	case "panic":
		panic(rest)
	case "exit":
		code, _ := strconv.Atoi(rest)
		os.Exit(code)
	case "defy":
		signal.Ignore(syscall.SIGTERM)
		fallthrough
	case "hang":
		Note("hangs")
		select {}
	}
	return fmt.Errorf("%q is not understood", order)
}

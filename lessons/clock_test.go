package lessons

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"processbook/mp"
)

// A Scene is what a process of these stories must know.
type Scene struct {
	Me     Actor
	Play   string
	Ticks  int
	Cast   []Scene // its children
	Daemon bool
}

var player mp.Function[Scene, mp.None]

func init() { player = mp.Proc("player", play) } // it starts itself

func play(s Scene) error {
	s.Me.Enter()
	defer s.Me.Leave()
	var children []*mp.Process
	for i, c := range s.Cast {
		p := mp.NewProcess(player, c)
		p.Name, p.Daemon = fmt.Sprint(mp.Current().Name, i+1), c.Daemon
		if err := p.Start(context.Background()); err != nil {
			return err
		}
		children = append(children, p)
	}
	switch s.Play {
	case "join":
		err := s.Me.Join(children[0], s.Ticks)
		s.Me.Say("joined: %v", err)
	case "join parent":
		s.Me.Join(mp.Parent(), NoLimit)
	case "silent":
		select {}
	case "fail":
		return fmt.Errorf("no luck")
	case "exit":
		os.Exit(0)
	default:
		for range s.Ticks {
			s.Me.Work(1)
			s.Me.Mark('+')
		}
		s.Me.Say("done")
	}
	return nil
}

// lines gives every scene a line to the stage.
func (s *Scene) lines(stage *Stage, name string) {
	s.Me = stage.Actor(name)
	for i := range s.Cast {
		s.Cast[i].lines(stage, fmt.Sprint(name, i+1))
	}
}

func perform(t *testing.T, c Clock, limit time.Duration, s Scene) (string, Events, error) {
	var out strings.Builder
	stage := c.Stage(&out)
	stage.limit = limit
	s.lines(stage, "P")
	p := mp.NewProcess(player, s)
	p.Name = "P"
	restartAliases()
	events, err := stage.Play(t.Context(), p)
	if p.Alive() {
		t.Error("the first process is still alive")
	}
	return out.String(), events, err
}

var stories = []struct {
	name  string
	scene Scene
	want  string // the picture
	said  string // by P
}{
	{"two work at once", Scene{Cast: []Scene{{Ticks: 2}, {Ticks: 2}}}, `
  P     [|..........]
  P1    [==+=====+==]
  P2    [==+=====+==]`, "done"},
	{"a join ends with the process", Scene{Play: "join", Ticks: NoLimit, Cast: []Scene{{Ticks: 2}}}, `
  P     [...........|]
  P1    [==+=====+==]`, "joined: <nil>"},
	{"a join's limit", Scene{Play: "join", Ticks: 1, Cast: []Scene{{Ticks: 2}}}, `
  P     [.....|.....]
  P1    [==+=====+==]`, "joined: context canceled"},
	{"what ends in the tick of the limit has ended in time", Scene{Play: "join", Ticks: 2, Cast: []Scene{{Ticks: 2}}}, `
  P     [...........|]
  P1    [==+=====+==]`, "joined: <nil>"},
	{"a join with limit 0 only looks", Scene{Play: "join", Ticks: 0, Cast: []Scene{{Ticks: 1}}}, `
  P     [|....]
  P1    [==+==]`, "joined: context canceled"},
	{"a join of a process that is gone", Scene{Play: "join", Ticks: 3, Cast: []Scene{{}}}, `
  P     [|]
  P1    []`, "joined: <nil>"},
	{"a daemon is stopped at the last line", Scene{Ticks: 1, Cast: []Scene{{Ticks: 9, Daemon: true}, {Ticks: 2}}}, `
  P     [==+==|.....]
  P1    [==+==x
  P2    [==+=====+==]`, "done"},
	{"families end from the leaves", Scene{Cast: []Scene{{Cast: []Scene{{Ticks: 1}}}, {Ticks: 2}}}, `
  P     [|..........]
  P1    [|....]
  P11   [==+==]
  P2    [==+=====+==]`, "done"},
	{"a process that exits has not returned", Scene{Ticks: 1, Cast: []Scene{{Play: "exit"}}}, `
  P     [==+==|]
  P1    [x`, "done"},
}

func TestStage(t *testing.T) {
	for _, c := range stories {
		t.Run(c.name, func(t *testing.T) {
			out, events, err := perform(t, Clock{}, Limit, c.scene)
			picture, _, _ := strings.Cut("\n"+events.Timeline(), "\n  tick")
			if err != nil || picture != c.want || !events.Said("P", c.said) {
				t.Errorf("error %v, picture\n%s\nand\n%s", err, picture, out)
			}
		})
	}
}

// In the picture they end in the same column. In the story somebody is first.
func TestAParentEndsAfterItsDaemons(t *testing.T) {
	out, _, err := perform(t, Clock{}, Limit, Scene{Ticks: 1, Cast: []Scene{{Ticks: 9, Daemon: true}, {Ticks: 9, Daemon: true}}})
	const want = `
   1   P    reaches its last line
   1   P1   is terminated
   1   P2   is terminated
   1   P    ends
`
	if err != nil || !strings.HasSuffix(out, want) {
		t.Errorf("error %v, got\n%swant the end to be%s", err, out, want)
	}
}

func TestWhatIsNotAStory(t *testing.T) {
	const short = 3 * time.Second // for what will never happen; long enough for a start
	for _, c := range []struct {
		scene Scene
		limit time.Duration
		want  string
	}{
		{Scene{Play: "join", Ticks: NoLimit, Cast: []Scene{{Play: "join parent"}}}, Limit, "tick 0: all wait for each other: P joins P1; P1 joins P"},
		{Scene{Ticks: 1, Cast: []Scene{{Play: "silent"}}}, short, "tick 0: waited for 3s in vain: P1 has not said what it waits for"},
		{Scene{Play: "fail"}, Limit, "P (pid "},
	} {
		if out, _, err := perform(t, Clock{}, c.limit, c.scene); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got error %v, want %s\n%s", err, c.want, out)
		}
	}
}

func TestFree(t *testing.T) {
	out, events, err := perform(t, Clock{Free: true, Unit: time.Millisecond}, Limit,
		Scene{Play: "join", Ticks: NoLimit, Cast: []Scene{{Ticks: 2}}})
	if err != nil || !events.Said("P", "joined: <nil>") || !events.Said("P1", "done") {
		t.Errorf("error %v\n%s", err, out)
	}
}

func TestAStoryIsTheSameEveryTime(t *testing.T) {
	scene := Scene{Ticks: 1, Cast: []Scene{{Ticks: 3}, {Ticks: 1, Daemon: true}, {Ticks: 2}}}
	first, _, err := perform(t, Clock{}, Limit, scene)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if again, _, err := perform(t, Clock{}, Limit, scene); again != first || err != nil {
			t.Fatalf("error %v, first\n%s\nthen\n%s", err, first, again)
		}
	}
}

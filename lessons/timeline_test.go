package lessons

import "testing"

var pictures = []struct {
	name   string
	events Events
	want   string
}{
	{"a daemon is stopped, its parent waits", Events{
		{0, "main", '[', "starting"}, {0, "main", '=', ""},
		{0, "Worker 1", '[', ""}, {0, "Worker 1", '=', ""},
		{1, "Worker 2", '[', ""}, {1, "Worker 2", '=', ""},
		{1, "main", '|', ""}, {1, "Worker 1", 'x', ""},
		{3, "Worker 2", 0, "exiting"}, {3, "Worker 2", ']', ""},
		{3, "main", ']', ""},
	}, `
  main      [=====|...........]
  Worker 1  [=====x
  Worker 2        [===========]
  tick      0     1     2     3
            [ starts  = runs  . waits  | last line  ] ends  x is terminated
`},
	{"marks", Events{
		{0, "main", '[', ""}, {0, "main", '.', ""},
		{0, "A", '[', ""}, {1, "A", '2', ""}, {1, "A", '=', ""}, {2, "A", '1', ""}, {2, "A", ']', ""},
		{2, "main", '=', ""}, {2, "main", ']', ""},
	}, `
  main  [...........]
  A     [==2=====1==]
  tick  0     1     2
        [ starts  = runs  . waits  ] ends
`},
	{"no time at all", Events{{0, "A", '[', ""}, {0, "A", '|', ""}, {0, "A", ']', ""}}, `
  A     [|]
  tick  0
        [ starts  | last line  ] ends
`},
	{"narrow ticks", Events{{0, "A", '[', ""}, {30, "A", 'x', ""}}, `
  A     [===========================================================x
  tick  0   2   4   6   8   10  12  14  16  18  20  22  24  26  28  30
        [ starts  = runs  x is terminated
`},
}

func TestTimeline(t *testing.T) {
	for _, c := range pictures {
		if got := "\n" + c.events.Timeline(); got != c.want {
			t.Errorf("%s: got%s\nwant%s", c.name, got, c.want)
		}
	}
}

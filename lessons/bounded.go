package lessons

import (
	"fmt"
	"strconv"
	"time"
)

// A bounded is the value of a flag that refuses what makes no sense.
type bounded[T int | time.Duration] struct {
	p           *T
	least, most T
	parse       func(string) (T, error)
	form        string
}

func wholeNumber(p *int, least, most int) bounded[int] {
	return bounded[int]{p, least, most, strconv.Atoi, "a whole number"}
}

func someTime(p *time.Duration, least, most time.Duration) bounded[time.Duration] {
	return bounded[time.Duration]{p, least, most, time.ParseDuration, "a time like 300ms"}
}

func (b bounded[T]) Set(s string) error {
	v, err := b.parse(s)
	if err != nil || v < b.least || v > b.most {
		return fmt.Errorf("give it %s from %v to %v", b.form, b.least, b.most)
	}
	*b.p = v
	return nil
}

// String is for package flag, which also asks a zero bounded.
func (b bounded[T]) String() string { return "" }

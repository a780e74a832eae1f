package mp

func work[A, R any](c *child, name string, f func(A) (R, error)) error { return nil }

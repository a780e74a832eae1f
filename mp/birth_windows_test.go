package mp

const canExecute = false // Windows has no such call

func execute([]string) {}

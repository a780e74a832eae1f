package mp

const canExecSelf = false // Windows has no such call

func execSelf() {}

package exercise

var attempts3 = []attempt{}

module processbook

go 1.25

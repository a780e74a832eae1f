// Nomain is a program that forgets to call mp.Main.
package main

import (
	"context"
	"fmt"
	"os"

	"processbook/mp"
)

var child = mp.Proc("child", func(mp.None) error { return nil })

func main() {
	fmt.Println("main runs")
	if err := mp.NewProcess(child, mp.None{}).Start(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// A stand-in for pulumi-resource-command 1.2.1, for machines where the real plugin cannot be had.
//
// It is the real provider's code of January 2024 behind a thin layer (wrap.go) that knows the inputs which that code
// does not know yet and which the 1.2.1 SDK sends. Where the real plugin is installed, this one is not even built.
package main

import (
	"fmt"
	"os"

	command "github.com/pulumi/pulumi-command/provider/pkg/provider"
	p "github.com/pulumi/pulumi-go-provider"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("pulumi-resource-command 1.2.1 (stand-in of the lab, on the provider of 2024-01-12)")
		return
	}
	if err := p.RunProvider("command", "1.2.1", cancellable(wrap(command.NewProvider()))); err != nil {
		fmt.Fprintf(os.Stderr, "Error: %s\n", err)
		os.Exit(1)
	}
}

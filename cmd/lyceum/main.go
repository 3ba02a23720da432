// Command lyceum runs live classes that answer back.
//
// It exits with 0 when it has done what it was asked, or was told to stop
// (SIGINT, SIGTERM) and has; with 1 when something failed; and with 130 or 143
// when it was told to stop a second time, by SIGINT or SIGTERM, and did not
// finish what it was doing.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
)

// command is one of the things that lyceum does.
type command struct {
	name string
	does string
	run  func(args []string) error
}

func commands() []command {
	return []command{
		{"serve", "run the server", serve},
		{"demo", "run the server with a class full of simulated viewers", demo},
		{"token", "mint a token and a link for one person and room", token},
		{"bench", "measure a server: fan-out, answers, joins", bench},
		{"backup", "copy a server's data to one file, also while it runs", backup},
		{"restore", "make a server's data out of a backup", restore},
		{"import", "read banks of questions: GIFT, Aiken, Moodle XML, QTI, Kahoot, CSV", importFiles},
		{"convert", "write banks of questions as GIFT, Moodle XML, QTI, XLSX or CSV", convert},
		{"evaluate", "measure the recommender on recorded behaviour", evaluate},
		{"offpolicy", "estimate what one policy brings from the log of another", judge},
		{"simulate", "let experiments run among simulated people", simulate},
		{"version", "print the version", version},
	}
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "lyceum:", err)
		}
		if e, ok := errors.AsType[interface {
			error
			ExitCode() int
		}](err); ok {
			os.Exit(e.ExitCode())
		}
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage()
		return nil
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(args[1:])
		}
	}
	return fmt.Errorf("there is no command %q; lyceum help lists them", args[0])
}

func usage() {
	fmt.Println("Lyceum runs live classes that answer back.\n\nUsage: lyceum COMMAND [flags]")
	fmt.Println()
	for _, c := range commands() {
		fmt.Printf("  %-9s %s\n", c.name, c.does)
	}
	fmt.Println("\nlyceum COMMAND -h shows a command's flags; configs/lyceum.yaml explains every option.")
}

func version([]string) error {
	v := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
	}
	fmt.Println("lyceum", v)
	return nil
}

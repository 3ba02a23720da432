package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/wire"
)

// unreadable is the end of an import that read nothing: lyceum then exits
// with 2.
type unreadable struct{ error }

// ExitCode is what the process exits with.
func (unreadable) ExitCode() int { return 2 }

func (u unreadable) Unwrap() error { return u.error }

// importFiles reads banks of questions and prints them.
func importFiles(args []string) error { return runImport(args, os.Stdout) }

func runImport(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("import", flag.ContinueOnError)
	names := namesOf(formats.Readable)
	format := fs.String("format", string(formats.Auto), "what the files are in: "+strings.Join(names, ", "))
	asJSON := fs.Bool("json", false, "print the questions as JSON")
	fs.Usage = func() {
		fmt.Fprintln(fs.Output(), "Usage: lyceum import [-format FORMAT] [-json] FILE…\n\nReads banks of questions and says what is in them.")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() == 0 {
		return errors.New("import: name the files to read: lyceum import [-format FORMAT] [-json] FILE…")
	}
	if !slices.Contains(names, *format) {
		return fmt.Errorf("import: there is no format %q; there are %s", *format, strings.Join(names, ", "))
	}
	all, err := importAll("import", fs.Args(), formats.Format(*format))
	if err != nil {
		return err
	}
	if len(all.Questions) > 0 || len(all.Skipped) > 0 {
		if err := printImport(out, all, *asJSON); err != nil {
			return fmt.Errorf("import: %w", err)
		}
	}
	if len(all.Questions) == 0 {
		return unreadable{fmt.Errorf("import: %s: nothing could be read: %s", strings.Join(fs.Args(), ", "), all.Skipped[0])}
	}
	return nil
}

// importAll reads files one after another. A file that cannot be read at all
// stops the rest only where it is the only one.
func importAll(command string, files []string, format formats.Format) (formats.Result, error) {
	all := formats.Result{Questions: []formats.Question{}, Skipped: []formats.Skipped{}}
	for _, name := range files {
		r, err := importFile(name, format)
		if refused, ok := errors.AsType[*formats.Error](err); ok && len(files) > 1 {
			r.Skipped = []formats.Skipped{{ID: name, Reason: refused.Err.Error()}}
		} else if ok {
			return all, unreadable{fmt.Errorf("%s: %w", command, err)}
		} else if err != nil {
			return all, fmt.Errorf("%s: %w", command, err)
		} else if len(files) > 1 {
			for i := range r.Skipped {
				r.Skipped[i].Reason = name + ": " + r.Skipped[i].Reason
			}
		}
		all.Questions = append(all.Questions, r.Questions...)
		all.Skipped = append(all.Skipped, r.Skipped...)
	}
	return all, nil
}

func importFile(name string, format formats.Format) (formats.Result, error) {
	f, err := os.Open(name)
	if err != nil {
		return formats.Result{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return formats.Result{}, err
	}
	if !info.Mode().IsRegular() {
		return formats.Result{}, fmt.Errorf("%s is not a file", name)
	}
	return formats.Read(name, f, info.Size(), format)
}

func printImport(out io.Writer, r formats.Result, asJSON bool) error {
	if asJSON {
		b, err := wire.Encode(r)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", b)
		return err
	}
	var s strings.Builder
	for i, q := range r.Questions {
		text := strings.Join(strings.Fields(q.Text), " ")
		if q.Title != "" {
			text = q.Title + ": " + text
		}
		if runes := []rune(text); len(runes) > 100 {
			text = string(runes[:99]) + "…"
		}
		fmt.Fprintf(&s, "%4d  %-11s  %s\n", i+1, q.Type, text)
		for _, line := range answersOf(q) {
			fmt.Fprintf(&s, "%19s%s\n", "", line)
		}
	}
	for _, k := range r.Skipped {
		fmt.Fprintf(&s, "skipped %s\n", k)
	}
	fmt.Fprintf(&s, "%d questions, %d skipped\n", len(r.Questions), len(r.Skipped))
	_, err := io.WriteString(out, s.String())
	return err
}

// answersOf is a question's answers, one a line.
func answersOf(q formats.Question) []string {
	var out []string
	weighted := func(weight float64, text string) {
		mark := " "
		if weight > 0 {
			mark = "✓"
		}
		if weight != 0 && weight != 100 {
			text += fmt.Sprintf(" (%g%%)", weight)
		}
		out = append(out, mark+" "+strings.Join(strings.Fields(text), " "))
	}
	for _, c := range q.Choices {
		weighted(c.Weight, c.Text)
	}
	for _, a := range q.Accept {
		weighted(a.Weight, a.Text)
	}
	for _, r := range q.Ranges {
		text := fmt.Sprint(r.Min)
		if r.Min != r.Max {
			text = fmt.Sprintf("%v to %v", r.Min, r.Max)
		}
		weighted(r.Weight, text)
	}
	for _, p := range q.Pairs {
		out = append(out, strings.TrimSpace(p.Left+" → "+p.Right))
	}
	return out
}

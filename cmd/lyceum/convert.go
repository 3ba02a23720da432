package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats"
)

// convert writes banks of questions in another format.
func convert(args []string) error { return runConvert(args, os.Stdout, os.Stderr) }

// endings are the file names that tell a format to write.
var endings = map[string]formats.Format{
	".gift": formats.GIFT, ".xml": formats.Moodle, ".zip": formats.QTI, ".xlsx": formats.XLSX, ".csv": formats.CSV,
}

func runConvert(args []string, out, say io.Writer) error {
	const use = "lyceum convert [-to FORMAT] [-o FILE] [-format FORMAT] FILE…"
	fs := flag.NewFlagSet("convert", flag.ContinueOnError)
	reads, writes := namesOf(formats.Readable), namesOf(formats.Writable)
	to := fs.String("to", "", "what to write: "+strings.Join(writes, ", ")+" (left out: as the name after -o ends)")
	name := fs.String("o", "", "the file to write; left out: the standard output")
	format := fs.String("format", string(formats.Auto), "what the files are in: "+strings.Join(reads, ", "))
	fs.Usage = func() {
		fmt.Fprintln(fs.Output(), "Usage: "+use+"\n\nReads banks of questions and writes them as one in another format.")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *to == "" {
		*to = string(endings[strings.ToLower(filepath.Ext(*name))])
	}
	switch {
	case fs.NArg() == 0:
		return errors.New("convert: name the files to read: " + use)
	case *to == "":
		return errors.New("convert: say what to write with -to: " + strings.Join(writes, ", "))
	case !slices.Contains(writes, *to):
		return fmt.Errorf("convert: there is no format %q to write; there are %s", *to, strings.Join(writes, ", "))
	case !slices.Contains(reads, *format):
		return fmt.Errorf("convert: there is no format %q; there are %s", *format, strings.Join(reads, ", "))
	}
	all, err := importAll("convert", fs.Args(), formats.Format(*format))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	left, err := formats.Write(&b, formats.Format(*to), all.Questions)
	if err != nil {
		return fmt.Errorf("convert: %w", err)
	}
	for _, s := range all.Skipped {
		fmt.Fprintf(say, "not read: %s\n", s)
	}
	for _, s := range left {
		fmt.Fprintf(say, "not written: %s: %s\n", s.ID, s.Reason)
	}
	if len(left) == len(all.Questions) {
		return unreadable{fmt.Errorf("convert: nothing of %s could be written as %s", strings.Join(fs.Args(), ", "), *to)}
	}
	if *name == "" {
		_, err = out.Write(b.Bytes())
	} else {
		err = replaceFile(*name, b.Bytes())
	}
	if err != nil {
		return fmt.Errorf("convert: %w", err)
	}
	if *name != "" {
		fmt.Fprintf(say, "%d questions in %s\n", len(all.Questions)-len(left), *name)
	}
	return nil
}

func namesOf(list []formats.Format) []string {
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = string(f)
	}
	return names
}

// replaceFile writes a file whole or leaves what was there.
func replaceFile(name string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".convert-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(b)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

package config

import (
	"flag"
	"reflect"
	"strings"
)

// Flags are what was given on the command line. They are held until Load, for
// the file that they override may be named there too.
type Flags struct {
	given map[string][]string // by key, in the order given
}

// Bind defines a flag --section.key on fs for every option of the struct that
// dst points to.
func Bind(fs *flag.FlagSet, dst any) (*Flags, error) {
	t, err := newTree(dst)
	if err != nil {
		return nil, err
	}
	f := &Flags{given: map[string][]string{}}
	for _, o := range t.options {
		usage := o.doc
		if len(o.oneof) > 0 {
			usage += ": " + strings.Join(o.oneof, ", ")
		}
		if name := o.unit; name != "" {
			usage += " (`" + name + "`)"
		}
		fs.Var(&flagValue{f, o, format(o.value, o.unit)}, o.key, usage)
	}
	return f, nil
}

func (f *Flags) apply(t *tree) error {
	for _, o := range t.options {
		for i, text := range f.given[o.key] {
			before := o.value.Interface()
			if err := o.setText(text); err != nil {
				return &Error{"--" + o.key, "", err.Error()}
			}
			if isList(o.value.Type()) && i > 0 {
				// Given again, a list goes on.
				o.value.Set(reflect.AppendSlice(reflect.ValueOf(before), o.value))
			}
		}
	}
	return nil
}

// flagValue is one flag, as package flag wants it.
type flagValue struct {
	flags  *Flags
	option *option
	normal string // its default
}

func (v *flagValue) String() string { return v.normal }

func (v *flagValue) Set(text string) error {
	v.flags.given[v.option.key] = append(v.flags.given[v.option.key], text)
	return nil
}

// IsBoolFlag lets --guests.allowed mean --guests.allowed=true.
func (v *flagValue) IsBoolFlag() bool {
	return v.option != nil && v.option.value.Kind() == reflect.Bool
}

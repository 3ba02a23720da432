// Package config fills a configuration struct from its defaults, a YAML file,
// the environment and flags, each before the next:
//
//	default tag ──▶ lyceum.yaml ──▶ LYCEUM_ROOM_IDLE=5m ──▶ --room.idle=5m
//
// The struct is made of sections, one for each part of the server, and belongs
// to its user; the package knows it only by reflection and tags:
//
//	type Config struct {
//		Room struct {
//			Idle time.Duration `yaml:"idle" default:"10m" doc:"how long a room without sockets stays in memory"`
//		} `yaml:"room"`
//	}
//
//	yaml     the option's name ("-": not an option); without it, the field's in snake case
//	default  its value where nobody sets it; without it, what the struct holds when loaded
//	doc      what it is, for people
//	unit     what a number counts, such as "points"; "bytes" also reads "64KiB"
//	oneof    the words it may be, with blanks between
//	min, max the range of a number or a duration
//
// An option is a bool, a number, a string, a [time.Duration] ("30s"), a type
// with UnmarshalText such as [Size] ("64KiB"), or a list of these. A section
// with a method Check() error is asked once all is read.
//
// Nothing is ignored in silence: an option that does not exist, or a value it
// cannot have, is one [Error] that says where it stands. The package's own
// errors never repeat a value, for some are secret. It reads no clock, starts
// no goroutine and writes no file.
package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Sources are where values come from, weakest first. Each may be empty.
type Sources struct {
	File  string   // path of a YAML file; "" for none
	Env   []string // as from os.Environ
	Flags *Flags   // as from Bind, after the flags were parsed
}

// Error says where a configuration is wrong, and how.
type Error struct {
	Where string // "lyceum.yaml:12", "LYCEUM_ROOM_IDLE" or "--room.idle"
	Key   string // "room.idle"; "" where no option is meant
	Text  string
}

func (e *Error) Error() string {
	s := e.Text
	if e.Key != "" {
		s = e.Key + ": " + s
	}
	return e.Where + ": " + s
}

// Load fills the struct that dst points to. Where it fails, dst is as it was.
func Load(dst any, from Sources) error {
	t, err := newTree(dst)
	if err != nil {
		return err
	}
	if from.File != "" {
		if err := t.readFile(from.File); err != nil {
			return err
		}
	}
	if err := t.readEnv(from.Env); err != nil {
		return err
	}
	if from.Flags != nil {
		if err := from.Flags.apply(t); err != nil {
			return err
		}
	}
	if err := t.check(); err != nil {
		return err
	}
	reflect.ValueOf(dst).Elem().Set(t.root)
	return nil
}

// Option describes one option to people.
type Option struct {
	Key     string // "room.idle", and --room.idle as a flag
	Env     string // "LYCEUM_ROOM_IDLE"
	Type    string // "duration", "size", "number", "text", "true or false", "list of text", …
	Unit    string
	Default string
	Doc     string
	OneOf   []string
}

// Options lists the options of the struct that dst points to, in its order.
func Options(dst any) ([]Option, error) {
	t, err := newTree(dst)
	if err != nil {
		return nil, err
	}
	list := make([]Option, 0, len(t.options))
	for _, o := range t.options {
		list = append(list, Option{
			Key: o.key, Env: o.env, Type: typeName(o.value.Type(), o.unit), Unit: o.unit,
			Default: format(o.value, o.unit), Doc: o.doc, OneOf: o.oneof,
		})
	}
	return list, nil
}

// tree is a copy of the struct that is being filled, and the ways to its
// fields.
type tree struct {
	root     reflect.Value // addressable
	options  []*option     // in the struct's order
	byKey    map[string]*option
	sections map[string]section
}

// option is one field that can be set.
type option struct {
	key, env  string
	value     reflect.Value // the field in tree.root
	doc, unit string
	oneof     []string
	min, max  reflect.Value // of a value or of each in a list; not valid where there is none
}

// section is a struct of options. Its key is "" for the whole.
type section struct {
	value reflect.Value
	where string // where the file has it; "" if nowhere
}

// newTree copies the struct, gives its options their defaults and finds what
// its tags say. An error is a mistake in the struct, not in a configuration.
func newTree(dst any) (*tree, error) {
	p := reflect.ValueOf(dst)
	if p.Kind() != reflect.Pointer || p.IsNil() || p.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("config: want a pointer to a struct, not %T", dst)
	}
	t := &tree{
		root:     reflect.New(p.Type().Elem()).Elem(),
		byKey:    map[string]*option{},
		sections: map[string]section{},
	}
	t.root.Set(p.Elem())
	if err := t.add("", t.root); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	envs := map[string]string{}
	for _, o := range t.options {
		if other, taken := envs[o.env]; taken {
			return nil, fmt.Errorf("config: %s and %s are both %s", other, o.key, o.env)
		}
		envs[o.env] = o.key
	}
	return t, nil
}

// add finds the options of a struct whose key is at ("" for the root).
func (t *tree) add(at string, v reflect.Value) error {
	t.sections[at] = section{value: v}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = snake(f.Name)
		}
		key := join(at, name)
		switch {
		case f.Type.Kind() == reflect.Struct && !isText(f.Type) && (rest == "inline" || f.Anonymous && f.Tag.Get("yaml") == ""):
			was := t.sections[at]
			if err := t.add(at, v.Field(i)); err != nil {
				return err
			}
			t.sections[at] = was
		case t.byKey[key] != nil || t.sections[key].value.IsValid():
			return fmt.Errorf("%s is there twice", key)
		case f.Type.Kind() == reflect.Struct && !isText(f.Type):
			if err := t.add(key, v.Field(i)); err != nil {
				return err
			}
		default:
			if err := t.addOption(key, v.Field(i), f.Tag); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}

func (t *tree) addOption(key string, v reflect.Value, tag reflect.StructTag) error {
	if !supported(v.Type()) {
		return fmt.Errorf(`a %s cannot be an option; tag it yaml:"-"`, v.Type())
	}
	o := &option{
		key: key, env: envName(key), value: v,
		doc: tag.Get("doc"), unit: tag.Get("unit"), oneof: strings.Fields(tag.Get("oneof")),
	}
	for name, bound := range map[string]*reflect.Value{"min": &o.min, "max": &o.max} {
		if text := tag.Get(name); text != "" {
			each := v.Type()
			if isList(each) {
				each = each.Elem()
			}
			b := reflect.New(each).Elem()
			if _, ok := compare(b, b); !ok {
				return fmt.Errorf("a %s has no %s", each, name)
			}
			if err := parse(b, text, o.unit); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			*bound = b
		}
	}
	if text, ok := tag.Lookup("default"); ok && v.IsZero() {
		if err := o.setText(text); err != nil {
			return fmt.Errorf("default: %w", err)
		}
	}
	t.options = append(t.options, o)
	t.byKey[key] = o
	return nil
}

// check asks every section that can tell whether it makes sense as a whole.
func (t *tree) check() error {
	for _, key := range sortedKeys(t.sections) {
		s := t.sections[key]
		v, ok := s.value.Addr().Interface().(interface{ Check() error })
		if !ok {
			continue
		}
		if err := v.Check(); err != nil {
			where := s.where
			if where == "" {
				where = "configuration"
			}
			return &Error{where, key, err.Error()}
		}
	}
	return nil
}

func join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}

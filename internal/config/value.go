package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	sizeType     = reflect.TypeFor[Size]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func isText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textType) }

func isList(t reflect.Type) bool { return t.Kind() == reflect.Slice && !isText(t) }

func supported(t reflect.Type) bool {
	if isList(t) {
		return !isList(t.Elem()) && supported(t.Elem())
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return isText(t)
}

// setText sets the option from one text, in which a list has commas.
func (o *option) setText(text string) error {
	if !isList(o.value.Type()) {
		return o.set(text)
	}
	var items []string
	if strings.TrimSpace(text) != "" {
		items = strings.Split(text, ",")
		for i := range items {
			items[i] = strings.TrimSpace(items[i])
		}
	}
	return o.setList(items)
}

// set sets an option that is no list.
func (o *option) set(text string) error {
	v := reflect.New(o.value.Type()).Elem()
	if err := o.parse(v, text); err != nil {
		return err
	}
	o.value.Set(v)
	return nil
}

func (o *option) setList(items []string) error {
	list := reflect.MakeSlice(o.value.Type(), len(items), len(items))
	for i, text := range items {
		if err := o.parse(list.Index(i), text); err != nil {
			return err
		}
	}
	o.value.Set(list)
	return nil
}

// parse reads text into v and holds it to the option's own rules.
func (o *option) parse(v reflect.Value, text string) error {
	if err := parse(v, text, o.unit); err != nil {
		return err
	}
	if len(o.oneof) > 0 && !slices.Contains(o.oneof, text) {
		return fmt.Errorf("must be one of: %s", strings.Join(o.oneof, ", "))
	}
	if below, _ := compareTo(v, o.min); below < 0 {
		return fmt.Errorf("must be at least %s", format(o.min, o.unit))
	}
	if above, _ := compareTo(v, o.max); above > 0 {
		return fmt.Errorf("must be at most %s", format(o.max, o.unit))
	}
	return nil
}

// parse reads one value that is no list.
func parse(v reflect.Value, text, unit string) error {
	t := v.Type()
	switch {
	case t == durationType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New(`must be a time with its unit, such as "30s", "10m" or "1h30m"`)
		}
		v.SetInt(int64(d))
		return nil
	case isText(t):
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return errors.New("must be true or false")
		}
		v.SetBool(text == "true")
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(text, t.Bits())
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return errors.New("must be a number")
		}
		v.SetFloat(f)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := parseInt(text, unit)
		if err != nil {
			return err
		}
		if v.OverflowInt(n) {
			return errors.New("is out of range")
		}
		v.SetInt(n)
	default: // the unsigned ones: supported let nothing else in
		n, err := parseInt(text, unit)
		if err != nil {
			return err
		}
		if n < 0 || v.OverflowUint(uint64(n)) {
			return errors.New("is out of range")
		}
		v.SetUint(uint64(n))
	}
	return nil
}

func parseInt(text, unit string) (int64, error) {
	if unit == "bytes" {
		var s Size
		err := s.UnmarshalText([]byte(text))
		return int64(s), err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, errors.New("is out of range")
	}
	if err != nil {
		return 0, errors.New("must be a whole number")
	}
	return n, nil
}

// compareTo compares v with a bound, if there is one and v can be compared.
func compareTo(v, bound reflect.Value) (int, bool) {
	if !bound.IsValid() {
		return 0, false
	}
	return compare(v, bound)
}

func compare(a, b reflect.Value) (order int, ok bool) {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int()), true
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint()), true
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float()), true
	}
	return 0, false
}

// format writes a value as setText would read it.
func format(v reflect.Value, unit string) string {
	t := v.Type()
	if isList(t) {
		items := make([]string, v.Len())
		for i := range items {
			items[i] = format(v.Index(i), unit)
		}
		return strings.Join(items, ",")
	}
	switch {
	case t == durationType:
		return duration(time.Duration(v.Int()))
	case unit == "bytes" && v.CanInt():
		return Size(v.Int()).String()
	case unit == "bytes" && v.CanUint() && v.Uint() <= math.MaxInt64:
		return Size(v.Uint()).String()
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		if b, err := v.Interface().(encoding.TextMarshaler).MarshalText(); err == nil {
			return string(b)
		}
	}
	return fmt.Sprint(v.Interface())
}

// duration leaves out the zero parts that Duration.String ends with.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func typeName(t reflect.Type, unit string) string {
	switch {
	case isList(t):
		return "list of " + typeName(t.Elem(), unit)
	case t == durationType:
		return "duration"
	case t == sizeType, unit == "bytes":
		return "size"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.String, reflect.Struct, reflect.Slice:
		return "text"
	}
	if isText(t) {
		return "text"
	}
	return "whole number"
}

// snake turns ReadHeaderTimeout into read_header_timeout and PublicIPs into
// public_ips.
func snake(name string) string {
	var b strings.Builder
	r := []rune(name)
	for i, c := range r {
		if unicode.IsUpper(c) && i > 0 && (unicode.IsLower(r[i-1]) || unicode.IsDigit(r[i-1]) ||
			i+2 < len(r) && unicode.IsUpper(r[i-1]) && unicode.IsLower(r[i+1]) && string(r[i+1:]) != "s") {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

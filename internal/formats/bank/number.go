package bank

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// decimal keeps big.Rat from numbers that take a year to write out.
var decimal = regexp.MustCompile(`^[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?$`)

// Number reads a decimal number.
func Number(s string) (float64, error) {
	r, err := exact(s)
	if err != nil {
		return 0, err
	}
	f, _ := r.Float64()
	return f, nil
}

func exact(s string) (*big.Rat, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "−", "-"))
	if !decimal.MatchString(s) {
		return nil, fmt.Errorf("%q is not a number", Clip(s, 40))
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, fmt.Errorf("%q is not a number", Clip(s, 40))
	}
	return r, nil
}

// Around is the range of a number with a tolerance, both as they were written.
// It reckons in decimals, so that 3.1415 ± 0.0005 begins at 3.141 and not a
// hair below.
func Around(number, tolerance string) (Range, error) {
	n, err := exact(number)
	if err != nil {
		return Range{}, err
	}
	t := new(big.Rat)
	if strings.TrimSpace(tolerance) != "" {
		if t, err = exact(tolerance); err != nil {
			return Range{}, err
		}
	}
	if t.Sign() < 0 {
		return Range{}, fmt.Errorf("the tolerance %s is below zero", strings.TrimSpace(tolerance))
	}
	low, _ := new(big.Rat).Sub(n, t).Float64()
	high, _ := new(big.Rat).Add(n, t).Float64()
	return Range{low, high, 100}, nil
}

// Between is the range between two numbers as they were written.
func Between(low, high string) (Range, error) {
	a, err := Number(low)
	if err != nil {
		return Range{}, err
	}
	b, err := Number(high)
	if err != nil {
		return Range{}, err
	}
	if a > b {
		return Range{}, fmt.Errorf("the range from %v to %v is the wrong way round", a, b)
	}
	return Range{a, b, 100}, nil
}

// Middle is the opposite of [Around]: a number and a tolerance, exactly.
// It is not ok where the ends are so far apart in size that no program
// could be expected to read the sum.
func (r Range) Middle() (number, tolerance string, ok bool) {
	if r.Min == r.Max {
		return Digits(r.Min), "0", true
	}
	low, errLow := exact(Digits(r.Min))
	high, errHigh := exact(Digits(r.Max))
	if errLow != nil || errHigh != nil {
		return "", "", false
	}
	half := big.NewRat(1, 2)
	mid := new(big.Rat).Mul(new(big.Rat).Add(low, high), half)
	tol := new(big.Rat).Mul(new(big.Rat).Sub(high, low), half)
	number, tolerance = ratDigits(mid), ratDigits(tol)
	back, err := Around(number, tolerance)
	return number, tolerance, err == nil && back.Min == r.Min && back.Max == r.Max
}

// ratDigits is a rational with a power of ten below the line, in decimals.
func ratDigits(r *big.Rat) string {
	n, _ := r.FloatPrec()
	return r.FloatString(n)
}

// Digits is the shortest decimal number that reads back as f.
func Digits(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-9 || a >= 1e18) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

package text

// Asked remembers what [IsQuestion] says of a text that is looked at again and
// again. It is for one text and one goroutine; the zero value has not looked.
type Asked struct{ known, asks bool }

// In reports whether something is asked in s, which is the same at each call.
func (a *Asked) In(s string) bool {
	if !a.known {
		a.known, a.asks = true, IsQuestion(s)
	}
	return a.asks
}

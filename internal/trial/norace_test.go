//go:build !race

package trial

// raced says whether the people here cost many times what they otherwise do.
const raced = false

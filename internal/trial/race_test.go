//go:build race

package trial

// raced says that the people here cost many times what they otherwise do, so
// that fewer of them come.
const raced = true

package text

// Cut returns the words of a run of Chinese characters, all of them and in
// order: their lengths tell where one ends and the next begins.
func Cut(run string) []string { return dictionary().cut(run) }

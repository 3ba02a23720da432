package wire

import "strings"

// FileID names an uploaded file: the SHA-256 of what is in it, in hexadecimal.
type FileID string

// Valid reports whether id is made as ids of files are.
func (id FileID) Valid() bool {
	if len(id) != 64 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// filePath is where a server's files are.
const filePath = "/v1/files/"

// URL is the file's address on its own server.
func (id FileID) URL() string { return filePath + string(id) }

// FileOf returns the file that an address names, if it is one of this server's.
func FileOf(url string) (FileID, bool) {
	name, found := strings.CutPrefix(url, filePath)
	id := FileID(name)
	return id, found && id.Valid()
}

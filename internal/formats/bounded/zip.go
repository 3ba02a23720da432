package bounded

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// ErrZip says that an archive cannot be opened.
var ErrZip = errors.New("the zip archive is damaged")

// Archive is a zip archive in memory. Names are keys and nothing else.
type Archive struct {
	files map[string]*zip.File
	names []string
	left  int64 // bytes that may still be unpacked
}

// OpenArchive checks how much an archive says that it holds. What it says is
// held to again as it is unpacked.
func OpenArchive(r io.ReaderAt, size int64) (*Archive, error) {
	if err := CheckSize(size); err != nil {
		return nil, err
	}
	if err := checkDirectory(r, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, ErrZip
	}
	if len(z.File) > MaxEntries {
		return nil, errMuch("the zip archive holds %d files; at most %d are read", len(z.File), MaxEntries)
	}
	a := &Archive{files: map[string]*zip.File{}, left: MaxTotal}
	var total uint64
	for _, f := range z.File {
		if f.UncompressedSize64 > MaxEntry {
			return nil, errBig("a file in the zip archive", MaxEntry)
		}
		if f.UncompressedSize64 > freeRatio && f.UncompressedSize64/max(f.CompressedSize64, 1) > MaxRatio {
			return nil, errMuch("the zip archive is packed more than %d to 1, which is refused", MaxRatio)
		}
		if total += f.UncompressedSize64; total > MaxTotal {
			return nil, errBig("what the zip archive holds", MaxTotal)
		}
		if name := Name("", f.Name); name != "" && !f.FileInfo().IsDir() {
			if _, twice := a.files[name]; !twice {
				a.files[name] = f
				a.names = append(a.names, name)
			}
		}
	}
	return a, nil
}

// Name is where a reference inside the file of that name leads, or nothing
// where it leads out of the archive.
func Name(from, ref string) string {
	ref = strings.ReplaceAll(ref, `\`, "/")
	if from != "" {
		ref = path.Join(path.Dir(from), ref)
	}
	ref = path.Clean(ref)
	if ref == "." || ref == ".." || strings.HasPrefix(ref, "../") || strings.HasPrefix(ref, "/") {
		return ""
	}
	return ref
}

// Names is what an archive holds, in its order.
func (a *Archive) Names() []string { return a.names }

// Has says whether an archive holds a name.
func (a *Archive) Has(name string) bool { return a.files[name] != nil }

// Read unpacks one file.
func (a *Archive) Read(name string) ([]byte, error) {
	f := a.files[name]
	if f == nil {
		return nil, fmt.Errorf("the zip archive does not hold %q", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, ErrZip
	}
	defer r.Close()
	most := min(a.left, MaxEntry)
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, ErrZip
	}
	if int64(len(b)) > most {
		return nil, errBig("what the zip archive holds", MaxTotal)
	}
	a.left -= int64(len(b))
	return b, nil
}

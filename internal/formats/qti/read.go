// Package qti reads QTI 1.2, 2.0 to 2.2 and 3.0 (1EdTech's Question and Test
// Interoperability), as single files and as content packages, and writes
// packages of QTI 2.2.
//
// Read of QTI 2 and 3: choice (single, several, true or false), text entry
// (text, or a number with tolerance or range), extended text, order, match,
// associate, inline choice and gap match (as gaps), slider; several entries in
// one text as gaps. Read of QTI 1.2: response_lid (single, multiple, ordered),
// response_str, response_num, and the dialect of Canvas for matching, blanks,
// drop-downs and numbers.
//
// Skipped, each with its reason: hotspots and all else that is done on a
// picture, hottext, drawing, uploads, custom interactions, items with several
// unlike interactions, items made by templates.
//
// Weights come from the mapping or from the scoring rules, as parts of the
// declared maximum. Pictures of a package become data: addresses.
//
// What is written has all of a question. HTML is written as XHTML, so it comes
// back with the same meaning and perhaps another spelling; scripts are left
// out. Classes beginning with lyceum- say how a text was written, so that
// plain text comes back as it was.
package qti

import (
	"cmp"
	"encoding/base64"
	"errors"
	"path"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// errFiles says that a package's pictures are too much.
var errFiles = errors.New("the pictures in it are too large together")

// reader reads a file or a package.
type reader struct {
	result  bank.Result
	archive *bounded.Archive // nil without a package
	budget  int              // how many more bytes of pictures may be put into texts
	file    string           // the one being read, in a package
	meta    meta             // what the package says of it
}

// meta is what a manifest says of an item.
type meta struct {
	tags     []string
	category string
}

// Read reads a single file. The error says that none of it may be read.
func Read(text string) (bank.Result, error) {
	r := &reader{budget: bounded.MaxFile}
	err := r.read(text)
	return r.result, err
}

// IsRoot says whether a document with that first element is QTI.
func IsRoot(name string) bool {
	switch name {
	case "questestinterop", "assessmentItem", "qti-assessment-item", "assessmentTest", "qti-assessment-test",
		"assessmentSection", "qti-assessment-section":
		return true
	}
	return false
}

func (r *reader) read(text string) error {
	root, err := bounded.Root(text)
	if err != nil {
		return err
	}
	item := root
	each := func(n *bounded.Node) { r.item(normal(n)) }
	switch root {
	case "questestinterop":
		item, each = "item", r.itemV1
	case "assessmentItem", "qti-assessment-item":
	case "assessmentTest", "qti-assessment-test", "assessmentSection", "qti-assessment-section":
		return errors.New("this is a QTI test, which only names its items: the whole package is needed")
	default:
		return errors.New("this is not QTI")
	}
	return bounded.Items(text, item, each, func(line int, err error) {
		r.result.Skip(line, r.file, err.Error())
	})
}

// ReadPackage reads all items of a content package.
func ReadPackage(a *bounded.Archive) (bank.Result, error) {
	r := &reader{archive: a, budget: bounded.MaxFile}
	parts, err := contents(a)
	if err != nil {
		return bank.Result{}, err
	}
	for _, p := range parts {
		if !a.Has(p.name) {
			r.result.Skip(0, p.name, "the package does not hold this file")
			continue
		}
		b, err := a.Read(p.name)
		if err != nil {
			return bank.Result{}, err
		}
		text, err := bounded.Text(b)
		if err != nil {
			r.result.Skip(0, p.name, err.Error())
			continue
		}
		root, err := bounded.Root(text)
		if err != nil {
			return bank.Result{}, err
		}
		if !IsRoot(root) || strings.Contains(strings.ToLower(root), "test") && root != "questestinterop" || strings.Contains(strings.ToLower(root), "section") {
			continue
		}
		r.file, r.meta = p.name, p.meta
		if err := r.read(text); err != nil {
			return bank.Result{}, err
		}
	}
	return r.result, nil
}

// part is a file of a package.
type part struct {
	name string
	meta meta
}

// contents is the XML files of a package: those that the manifest names, in
// its order, or all of them where there is none.
func contents(a *bounded.Archive) ([]part, error) {
	var parts []part
	seen := map[string]bool{}
	manifest := ""
	for _, name := range a.Names() {
		if path.Base(name) == "imsmanifest.xml" && (manifest == "" || len(name) < len(manifest)) {
			manifest = name
		}
	}
	if manifest != "" {
		b, err := a.Read(manifest)
		if err != nil {
			return nil, err
		}
		text, err := bounded.Text(b)
		if err != nil {
			return nil, err
		}
		root, err := bounded.Document(text)
		if errors.Is(err, bounded.ErrDTD) {
			return nil, err
		}
		for _, res := range root.Find("resource") {
			ref := cmp.Or(res.Attr("href"), res.Child("file").Attr("href"))
			name := bounded.Name(manifest, ref)
			if name == "" && ref != "" {
				parts = append(parts, part{name: ref}) // no name of the archive's: reported as missing
			}
			if name != "" && isXML(name) && !seen[name] {
				seen[name] = true
				parts = append(parts, part{name, metaOf(res)})
			}
		}
		seen[manifest] = true
	}
	if len(parts) == 0 {
		for _, name := range a.Names() {
			if isXML(name) && !seen[name] {
				parts = append(parts, part{name: name})
			}
		}
	}
	return parts, nil
}

// isXML says whether a file may hold items, by its name.
func isXML(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".xml" || ext == ".qti"
}

// metaOf reads learning object metadata: keywords and the discipline.
func metaOf(res *bounded.Node) meta {
	var m meta
	for _, k := range res.Find("keyword") {
		for _, s := range k.Children {
			if t := bank.Line(s.Content()); s.Name != "" && t != "" {
				m.tags = append(m.tags, t)
			}
		}
	}
	for _, c := range res.Find("classification") {
		if !strings.Contains(strings.ToLower(c.Child("purpose").Content()), "discipline") {
			continue
		}
		var steps []string
		for _, t := range c.Find("entry") {
			steps = append(steps, bank.Line(t.Content()))
		}
		m.category = strings.Join(steps, "/")
	}
	return m
}

// picture is the address of a file that an item shows, with the file in it
// where the package holds it.
func (r *reader) picture(ref string) (string, error) {
	if r.archive == nil || strings.Contains(ref, ":") {
		return ref, nil
	}
	name := bounded.Name(cmp.Or(r.file, "item"), unescaped(ref))
	kind := markup.MediaType(name)
	if kind == "" || !r.archive.Has(name) {
		return ref, nil
	}
	b, err := r.archive.Read(name)
	if err != nil {
		return "", err
	}
	if r.budget -= base64.StdEncoding.EncodedLen(len(b)); r.budget < 0 {
		return "", errFiles
	}
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(b), nil
}

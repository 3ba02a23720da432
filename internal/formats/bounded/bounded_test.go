package bounded_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/formats/bounded"
)

// TestItemsGoOn reads on after an item that breaks off.
func TestItemsGoOn(t *testing.T) {
	tests := []struct {
		name, xml string
		items     []string
		broken    []int
	}{
		{"sound", "<r><q>a</q>\n<q>b</q></r>", []string{"a", "b"}, nil},
		{"nested", "<r><s><q>a</q></s><q>b</q></r>", []string{"a", "b"}, nil},
		{"unclosed inside", "<r>\n<q>a</q>\n<q><x>b</q>\n<q>c</q></r>", []string{"a", "c"}, []int{3}},
		{"cut off", "<r><q>a</q>\n<q>b", []string{"a"}, []int{2}},
		{"bad entity", "<r><q>&nope;</q><q>&nbsp;b</q></r>", []string{"\u00a0b"}, []int{1}},
		{"open CDATA", "<r><q><![CDATA[</q>\n<q>b</q></r>", []string{"b"}, []int{1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			var lines []int
			err := bounded.Items(tt.xml, "q", func(n *bounded.Node) { got = append(got, n.Content()) },
				func(line int, _ error) { lines = append(lines, line) })
			if err != nil || !slices.Equal(got, tt.items) || !slices.Equal(lines, tt.broken) {
				t.Errorf("got %q, broken %v, %v", got, lines, err)
			}
		})
	}
}

func TestDocumentTypes(t *testing.T) {
	for xml, refused := range map[string]bool{
		`<!DOCTYPE questestinterop SYSTEM "ims_qtiasiv1p2.dtd"><questestinterop/>`:                              false,
		`<!DOCTYPE questestinterop PUBLIC "x" "http://www.imsglobal.org/ims_qtiasiv1p2.dtd"><questestinterop/>`: false,
		`<!DOCTYPE questestinterop><questestinterop/>`:                                                          false,
		`<!DOCTYPE questestinterop SYSTEM "other.dtd"><questestinterop/>`:                                       true,
		`<!DOCTYPE questestinterop [<!ENTITY x "y">]><questestinterop/>`:                                        true,
		`<!DOCTYPE quiz><quiz/>`: true,
	} {
		if _, err := bounded.Root(xml); errors.Is(err, bounded.ErrDTD) != refused {
			t.Errorf("%s: got %v", xml, err)
		}
	}
}

// TestNames lead nowhere but into the archive.
func TestNames(t *testing.T) {
	for _, tt := range [][3]string{
		{"items/a.xml", "../media/b.png", "media/b.png"},
		{"imsmanifest.xml", "items/a.xml", "items/a.xml"},
		{"a.xml", "../b.xml", ""},
		{"a.xml", `..\..\b.xml`, ""},
		{"", "/etc/passwd", ""},
		{"", "a/../../b", ""},
		{"", `c\d.xml`, "c/d.xml"},
	} {
		if got := bounded.Name(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%s in %s: got %q; want %q", tt[1], tt[0], got, tt[2])
		}
	}
}

func TestBinaryIsNoText(t *testing.T) {
	for _, b := range []string{"\x00\x01\x02\x03", "a\x00b\x00\x00c", strings.Repeat("\x01", 100), "\xff\xfe\x00"} {
		if s, err := bounded.Text([]byte(b)); err == nil {
			t.Errorf("%q is read as %q", b, s)
		}
	}
}

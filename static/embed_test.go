package static_test

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/static"
)

// files calls each with every embedded file of ours that has one of the endings.
func files(t *testing.T, each func(name, text string), endings ...string) {
	t.Helper()
	err := fs.WalkDir(static.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && name == "vendor" {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || !slices.Contains(endings, path.Ext(name)) {
			return err
		}
		b, err := fs.ReadFile(static.FS, name)
		if err == nil {
			each(name, string(b))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func embedded(name string) bool {
	_, err := fs.Stat(static.FS, name)
	return err == nil
}

// What a page or style names must be in the binary: a missing file would only
// show in a browser.
func TestReferencesAreEmbedded(t *testing.T) {
	address := regexp.MustCompile(`["'(](/static/[^"'()#?]+)`)
	files(t, func(name, text string) {
		for _, m := range address.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "$") && !embedded(strings.TrimPrefix(m[1], "/static/")) {
				t.Errorf("%s names %s, which is not embedded", name, m[1])
			}
		}
	}, ".html", ".css", ".js")
}

func TestImportsResolve(t *testing.T) {
	imported := regexp.MustCompile(`(?m)^(?:import|export)\b[^;]*?["'](\.{1,2}/[^"']+)["']|import\(["'](\.{1,2}/[^"']+)["']\)`)
	files(t, func(name, text string) {
		for _, m := range imported.FindAllStringSubmatch(text, -1) {
			if target := path.Join(path.Dir(name), m[1]+m[2]); !embedded(target) {
				t.Errorf("%s imports %s, which is not embedded", name, target)
			}
		}
	}, ".js")
}

// The pages' policy forbids scripts and styles in the markup and anything from
// elsewhere; what people wrote is never markup.
func TestPagesKeepThePolicy(t *testing.T) {
	markup := []struct {
		name string
		bad  *regexp.Regexp
	}{
		{"an inline script", regexp.MustCompile(`<script(?:\s+type="module")?>`)},
		{"an inline style", regexp.MustCompile(`<style|\sstyle="`)},
		{"an inline handler", regexp.MustCompile(`\son\w+="`)},
		{"something from elsewhere", regexp.MustCompile(`(?:src|href)="(?:https?:)?//`)},
	}
	files(t, func(name, text string) {
		for _, rule := range markup {
			if rule.bad.MatchString(text) {
				t.Errorf("%s has %s", name, rule.name)
			}
		}
	}, ".html")
	markupFromText := regexp.MustCompile(`\.(?:innerHTML|outerHTML|insertAdjacentHTML)\b|document\.write\b|\beval\(|new Function\(`)
	files(t, func(name, text string) {
		if m := markupFromText.FindString(text); m != "" {
			t.Errorf("%s uses %s", name, m)
		}
	}, ".js")
}

func table(t *testing.T, name string) map[string]string {
	t.Helper()
	b, err := fs.ReadFile(static.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(b, &texts); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return texts
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// Both languages say the same things with the same names filled in. Only {n}
// may be left out, where the text shows the number elsewhere.
func TestLanguagesAgree(t *testing.T) {
	en, zh := table(t, "i18n/en.json"), table(t, "i18n/zh-CN.json")
	for key, text := range en {
		other, ok := zh[key]
		if !ok {
			t.Errorf("zh-CN has no text for %q", key)
			continue
		}
		without := func(s string) []string {
			return slices.DeleteFunc(placeholders(s), func(p string) bool { return p == "{n}" })
		}
		if a, b := without(text), without(other); !slices.Equal(a, b) {
			t.Errorf("%s fills in %v in en and %v in zh-CN", key, a, b)
		}
		if strings.TrimSpace(text) == "" || strings.TrimSpace(other) == "" {
			t.Errorf("%s is empty", key)
		}
	}
	for key := range zh {
		if _, ok := en[key]; !ok {
			t.Errorf("en has no text for %q", key)
		}
	}
}

// Every text that the code asks for by name is there, in itself or as plurals.
func TestTextsExist(t *testing.T) {
	en := table(t, "i18n/en.json")
	asked := regexp.MustCompile(`\bt\("([^"]+)"`)
	files(t, func(name, text string) {
		for _, m := range asked.FindAllStringSubmatch(text, -1) {
			if en[m[1]] == "" && en[m[1]+".other"] == "" {
				t.Errorf("%s asks for %q, which has no text", name, m[1])
			}
		}
	}, ".js")
}

// Every icon that the code asks for by name is drawn.
func TestIconsExist(t *testing.T) {
	sprite, err := fs.ReadFile(static.FS, "icons/sprite.svg")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`\b(?:icon|iconButton)\("([^"]+)"|\bicon: "([^"]+)"|setIcon\([^,]+, "([^"]+)"`)
	files(t, func(name, text string) {
		for _, m := range asked.FindAllStringSubmatch(text, -1) {
			if id := m[1] + m[2] + m[3]; !strings.Contains(string(sprite), `id="`+id+`"`) {
				t.Errorf("%s asks for the icon %q, which is not drawn", name, id)
			}
		}
	}, ".js")
}

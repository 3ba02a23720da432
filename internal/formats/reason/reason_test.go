package reason_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/lyceum-live/lyceum/internal/formats/reason"
)

// whole are sentences about a file as a whole: whoever hands it in is told by
// a code, which has words of its own in either language.
var whole = regexp.MustCompile(`^(formats: |this is (none|a spreadsheet|not (%s|Kahoot))|the file (is|holds) |there are no questions|no row names|the workbook |the zip archive (is packed|holds)|the directory of)`)

// TestEverySentenceIsInChinese reads what the formats say out of their code.
func TestEverySentenceIsInChinese(t *testing.T) {
	says := map[string]int{"errors.New": 0, "fmt.Errorf": 0, "errMuch": 0, "Skip": 2}
	found := 0
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "../reason") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			at, ok := says[name(call.Fun)]
			if !ok || len(call.Args) <= at {
				return true
			}
			english, ok := sentenceOf(call.Args[at])
			if !ok || whole.MatchString(english) {
				return true
			}
			found++
			example := fill(english)
			if chinese := reason.In("zh-CN", example); chinese == example || !strings.ContainsFunc(chinese, isHan) {
				t.Errorf("%s: %q is %q", path, english, chinese)
			}
			return true
		})
		return nil
	})
	if err != nil || found < 100 {
		t.Errorf("%d sentences: %v", found, err)
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func name(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if pkg, ok := f.X.(*ast.Ident); ok && (pkg.Name == "errors" || pkg.Name == "fmt") {
			return pkg.Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// sentenceOf is a literal, or one that something is put behind.
func sentenceOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		if s, ok := sentenceOf(e.X); ok {
			return s + "%s", true
		}
	case *ast.CallExpr: // fmt.Sprintf
		if len(e.Args) > 0 {
			return sentenceOf(e.Args[0])
		}
	}
	return "", false
}

// fill puts something in for what a sentence names.
func fill(english string) string {
	return regexp.MustCompile(`%[a-z%]`).ReplaceAllStringFunc(english, func(verb string) string {
		return map[string]string{"%d": "7", "%v": "3.5", "%%": "%"}[verb] + map[string]string{"%q": `"x y"`, "%s": "its text", "%c": "Z", "%w": "it has no text"}[verb]
	})
}

func TestReasons(t *testing.T) {
	for english, want := range map[string]string{
		"a { is not closed":                                           "{ 没有对应的 }",
		"the range from 4 to 3 is the wrong way round":                "数值范围 4 到 3 写反了",
		"choice 2 is longer than 120 characters":                      "第 2 个选项超过 120 个字符",
		"the answers of gap 3 are 21; a quiz holds at most 20":        "第 3 个空的答案有 21 个，测验最多 20 个",
		"the weight 120% is not between -100% and 100%":               "权重 120% 不在 -100% 到 100% 之间",
		`gap 2: "x" is not a number`:                                  `第 2 个空："x" 不是数字`,
		"its explanation was left out: is longer than 600 characters": "略去了解析：超过 600 个字符",
		"what it shows or plays was left out: a.png":                  "略去了图片、音频或视频：a.png",
		"something that nobody says":                                  "something that nobody says",
	} {
		if got := reason.In("zh-CN", english); got != want {
			t.Errorf("%q\n got %q\nwant %q", english, got, want)
		}
		if got := reason.In("en", english); got != english {
			t.Errorf("in English: %q", got)
		}
	}
}

// FuzzIn never fails, whatever a file calls things.
func FuzzIn(f *testing.F) {
	f.Add("%1 is empty %[9]d %!")
	f.Add("its text is longer than %2 characters")
	f.Fuzz(func(t *testing.T, s string) {
		if got := reason.In("zh", s); utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q became %q", s, got)
		}
	})
}

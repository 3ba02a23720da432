package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/arch"
)

const module = "github.com/lyceum-live/lyceum/"

// TestImportsKeepToTheTable parses every package of the module.
func TestImportsKeepToTheTable(t *testing.T) {
	root := filepath.Join("..", "..")
	documented := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "testdata" || len(name) > 2 && name[0] == '.' {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		checkFile(t, pkg, path, file)
		documented[pkg] = documented[pkg] || file.Doc != nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", pkg)
		}
	}
	for pkg := range arch.Allowed {
		if _, exists := documented[pkg]; !exists {
			t.Errorf("the table names %s, which does not exist", pkg)
		}
	}
}

func checkFile(t *testing.T, pkg, path string, file *ast.File) {
	allowed, known := arch.Allowed[pkg]
	if !known {
		t.Errorf("%s: package %s is not in the table", path, pkg)
		return
	}
	if slices.Contains(allowed, arch.Everything) {
		return
	}
	for _, spec := range file.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if ours, ok := strings.CutPrefix(name, module); ok && !slices.Contains(allowed, ours) {
			t.Errorf("%s: %s may not import %s", path, pkg, ours)
		}
	}
}

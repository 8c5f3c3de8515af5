// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package pullmedic_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goFiles calls f with the path of every Go file of the repository, the
// testbed's and the tools' included.
func goFiles(t *testing.T, f func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "bin" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go"):
			f(path)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walking the repository: %v", err)
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := map[string][]string{}
	goFiles(t, func(path string) {
		dir := filepath.Dir(path)
		if strings.HasSuffix(path, "_test.go") || strings.Contains(dir, "testdata") {
			return
		}
		if _, ok := comments[dir]; !ok {
			comments[dir] = nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Errorf("parsing %s: %v", path, err)
			return
		}
		if doc := file.Doc.Text(); doc != "" {
			comments[dir] = append(comments[dir], path)
			want := "Package " + file.Name.Name + " "
			if file.Name.Name != "main" && !strings.HasPrefix(doc, want) {
				t.Errorf("%s: the package comment starts with %q, want %q", path, strings.SplitN(doc, "\n", 2)[0], want)
			}
		}
	})
	if len(comments) < 10 {
		t.Fatalf("only %d packages found", len(comments))
	}
	for dir, in := range comments {
		if len(in) != 1 {
			t.Errorf("package %s has %d package comments (%s), want one", dir, len(in), strings.Join(in, ", "))
		}
	}
}

func TestEveryFileHasTheLicence(t *testing.T) {
	const want = "// Copyright 2026 The Pullmedic Authors\n// SPDX-License-Identifier: Apache-2.0\n"
	goFiles(t, func(path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(data); !strings.HasPrefix(text, want) {
			t.Errorf("%s does not start with the licence's two lines", path)
		}
	})
}

// What only tests, tools or the testbed need has modules of its own, so that
// who imports the core or installs the plugin gets none of it.
func TestModuleRequiresOnlyWhatTheProductNeeds(t *testing.T) {
	data, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for name, why := range map[string]string{
		"k8s.io/kubernetes":            "belongs in testbed/go.mod",
		"github.com/containerd/":       "belongs in testbed/parts",
		"github.com/stretchr/testify ": "use testing",
		"github.com/golangci/":         "belongs in tools/go.mod",
	} {
		for line := range strings.Lines(string(data)) {
			if strings.Contains(line, name) && !strings.Contains(line, "// indirect") {
				t.Errorf("go.mod requires %s: %s", name, why)
			}
		}
	}
	version := regexp.MustCompile(`k8s\.io/(api|apimachinery|client-go|cli-runtime) (v\S+)`)
	for _, file := range []string{"go.mod", "testbed/go.mod"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := version.FindAllStringSubmatch(string(data), -1)
		if len(found) == 0 {
			t.Errorf("%s: no k8s.io module found", file)
		}
		for _, m := range found {
			if m[2] != "v0.36.3" {
				t.Errorf("%s: k8s.io/%s is %s; product and testbed stay at v0.36.3", file, m[1], m[2])
			}
		}
	}
}

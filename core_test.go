// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package pullmedic_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// core are the rooms that other programs may import: they ask nothing, read
// nothing and have no clock.
func core() []string {
	return []string{"./symptom/...", "./kubelet/...", "./evidence/...", "./diagnosis/...", "./catalog/...", "./api/..."}
}

// banned imports, with what to do instead. They are followed through modules
// of others; the standard library's own imports are its business.
func banned(path string) string {
	switch {
	case path == "net", path == "net/http":
		return "ask in internal/registry or internal/cluster and hand over a Finding"
	case path == "os", path == "os/exec", path == "syscall", strings.HasPrefix(path, "golang.org/x/sys"):
		return "take the value as an argument"
	case strings.HasPrefix(path, "k8s.io/client-go"), strings.HasPrefix(path, "k8s.io/cli-runtime"):
		return "only internal/cluster has clients"
	case strings.HasPrefix(path, "math/rand"), path == "crypto/rand":
		return "the same Evidence must give the same diagnosis"
	}
	return ""
}

type listed struct {
	ImportPath, Dir string
	Standard        bool
	Imports         []string
	GoFiles         []string
}

func TestCoreIsPure(t *testing.T) {
	args := append([]string{"list", "-deps", "-json=ImportPath,Dir,Standard,Imports,GoFiles"}, core()...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the core's packages: %v\n%s", err, stderr.String())
	}
	own := 0
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg listed
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if pkg.Standard {
			continue
		}
		for _, path := range pkg.Imports {
			if why := banned(path); why != "" {
				t.Errorf("%s imports %s: %s", pkg.ImportPath, path, why)
			}
		}
		if strings.HasPrefix(pkg.ImportPath, "github.com/pullmedic/pullmedic/") {
			own++
			for _, file := range pkg.GoFiles {
				noClock(t, pkg.Dir+"/"+file)
			}
		}
	}
	if own < 4 {
		t.Errorf("only %d packages of the core found", own)
	}
}

// noClock finds uses of the machine's clock: the core is told the time.
func noClock(t *testing.T, path string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, 0)
	if err != nil {
		t.Errorf("parsing %s: %v", path, err)
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" {
			switch sel.Sel.Name {
			case "Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc":
				t.Errorf("%s uses time.%s: take the time as an argument", fset.Position(sel.Pos()), sel.Sel.Name)
			}
		}
		return true
	})
}

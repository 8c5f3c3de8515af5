// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
)

// update writes schema.json anew: go test ./api/v1alpha1 -update.
var update = flag.Bool("update", false, "write schema.json anew")

// documents are the types that are printed, by their kind.
func documents() map[string]string {
	return map[string]string{
		v1alpha1.KindReport: "Report", v1alpha1.KindReading: "Reading", v1alpha1.KindCause: "CauseDescription",
		v1alpha1.KindCauseList: "CauseList", v1alpha1.KindMatrix: "Matrix", v1alpha1.KindRemedy: "RemedyDescription", v1alpha1.KindVersion: "Version",
		v1alpha1.KindRegistries:   "Registries",
		v1alpha1.KindVerification: "Verification",
		v1alpha1.KindFix:          "Fix",
		v1alpha1.KindUndo:         "Undo", v1alpha1.KindUndoList: "UndoList",
	}
}

func TestSchemaIsMadeFromTheTypes(t *testing.T) {
	g := generator{types: map[string]*ast.TypeSpec{}, docs: map[string]string{}, enums: map[string][]string{}}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		g.read(parsed)
	}
	made, err := g.schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(made, []byte(v1alpha1.Schema())) {
		t.Error("schema.json is stale: run go test ./api/v1alpha1 -update")
	}
}

func TestEveryFieldNamesItself(t *testing.T) {
	for _, d := range []any{v1alpha1.Report{}, v1alpha1.Reading{}, v1alpha1.CauseDescription{}, v1alpha1.CauseList{}, v1alpha1.Matrix{}, v1alpha1.RemedyDescription{}, v1alpha1.Version{}, v1alpha1.Verification{}, v1alpha1.Undo{}, v1alpha1.UndoList{}} {
		walk(t, reflect.TypeOf(d), map[reflect.Type]bool{})
	}
}

// walk finds exported fields that would be printed under their Go name.
func walk(t *testing.T, of reflect.Type, seen map[reflect.Type]bool) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || seen[of] || of.PkgPath() == "time" {
		return
	}
	seen[of] = true
	for i := range of.NumField() {
		f := of.Field(i)
		if f.Tag.Get("json") == "" && !f.Anonymous {
			t.Errorf("%s.%s has no json name", of.Name(), f.Name)
		}
		walk(t, f.Type, seen)
	}
}

// generator makes JSON Schema from the syntax of the types: their comments are
// the descriptions, the constants of a named string its values.
type generator struct {
	types map[string]*ast.TypeSpec
	docs  map[string]string
	enums map[string][]string
}

func (g *generator) read(file *ast.File) {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				g.types[s.Name.Name], g.docs[s.Name.Name] = s, sentence(gen.Doc)
			case *ast.ValueSpec:
				name, ok := s.Type.(*ast.Ident)
				if gen.Tok != token.CONST || !ok || len(s.Values) != 1 {
					continue
				}
				if value, ok := s.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
					text, _ := strconv.Unquote(value.Value)
					g.enums[name.Name] = append(g.enums[name.Name], text)
				}
			}
		}
	}
}

type object = map[string]any

func (g *generator) schema() ([]byte, error) {
	defs := object{}
	var roots []any
	for _, kind := range []string{
		v1alpha1.KindReport, v1alpha1.KindReading, v1alpha1.KindCause, v1alpha1.KindCauseList, v1alpha1.KindMatrix, v1alpha1.KindVersion,
		v1alpha1.KindRegistries,
		v1alpha1.KindVerification,
		v1alpha1.KindFix, v1alpha1.KindRemedy,
		v1alpha1.KindUndo, v1alpha1.KindUndoList,
	} {
		name := documents()[kind]
		if err := g.define(name, defs); err != nil {
			return nil, err
		}
		properties := defs[name].(object)["properties"].(object)
		properties["kind"].(object)["const"] = kind
		properties["apiVersion"].(object)["const"] = v1alpha1.APIVersion
		roots = append(roots, object{"$ref": "#/$defs/" + name})
	}
	return encode(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id":     "https://pullmedic.dev/schema/v1alpha1.json",
		"title":   "What Pullmedic prints with -o json: " + v1alpha1.APIVersion,
		"oneOf":   roots,
		"$defs":   defs,
	})
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// define adds a named type, and those that it uses.
func (g *generator) define(name string, defs object) error {
	spec, ok := g.types[name]
	if !ok {
		return fmt.Errorf("no type %s", name)
	}
	if _, done := defs[name]; done {
		return nil
	}
	if _, ok := spec.Type.(*ast.Ident); ok {
		defs[name] = object{"type": "string", "enum": g.enums[name], "description": g.docs[name]}
		return nil
	}
	def := object{"type": "object", "description": g.docs[name]}
	defs[name] = def
	properties, required := object{}, []string{}
	if err := g.fields(name, spec, properties, &required, defs); err != nil {
		return err
	}
	def["properties"], def["required"] = properties, required
	return nil
}

func (g *generator) fields(name string, spec *ast.TypeSpec, properties object, required *[]string, defs object) error {
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		return fmt.Errorf("%s: neither a string nor a struct", name)
	}
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 { // embedded: its fields are this one's
			inner := f.Type.(*ast.Ident).Name
			if err := g.fields(inner, g.types[inner], properties, required, defs); err != nil {
				return err
			}
			continue
		}
		tag, _ := strconv.Unquote(f.Tag.Value)
		key, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if len(f.Names) != 1 || key == "" {
			return fmt.Errorf("%s: a field without a json name of its own", name)
		}
		property, err := g.property(f.Type, defs)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", name, key, err)
		}
		if text := sentence(f.Doc); text != "" {
			property["description"] = text
		}
		properties[key] = property
		if options == "" {
			*required = append(*required, key)
		}
	}
	return nil
}

func (g *generator) property(of ast.Expr, defs object) (object, error) {
	switch of := of.(type) {
	case *ast.StarExpr:
		return g.property(of.X, defs)
	case *ast.ArrayType:
		items, err := g.property(of.Elt, defs)
		return object{"type": "array", "items": items}, err
	case *ast.MapType:
		values, err := g.property(of.Value, defs)
		return object{"type": "object", "additionalProperties": values}, err
	case *ast.SelectorExpr:
		if of.Sel.Name == "Time" {
			return object{"type": "string", "format": "date-time"}, nil
		}
	case *ast.Ident:
		switch of.Name {
		case "string":
			return object{"type": "string"}, nil
		case "int":
			return object{"type": "integer", "minimum": 0}, nil
		case "bool":
			return object{"type": "boolean"}, nil
		}
		return object{"$ref": "#/$defs/" + of.Name}, g.define(of.Name, defs)
	}
	return nil, fmt.Errorf("the schema knows no %T", of)
}

func sentence(doc *ast.CommentGroup) string {
	return strings.Join(strings.Fields(doc.Text()), " ")
}

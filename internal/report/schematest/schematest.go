// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package schematest checks in tests that a printed document is what the
// published JSON Schema says. It knows the words that the schema uses and no
// others, and is stricter in one thing: a field that the schema does not name
// is an error, because then the schema is stale.
package schematest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
)

// Check fails the test for each place where the document and the schema differ.
func Check(t testing.TB, document []byte) {
	t.Helper()
	errs := Differences(document)
	for _, err := range errs[:min(len(errs), 10)] {
		t.Errorf("the document differs from the schema: %s", err)
	}
}

// Differences lists where the document and the schema differ, each as a path
// and what is wrong there.
func Differences(document []byte) []string {
	var doc any
	if err := json.Unmarshal(document, &doc); err != nil {
		return []string{"no JSON: " + err.Error()}
	}
	var c checker
	if err := json.Unmarshal([]byte(v1alpha1.Schema()), &c.root); err != nil {
		return []string{"the schema is no JSON: " + err.Error()}
	}
	head, _ := doc.(map[string]any)
	for _, one := range c.root["oneOf"].([]any) {
		def := c.resolve(one.(map[string]any))
		kind := def["properties"].(map[string]any)["kind"].(map[string]any)["const"]
		if kind == head["kind"] {
			c.check("", def, doc)
			return c.errs
		}
	}
	return []string{fmt.Sprintf("no document of kind %v", head["kind"])}
}

type checker struct {
	root map[string]any
	errs []string
}

func (c *checker) wrong(path, format string, args ...any) {
	c.errs = append(c.errs, path+": "+fmt.Sprintf(format, args...))
}

func (c *checker) resolve(schema map[string]any) map[string]any {
	ref, ok := schema["$ref"].(string)
	if !ok {
		return schema
	}
	defs := c.root["$defs"].(map[string]any)
	return defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
}

func (c *checker) check(path string, schema map[string]any, value any) {
	schema = c.resolve(schema)
	if want, ok := schema["const"]; ok && value != want {
		c.wrong(path, "%v, want %v", value, want)
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, value) {
		c.wrong(path, "%v is none of %v", value, enum)
	}
	switch kind := schema["type"]; kind {
	case "object":
		c.object(path, schema, value)
	case "array":
		items, ok := value.([]any)
		if !ok {
			c.wrong(path, "%T, want an array", value)
		}
		for i, item := range items {
			c.check(fmt.Sprintf("%s[%d]", path, i), schema["items"].(map[string]any), item)
		}
	case "string":
		text, ok := value.(string)
		if !ok {
			c.wrong(path, "%T, want a string", value)
		}
		if schema["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
				c.wrong(path, "%q is no time", text)
			}
		}
	case "integer":
		n, ok := value.(float64)
		if !ok || n != float64(int64(n)) || n < schema["minimum"].(float64) {
			c.wrong(path, "%v, want a whole number", value)
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			c.wrong(path, "%T, want a boolean", value)
		}
	default:
		c.wrong(path, "the schema's type %v is not known here", kind)
	}
}

func (c *checker) object(path string, schema map[string]any, value any) {
	fields, ok := value.(map[string]any)
	if !ok {
		c.wrong(path, "%T, want an object", value)
		return
	}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := fields[name.(string)]; !ok {
			c.wrong(path, "%v is missing", name)
		}
	}
	for name, field := range fields {
		inner, ok := properties[name].(map[string]any)
		if !ok {
			inner, ok = schema["additionalProperties"].(map[string]any)
		}
		if !ok {
			c.wrong(path, "the schema has no %s", name)
			continue
		}
		c.check(path+"."+name, inner, field)
	}
}

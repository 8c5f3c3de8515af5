// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// A Format is a way of printing, as -o names it. "" is text.
type Format string

// The formats.
const (
	Text Format = ""
	JSON Format = "json"
	YAML Format = "yaml"
)

// ParseFormat reads what a user gave to -o.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case Text, JSON, YAML:
		return f, nil
	case "text":
		return Text, nil
	}
	return "", fmt.Errorf("output format %q is none of text, json, yaml", clean(s))
}

// Encode writes a document of api/v1alpha1 as JSON or YAML.
func Encode(w io.Writer, f Format, document any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	out := b.Bytes()
	if f == YAML {
		var err error
		if out, err = yaml.JSONToYAML(out); err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
	}
	return write(w, out)
}

func write(w io.Writer, out []byte) error {
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

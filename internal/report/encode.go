// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
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
	if f == YAML {
		out, err := indented(document, "")
		if err == nil {
			out, err = yaml.JSONToYAML(out)
		}
		if err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
		return write(w, out)
	}
	if r, ok := document.(v1alpha1.Report); ok && len(r.Diagnoses) > 0 {
		return encodeReport(w, r)
	}
	out, err := indented(document, "")
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	return write(w, out)
}

// atOnce is how many diagnoses are encoded before they are written.
const atOnce = 64

// encodeReport writes a report's diagnoses, which are nearly all of it, some at
// a time: of a large cluster they would fill the memory several times over.
func encodeReport(w io.Writer, r v1alpha1.Report) error {
	diagnoses := r.Diagnoses
	r.Diagnoses = []v1alpha1.Diagnosis{}
	frame, err := indented(r, "")
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	// A line break inside a text is escaped, so this is the field.
	before, after, ok := bytes.Cut(frame, []byte("\n  \"diagnoses\": []"))
	if !ok {
		return errors.New("encoding the answer: it has no place for its diagnoses")
	}
	if err := write(w, append(before, "\n  \"diagnoses\": ["...)); err != nil {
		return err
	}
	texts := make([][]byte, atOnce)
	for from := 0; from < len(diagnoses); from += atOnce {
		batch := diagnoses[from:min(from+atOnce, len(diagnoses))]
		var group errgroup.Group
		group.SetLimit(runtime.GOMAXPROCS(0))
		for i := range batch {
			group.Go(func() (err error) {
				texts[i], err = indented(batch[i], "    ")
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
		for i, text := range texts[:len(batch)] {
			separator := ",\n    "
			if from+i == 0 {
				separator = separator[1:]
			}
			if err := write(w, append([]byte(separator), bytes.TrimSuffix(text, []byte("\n"))...)); err != nil {
				return err
			}
		}
	}
	return write(w, append([]byte("\n  ]"), after...))
}

// indented is a value as JSON, with a line break at its end. The prefix begins
// every line but the first.
func indented(value any, prefix string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, "  ")
	err := e.Encode(value)
	return b.Bytes(), err
}

func write(w io.Writer, out []byte) error {
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

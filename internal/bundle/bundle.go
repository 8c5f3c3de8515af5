// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package bundle writes Evidence to a file and reads it back, so that somebody
// else, later and without a way to the cluster, gets the same answer.
//
// A bundle is one JSON document. It holds the values of package evidence and
// nothing else, which is an allow-list: no objects as the API server has them,
// no secrets' data. What is read is hostile until it is proven otherwise: sizes
// are bounded, unknown fields refused, and texts cleaned again.
package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/symptom"
)

// What a bundle says it is.
const (
	APIVersion = "pullmedic.dev/v1alpha1"
	Kind       = "Bundle"
)

// Bounds of what is read.
const (
	maxBytes = 64 << 20
	maxPulls = 20_000
	maxItems = 2_000 // of any list of one pull
	maxText  = 16 << 10
)

// document is the file's form.
type document struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Tool that wrote it, and its version.
	Tool   string          `json:"tool,omitempty"`
	Survey evidence.Survey `json:"survey"`
}

// Write writes a survey as a bundle; tool says what gathered it. Texts of
// kubelets are kept without what looks like a credential in them.
func Write(w io.Writer, tool string, s evidence.Survey) error {
	s.Pulls = slices.Clone(s.Pulls)
	for i := range s.Pulls {
		p := &s.Pulls[i].Pull
		p.Message, p.Image = symptom.Redact(p.Message), image(p.Image)
		p.Events = slices.Clone(p.Events)
		for j := range p.Events {
			p.Events[j].Message = symptom.Redact(p.Events[j].Message)
		}
		e := &s.Pulls[i]
		e.Symptom.Detail = symptom.Redact(e.Symptom.Detail)
		e.Findings = slices.Clone(e.Findings)
		for j := range e.Findings {
			e.Findings[j].Sentence = symptom.Redact(e.Findings[j].Sentence)
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(document{APIVersion: APIVersion, Kind: Kind, Tool: tool, Survey: s}); err != nil {
		return fmt.Errorf("writing the bundle: %w", err)
	}
	return nil
}

// image is an image as written, without the user info that somebody took for a
// part of it.
func image(written string) string {
	at := strings.LastIndexByte(written, '@')
	if at < 0 || strings.HasPrefix(written[at:], "@sha") {
		return symptom.Redact(written)
	}
	return written[at+1:]
}

// Read reads a bundle. Its error says in one sentence what is wrong with it.
func Read(r io.Reader) (evidence.Survey, error) {
	bounded := &io.LimitedReader{R: r, N: maxBytes + 1}
	decoder := json.NewDecoder(bounded)
	decoder.DisallowUnknownFields()
	var d document
	err := decoder.Decode(&d)
	switch {
	case bounded.N <= 0:
		return evidence.Survey{}, fmt.Errorf("it is larger than %d MiB", maxBytes>>20)
	case errors.Is(err, io.EOF):
		return evidence.Survey{}, errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return evidence.Survey{}, errors.New("it ends in the middle; was it copied whole?")
	case err != nil:
		return evidence.Survey{}, fmt.Errorf("it is no bundle of this version: %s", foreign.Text(err.Error(), 200))
	case d.Kind != Kind || d.APIVersion != APIVersion:
		return evidence.Survey{}, fmt.Errorf("it says that it is %q of %q, not %s of %s", foreign.Text(d.Kind, 60), foreign.Text(d.APIVersion, 60), Kind, APIVersion)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return evidence.Survey{}, errors.New("something follows the bundle in its file")
	}
	if err := check(d.Survey); err != nil {
		return evidence.Survey{}, err
	}
	clean(reflect.ValueOf(&d.Survey).Elem())
	return d.Survey, nil
}

func check(s evidence.Survey) error {
	if len(s.Pulls) > maxPulls {
		return fmt.Errorf("it has %d pulls, more than %d", len(s.Pulls), maxPulls)
	}
	if s.Time.IsZero() {
		return errors.New("it does not say when it was made")
	}
	for _, e := range s.Pulls {
		if n := max(len(e.Findings), len(e.NotLookedAt), len(e.Pull.Events), len(e.Pull.PullSecrets),
			len(e.Pull.Via), len(e.Impact.Services), len(e.Changes)); n > maxItems {
			return fmt.Errorf("a pull of it has a list of %d, more than %d", n, maxItems)
		}
	}
	return nil
}

// clean makes every text in v harmless, whatever field it stands in.
func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(foreign.Text(v.String(), maxText))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				clean(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			clean(v.Index(i))
		}
	case reflect.Map:
		// Details: text to text.
		cleaned := reflect.MakeMapWithSize(v.Type(), v.Len())
		for _, key := range v.MapKeys() {
			k, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			k.Set(key)
			value.Set(v.MapIndex(key))
			clean(k)
			clean(value)
			cleaned.SetMapIndex(k, value)
		}
		if !v.IsNil() {
			v.Set(cleaned)
		}
	}
}

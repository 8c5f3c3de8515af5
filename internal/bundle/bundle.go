// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package bundle writes Evidence to a file and reads it back, so that somebody
// else, later and without a way to the cluster, gets the same answer.
//
// A bundle is one JSON document. It holds the values of package evidence and
// nothing else, which is an allow-list: no objects as the API server has them,
// no secrets' data. What is read is hostile until it is proven otherwise: sizes
// are bounded before anything is made of them, what is compressed is not
// unpacked, unknown fields and outcomes are refused, and texts cleaned again. A
// bundle is no archive, so no path or link in it can lead anywhere: this package
// opens no file and no connection.
package bundle

import (
	"bytes"
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
	maxBytes   = 64 << 20
	maxObjects = 1_000_000 // a few bytes of text each can take hundreds in memory
	maxPulls   = 20_000
	maxItems   = 2_000 // of any list of one pull
	maxText    = 16 << 10
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
	s.Unmade = slices.Clone(s.Unmade)
	for i := range s.Unmade {
		s.Unmade[i].Message = symptom.Redact(s.Unmade[i].Message)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(document{APIVersion: APIVersion, Kind: Kind, Tool: tool, Survey: s}); err != nil {
		return fmt.Errorf("writing the bundle: %w", err)
	}
	if text.Len() > maxBytes {
		return fmt.Errorf("writing the bundle: it has %d MiB, and nothing reads more than %d; collect a smaller scope (-n NAMESPACE, or TYPE/NAME)", text.Len()>>20, maxBytes>>20)
	}
	if _, err := text.WriteTo(w); err != nil {
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
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	switch {
	case err != nil:
		return evidence.Survey{}, errors.New("it cannot be read to its end")
	case len(data) > maxBytes:
		return evidence.Survey{}, fmt.Errorf("it is larger than %d MiB", maxBytes>>20)
	}
	if kind := packed(data); kind != "" {
		return evidence.Survey{}, fmt.Errorf("it is %s, and a bundle is plain JSON: nothing is unpacked here", kind)
	}
	if n := objects(data); n > maxObjects {
		return evidence.Survey{}, fmt.Errorf("it has %d objects, more than %d", n, maxObjects)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var d document
	err = decoder.Decode(&d)
	switch {
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
	if len(s.Of) > maxItems {
		return fmt.Errorf("it is of %d namespaces, more than %d", len(s.Of), maxItems)
	}
	if len(s.Unmade) > maxItems {
		return fmt.Errorf("it has %d controllers without their pods, more than %d", len(s.Unmade), maxItems)
	}
	if s.Time.IsZero() {
		return errors.New("it does not say when it was made")
	}
	for _, e := range s.Pulls {
		if n := longest(e); n > maxItems {
			return fmt.Errorf("a pull of it has a list of %d, more than %d", n, maxItems)
		}
		for _, f := range e.Findings {
			if f.Outcome.Sense() == "" {
				return fmt.Errorf("a finding of it has the outcome %q, which this version does not know", foreign.Text(string(f.Outcome), 60))
			}
		}
	}
	return nil
}

// longest is the length of the longest list of a pull.
func longest(e evidence.Evidence) int {
	n := max(len(e.Findings), len(e.NotLookedAt), len(e.Pull.Events), len(e.Pull.PullSecrets), len(e.Symptom.Also), len(e.Secrets),
		len(e.Pull.Via), len(e.Impact.Services), len(e.Changes))
	for _, f := range e.Findings {
		n = max(n, len(f.Details))
	}
	for _, s := range e.Secrets {
		n = max(n, len(s.Keys), len(s.Entries))
	}
	return n
}

// packed names the form of what is compressed or an archive, by its first bytes;
// "" for anything else.
func packed(data []byte) string {
	for _, form := range []struct{ begins, name string }{
		{"\x1f\x8b", "compressed with gzip"}, {"PK\x03\x04", "a zip archive"}, {"PK\x05\x06", "a zip archive"}, {"BZh", "compressed with bzip2"},
		{"\xfd7zXZ\x00", "compressed with xz"}, {"\x28\xb5\x2f\xfd", "compressed with zstd"}, {"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
	} {
		if bytes.HasPrefix(data, []byte(form.begins)) {
			return form.name
		}
	}
	const ustar = 257 // where a tar archive says that it is one
	if len(data) > ustar && bytes.HasPrefix(data[ustar:], []byte("ustar")) {
		return "a tar archive"
	}
	return ""
}

// objects counts the JSON objects of a text before any is made.
func objects(data []byte) int {
	n, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '{' && !quoted:
			n++
		}
	}
	return n
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

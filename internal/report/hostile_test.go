// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
)

const hostile = "evil\x1b[2J\x1b]8;;http://evil\x07\u202eabc\u2066\u200b\x00\x9b31m\r\n![x](http://evil) <script> $(id) `id`"

// poison puts a text into every string that can be reached.
func poison(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type().PkgPath() == "" { // named strings are from closed lists
			v.SetString(text)
		}
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			return
		}
		for i := range v.NumField() {
			poison(v.Field(i), text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{text: text}))
	}
}

// poisoned is a survey in which every text that others wrote is hostile.
func poisoned(text string) evidence.Survey {
	s := evidence.Survey{Time: now(), Pods: 2, Namespaces: 1, Pulls: []evidence.Evidence{missingTag(0), denied()}, NotLookedAt: bigSurvey().NotLookedAt, Unmade: unmade()}
	poison(reflect.ValueOf(&s).Elem(), text)
	return s
}

// pages are all ways of printing a report.
func pages(t *testing.T, r v1alpha1.Report) map[string]string {
	t.Helper()
	out := map[string]string{}
	add := func(name string, write func(*bytes.Buffer) error) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		out[name] = b.String()
	}
	add("overview", func(b *bytes.Buffer) error { return report.Overview(b, r, report.Style{}) })
	add("diagnosis", func(b *bytes.Buffer) error { return report.Diagnosis(b, r, report.Style{}) })
	add("verbose diagnosis", func(b *bytes.Buffer) error { return report.Diagnosis(b, r, report.Style{Verbose: 9}) })
	add("narrow overview", func(b *bytes.Buffer) error { return report.Overview(b, r, report.Style{Width: 40}) })
	add("json", func(b *bytes.Buffer) error { return report.Encode(b, report.JSON, r) })
	add("yaml", func(b *bytes.Buffer) error { return report.Encode(b, report.YAML, r) })
	return out
}

func TestForeignTextIsHarmlessInEveryOutput(t *testing.T) {
	for name, page := range pages(t, judged(t, poisoned(hostile))) {
		for _, r := range page {
			if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar) {
				t.Errorf("%s prints the character %U", name, r)
			}
		}
		if !strings.Contains(page, "evil") {
			t.Errorf("%s does not show the text at all, so this test shows nothing", name)
		}
		if strings.Contains(page, "diagnose ") {
			t.Errorf("%s prints a command from hostile names", name)
		}
	}
}

func TestEveryDocumentIsWhatTheSchemaSays(t *testing.T) {
	c := load(t)
	cause, _ := c.Cause("TagNotFound")
	for _, doc := range []any{
		judged(t, bigSurvey()), judged(t, evidence.Survey{Time: now()}), judged(t, poisoned(hostile)),
		report.CauseList(c), report.Describe(cause), report.Matrix(c),
	} {
		for _, format := range []report.Format{report.JSON, report.YAML} {
			var b bytes.Buffer
			if err := report.Encode(&b, format, doc); err != nil {
				t.Fatal(err)
			}
			out := b.Bytes()
			if format == report.YAML {
				var err error
				if out, err = yaml.YAMLToJSON(out); err != nil {
					t.Fatal(err)
				}
			}
			schematest.Check(t, out)
		}
	}
}

func TestTheSchemaCheckFindsDifferences(t *testing.T) {
	var b bytes.Buffer
	if err := report.Encode(&b, report.JSON, judged(t, bigSurvey())); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"a missing field":        func(d map[string]any) { delete(d, "groups") },
		"an unknown field":       func(d map[string]any) { d["more"] = 1 },
		"a list that is null":    func(d map[string]any) { d["diagnoses"] = nil },
		"a time that is none":    func(d map[string]any) { d["time"] = "yesterday" },
		"a fraction":             func(d map[string]any) { d["pods"] = 1.5 },
		"a word not on its list": func(d map[string]any) { d["groups"].([]any)[0].(map[string]any)["verdict"] = "sure" },
		"another kind":           func(d map[string]any) { d["kind"] = "Nothing" },
	} {
		var d map[string]any
		if err := json.Unmarshal(b.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		change(d)
		changed, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if len(schematest.Differences(changed)) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
}

func TestNoLineIsWiderThanThePage(t *testing.T) {
	for _, text := range []string{
		"", strings.Repeat("wide字", 60), strings.Repeat("x", 900), "registry.example.com/" + strings.Repeat("path/", 40) + "image:1@sha256:" + strings.Repeat("0", 64),
		strings.Repeat("e\u0301", 300), strings.Repeat("词 ", 90),
	} {
		s := bigSurvey()
		if text != "" {
			s = poisoned(text)
		}
		r := judged(t, s)
		for _, width := range []int{40, 80} {
			for name, write := range map[string]func(*bytes.Buffer) error{
				"overview":  func(b *bytes.Buffer) error { return report.Overview(b, r, report.Style{Width: width}) },
				"diagnosis": func(b *bytes.Buffer) error { return report.Diagnosis(b, r, report.Style{Width: width, Verbose: 1}) },
			} {
				var b bytes.Buffer
				if err := write(&b); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(b.String()) {
					if strings.Contains(line, "kubectl pullmedic") {
						continue // commands stay whole
					}
					if one := alone(line); one != "" && columns(one) > width-32 {
						continue // so does what may be a name: no line, or not its column, has room for it
					}
					if n := columns(strings.TrimSuffix(line, "\n")); n > width {
						t.Errorf("%s: %d columns of %d: %q", name, n, width, line)
					}
				}
			}
		}
	}
}

// alone is the one word of a line that may be a name, behind the line's head; ""
// if there are more, or none.
func alone(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 {
		return ""
	}
	longest := slices.MaxFunc(words, func(a, b string) int { return len(a) - len(b) })
	head, rest, _ := strings.Cut(line, longest)
	if len(longest) > 512 || columns(head) > 32 || strings.TrimSpace(rest) != "" {
		return ""
	}
	return longest
}

// columns counts as a terminal does, for the characters used above.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.Is(unicode.Han, r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func TestColourOnlyDecorates(t *testing.T) {
	r := judged(t, bigSurvey())
	var plain, colored bytes.Buffer
	if err := report.Diagnosis(&plain, r, report.Style{Verbose: 1}); err != nil {
		t.Fatal(err)
	}
	if err := report.Diagnosis(&colored, r, report.Style{Verbose: 1, Color: true}); err != nil {
		t.Fatal(err)
	}
	text := colored.String()
	if !strings.Contains(text, "\x1b[") {
		t.Fatal("no colour at all")
	}
	for _, sgr := range []string{"0", "1", "2", "31", "32", "33", "36"} {
		text = strings.ReplaceAll(text, "\x1b["+sgr+"m", "")
	}
	if text != plain.String() {
		t.Error("without its colours the text is another one")
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
	"github.com/pullmedic/pullmedic/symptom"
)

const notFound = `Failed to pull image \"nginx:1.99\": rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/nginx:1.99\": failed to resolve reference \"docker.io/library/nginx:1.99\": docker.io/library/nginx:1.99: not found`

func TestRead(t *testing.T) {
	text := strings.ReplaceAll(notFound, `\"`, `"`)
	fromArgument := bench{}.run(t, "read", text)
	if fromArgument.code != 0 || fromArgument.err != "" {
		t.Fatalf("exit code %d, %q", fromArgument.code, fromArgument.err)
	}
	golden(t, "read.txt", fromArgument.out)
	for name, got := range map[string]ran{
		"stdin":                 bench{stdin: text}.run(t, "read"),
		"stdin by a dash":       bench{stdin: text}.run(t, "read", "-"),
		"several arguments":     bench{}.run(t, append([]string{"read"}, strings.Fields(text)...)...),
		"a text with few bytes": bench{stdin: text + "\xff"}.run(t, "read"),
	} {
		if got != fromArgument {
			t.Errorf("%s gives something else: %+v", name, got)
		}
	}
	for _, format := range []string{"json", "yaml"} {
		got := bench{}.run(t, "read", text, "-o", format)
		if format == "json" {
			schematest.Check(t, []byte(got.out))
		}
		golden(t, "read."+format, got.out)
	}
}

// A whole describe, pasted, is one text.
func TestReadADescribe(t *testing.T) {
	describe := "Name:             api\nNamespace:        shop\nEvents:\n  Type     Reason     Age                From     Message\n" +
		"  Warning  Failed     3s (x2 over 20s)   kubelet  " + strings.ReplaceAll(notFound, `\"`, `"`) + "\n  Warning  Failed     3s (x2 over 20s)   kubelet            Error: ErrImagePull\n"
	got := bench{stdin: describe}.run(t, "read")
	if got.code != 0 || !strings.HasPrefix(got.out, "TagNotFound, ") {
		t.Errorf("exit code %d, stdout %q", got.code, got.out)
	}
}

func TestReadLines(t *testing.T) {
	const plain = `{"message":"manifest unknown"}` + "\n"
	const answer = `,"cause":"TagNotFound","alternatives":["RepositoryNotFound","MirrorFailure"],"symptom":{"sign":"tag-not-found","stage":"resolve","registryCode":"MANIFEST_UNKNOWN","detail":"manifest unknown"}}` + "\n"
	for _, c := range []struct {
		name, in, out, err string
	}{
		{"order, numbers and unknown fields come back as they were",
			`{"z":1.00000000000000000001,"message":"manifest unknown","a":{"b":[1e400,null,"\u00e9<&>"]},"":""}` + "\n",
			`{"z":1.00000000000000000001,"message":"manifest unknown","a":{"b":[1e400,null,"\u00e9<&>"]},"":""` + answer, ""},
		{"our fields replace those of the same name", `{"cause":"x","symptom":1,"message":"manifest unknown","alternatives":{}}`, `{"message":"manifest unknown"` + answer, ""},
		{"a missing last newline, a byte order mark and Windows' line ends do no harm", "\xef\xbb\xbf{\"message\":\"manifest unknown\"}\r\n\n  \n{\"message\":\"manifest unknown\"}",
			strings.Repeat(`{"message":"manifest unknown"`+answer, 2), ""},
		{"a bad line is told by its number, and the others come back", plain + "nonsense\n" + plain, strings.Repeat(`{"message":"manifest unknown"`+answer, 2), "error: reading stdin, line 2: it is no JSON object\n"},
		{"many bad lines are one error", "[]\n1\n" + plain + "{\"message\":null}\n", `{"message":"manifest unknown"` + answer, "error: reading stdin, line 1: it is no JSON object (3 lines are bad)\n"},
		{"a line without a message", `{"a":1}`, "", "error: reading stdin, line 1: there is no \"message\" with a text in it\n"},
		{"a message that is no text", `{"message":["x"]}`, "", "error: reading stdin, line 1: there is no \"message\" with a text in it\n"},
		{"a broken object is not quoted", `{"message":"canary", "password": canary}`, "", "error: reading stdin, line 1: it is no JSON object: broken behind byte 32\n"},
		{"two objects on a line", `{"message":"x"} {"message":"y"}`, "", "error: reading stdin, line 1: there is something behind the JSON object\n"},
		{"nothing", "", "", "error: reading stdin: there is no line in it\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := bench{stdin: c.in}.run(t, "read", "--jsonl", "-")
			code := ExitOK
			if c.err != "" {
				code = ExitUsage
			}
			if got.out != c.out || got.err != c.err || got.code != code {
				t.Errorf("exit code %d\ngot  %q\nwant %q\nstderr %q\nwant   %q", got.code, got.out, c.out, got.err, c.err)
			}
		})
	}
}

func TestReadLinesOfGreatLength(t *testing.T) {
	head, tail := `{"message":"manifest unknown","x":"`, `"}`
	fits := head + strings.Repeat("x", maxInput-len(head)-len(tail)) + tail
	tooLong := fits[:len(fits)-2] + "x\"}"
	got := bench{stdin: fits + "\r\n" + tooLong + "\n" + `{"message":"manifest unknown"}` + "\n" + tooLong + "xx"}.run(t, "read", "--jsonl", "-")
	if got.err != "error: reading stdin, line 2: it is longer than 16 MiB (2 lines are bad)\n" || strings.Count(got.out, "\n") != 2 {
		t.Errorf("%d lines, stderr %q", strings.Count(got.out, "\n"), got.err)
	}
	var back map[string]any
	if err := json.Unmarshal([]byte(got.out[:strings.IndexByte(got.out, '\n')]), &back); err != nil || back["cause"] != "TagNotFound" {
		t.Errorf("the line of 16 MiB comes back as %v, %v", back["cause"], err)
	}
}

// Whoever writes a line gets its answer before writing the next.
func TestReadLinesAnswersAtOnce(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	in, feed := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- (&lineReader{catalog: c, name: "pipe"}).run(in, out)
		_ = out.Close()
	}()
	lines := bufio.NewScanner(answers)
	for range 3 {
		if _, err := io.WriteString(feed, `{"message":"manifest unknown"}`+"\n"); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() || !strings.Contains(lines.Text(), `"cause":"TagNotFound"`) {
			t.Fatalf("got %q, %v", lines.Text(), lines.Err())
		}
	}
	_ = feed.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// unsaid are the causes that no text can show: whether a secret's key matches,
// whether a service account came late, what lies behind a public image.
func unsaid(t testing.TB, c *catalog.Catalog) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, cause := range c.Causes() {
		if len(cause.SuggestedBy)+len(cause.AlsoSuggestedBy) == 0 {
			ids[cause.ID] = true
		}
	}
	if len(ids) < 4 || !ids[catalog.ServiceAccountRace] || !ids[catalog.SecretNotUsed] {
		t.Fatalf("only %v are said by no text", ids)
	}
	return ids
}

// messages are all that are at hand: those of the parser's tests and of its
// fuzzing, those recorded of faults, and a corpus if PULLMEDIC_CORPUS names one.
func messages(t testing.TB) []string {
	t.Helper()
	var all []string
	patterns := []string{"../../symptom/testdata/*.jsonl", "../../catalog/*/messages.jsonl", "../../symptom/testdata/fuzz/*/*"}
	if corpus := os.Getenv("PULLMEDIC_CORPUS"); corpus != "" {
		patterns = append(patterns, corpus)
	}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no messages at %s: %v", pattern, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(data)) {
				var row struct{ Message string }
				if quoted, ok := strings.CutPrefix(strings.TrimSpace(line), "string("); ok {
					row.Message, err = strconv.Unquote(strings.TrimSuffix(quoted, ")"))
				} else if strings.HasPrefix(line, "{") {
					err = json.Unmarshal([]byte(line), &row)
				}
				if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				all = append(all, row.Message)
			}
		}
	}
	if len(all) < 400 {
		t.Fatalf("only %d messages", len(all))
	}
	return all
}

func TestReadPrintsNoCauseThatNoTextCanShow(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	hidden := unsaid(t, c)
	var in strings.Builder
	for _, m := range messages(t) {
		line, err := json.Marshal(map[string]string{"message": m})
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	got := bench{stdin: in.String()}.run(t, "read", "--jsonl", "-")
	if got.code != 0 {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	causes := map[string]bool{}
	for line := range strings.Lines(got.out) {
		var row struct {
			Message, Cause string
			Alternatives   []string
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		causes[row.Cause] = true
		for _, id := range append(row.Alternatives, row.Cause) {
			if hidden[id] {
				t.Errorf("%s is told of %q", id, row.Message)
			}
		}
	}
	if len(causes) < 35 {
		t.Errorf("only %d causes were told: %v", len(causes), causes)
	}
}

// FuzzRead takes any text: its cause is one of the catalogue that a text can
// show, and the page about it is clean.
func FuzzRead(f *testing.F) {
	for _, m := range messages(f) {
		f.Add(m)
	}
	c, err := catalog.Load()
	if err != nil {
		f.Fatal(err)
	}
	hidden := unsaid(f, c)
	f.Fuzz(func(t *testing.T, message string) {
		r := report.Reading(c, symptom.Parse(message))
		for _, id := range append(r.Alternatives, r.Cause) {
			if _, ok := c.Cause(id); !ok || hidden[id] {
				t.Errorf("%q is told of %q", id, message)
			}
		}
		var page strings.Builder
		if err := report.ReadingText(&page, r, report.Style{Width: 80}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(page.String(), func(r rune) bool { return r != '\n' && unicode.IsControl(r) || r == '\u202e' }) {
			t.Errorf("the page of %q is not clean: %q", message, page.String())
		}
	})
}

func FuzzReadObject(f *testing.F) {
	for _, seed := range []string{`{"message":"x"}`, `{}`, `{"a":[{}],"a":1}`, `{"message":`, "[]", `{"\ud800":1}`, `{"a":1}x`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		fields, err := readObject([]byte(line))
		var want map[string]json.RawMessage
		if (err == nil) != (json.Unmarshal([]byte(line), &want) == nil && want != nil) {
			t.Fatalf("%q: error %v, but encoding/json reads %v", line, err, want)
		}
		got := map[string]json.RawMessage{}
		for _, one := range fields {
			got[one.key] = one.value
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %s, want %s", line, got, want)
		}
	})
}

func TestExplain(t *testing.T) {
	for _, args := range []string{"explain", "explain tagnotfound", "explain --matrix", "explain held-image", "version", "--version"} {
		got := bench{}.run(t, strings.Fields(args)...)
		if got.code != 0 || got.err != "" || got.out == "" {
			t.Errorf("%s: exit code %d, %q", args, got.code, got.err)
		}
		got = bench{}.run(t, append(strings.Fields(args), "-o", "json")...)
		schematest.Check(t, []byte(got.out))
	}
}

// What the kubelet says while it backs off is of a pull, and whole.
func TestABackOffPointsToTheEventBeforeIt(t *testing.T) {
	for _, text := range []string{`Back-off pulling image "acme/api:1"`, "Error: ErrImagePull", "Error: ImagePullBackOff"} {
		got := bench{}.run(t, "read", text)
		if got.code != ExitOK || !strings.Contains(got.out, "Do first: Give the event before it as well, which begins with") || strings.Contains(got.out, "too short") {
			t.Errorf("%q: exit code %d, stdout:\n%s", text, got.code, got.out)
		}
	}
}

// Of a bare waiting reason, read says what explain says.
func TestAWaitingReasonAloneIsWhatThePodShows(t *testing.T) {
	got := bench{}.run(t, "read", "ImagePullBackOff")
	if flat := strings.Join(strings.Fields(got.out), " "); !strings.Contains(flat, "ImagePullBackOff is what the pod shows, not why: many causes show so") {
		t.Errorf("it says\n%s", got.out)
	}
}

// A bare word names no cause; whoever pasted it is told what to paste.
func TestATextWithoutACauseAsksForMore(t *testing.T) {
	for _, text := range []string{"ImagePullBackOff", "Readiness probe failed: HTTP probe failed with statuscode: 500"} {
		got := bench{}.run(t, "read", text)
		for _, want := range []string{"Other, by the text alone", "Do first: Give the whole error of the pod's event", "kubectl describe pod NAME | kubectl pullmedic read -"} {
			if got.code != ExitOK || !strings.Contains(got.out, want) {
				t.Errorf("%q: exit code %d, %q is not in:\n%s", text, got.code, want, got.out)
			}
		}
	}
}

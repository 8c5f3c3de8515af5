// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
			r := remedyOf(b.planned(t, namespace, cluster.Admin, "pod/app"), "external-secret")
			if r.ID == "" {
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
			for _, step := range slices.Concat(r.Steps, r.Undo) {
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
			if said, err := sh(r.Steps[1].Commands[0]); err == nil || !strings.Contains(said, "refreshIntervall") {
				t.Errorf("a field that there is not is taken: %s (%v)", said, err)
			}
		})
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

func TestDistributionAnswersAndEndsWithItsContext(t *testing.T) {
	testbed, err := cluster.Open("")
	if err != nil {
		t.Fatal(err)
	}
	binary := testbed.Bin("registry")
	if _, err := exec.LookPath(binary); err != nil {
		t.Skipf("the registry program is not built; testbed build makes it: %v", err)
	}
	dir, err := os.MkdirTemp("", "distribution") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx, cancel := context.WithCancel(t.Context())
	socket := filepath.Join(dir, "d.sock")
	ended, err := Distribution{Binary: binary, Storage: filepath.Join(dir, "storage"), Socket: socket}.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://distribution/v2/docker.io/acme/app/tags/list", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := StorageTransport(socket).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("an empty registry answered %d for a repository, want 404", answer.StatusCode)
	}
	cancel()
	<-ended //nolint:errcheck // killed, so what it says of its end does not count
	if _, err := (Distribution{Binary: "/nonexistent", Storage: dir, Socket: socket}).Start(t.Context()); err == nil {
		t.Error("a program that is not there was started")
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Distribution says how to run the registry that holds all images.
type Distribution struct {
	Binary  string    // the distribution project's registry program
	Storage string    // its root directory, made if it is not there
	Socket  string    // the unix socket on which it listens
	Log     io.Writer // its output; nil for none
}

// Start runs the registry until ctx ends and gives the channel that says how it
// ended. It returns once the registry answers.
func (d Distribution) Start(ctx context.Context) (<-chan error, error) {
	for _, dir := range []string{d.Storage, filepath.Dir(d.Socket)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("making a directory of the registry: %w", err)
		}
	}
	if err := os.Remove(d.Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing the registry's socket of an earlier run: %w", err)
	}
	config, err := d.config()
	if err != nil {
		return nil, err
	}
	path := d.Socket + ".yaml"
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return nil, fmt.Errorf("writing the registry's configuration: %w", err)
	}
	command := exec.CommandContext(ctx, d.Binary, "serve", path)
	command.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none")
	command.Stdout, command.Stderr = d.Log, d.Log
	// It must not outlive whoever started it, however that one ends.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the registry %s: %w", d.Binary, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()

	transport := StorageTransport(d.Socket)
	for deadline := time.Now().Add(30 * time.Second); ; {
		if (&store{transport: transport}).answers(ctx) {
			return ended, nil
		}
		select {
		case err := <-ended:
			return nil, fmt.Errorf("the registry %s ended at once: %w", d.Binary, errors.Join(err, ctx.Err()))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("the registry %s did not answer on %s within 30 s", d.Binary, d.Socket)
		}
	}
}

// config is JSON, which is YAML too.
func (d Distribution) config() ([]byte, error) {
	text, err := json.MarshalIndent(map[string]any{
		"version": "0.1",
		"log":     map[string]any{"level": "error", "accesslog": map[string]any{"disabled": true}},
		"storage": map[string]any{
			"filesystem": map[string]any{"rootdirectory": d.Storage},
			"delete":     map[string]any{"enabled": true},
		},
		"http": map[string]any{"net": "unix", "addr": d.Socket, "relativeurls": true, "secret": "the testbed's own"},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the registry's configuration: %w", err)
	}
	return text, nil
}

// answers tells whether distribution serves at all.
func (s *store) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://distribution/v2/", nil)
	if err != nil {
		return false
	}
	answer, err := s.transport.RoundTrip(request)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

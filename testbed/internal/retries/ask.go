// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package retries

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// longest is how long one run of the plugin may take.
const longest = 20 * time.Second

// ask runs the plugin once and returns what it says about the next attempts.
// The registries are not asked: their log is to tell of kubelets alone.
func ask(ctx context.Context, bed *cluster.Testbed, plugin, namespace string, pods []string) (map[key]prediction, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	args := []string{"diagnose", "-n", namespace, "-o", "json", "--probe", "none"}
	for _, pod := range pods {
		args = append(args, "pod/"+pod)
	}
	command := bed.Exec(ctx, cluster.Client, plugin, args...)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	began := time.Now()
	err := command.Run()
	ended := time.Now()
	// With 1 it says that pulls fail.
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
		return nil, fmt.Errorf("asking the plugin: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	var report struct {
		Diagnoses []struct {
			Pull struct {
				Pod          string    `json:"pod"`
				Container    string    `json:"container"`
				NextEarliest time.Time `json:"nextEarliest"`
				NextLatest   time.Time `json:"nextLatest"`
			} `json:"pull"`
		} `json:"diagnoses"`
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		return nil, fmt.Errorf("reading the plugin's JSON: %w", err)
	}
	told := map[key]prediction{}
	for _, d := range report.Diagnoses {
		if p := d.Pull; !p.NextEarliest.IsZero() {
			told[key{p.Pod, p.Container}] = prediction{began: began, ended: ended, earliest: p.NextEarliest, latest: p.NextLatest}
		}
	}
	return told, nil
}

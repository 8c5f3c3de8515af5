// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// counted are the questions to registries of one run with credentials.
type counted struct {
	// climbed ladders by the plugin's own trace, and how many are wanted: one an
	// image, credential and platform.
	climbed, wanted int
	// requests by the registries' own log; repeated are those to /v2/ that some
	// other was equal to: registry, method, path and credential.
	requests, repeated int
}

// questions runs the report once more, with the credentials that the kubelet
// would use, and counts what it asks the registries.
func (m meter) questions(ctx context.Context, f *found) error {
	admin := registries.NewClient(m.Testbed.AdminSocket())
	_, last, err := admin.Log(ctx, 0)
	if err != nil {
		return err
	}
	if _, err := m.report(ctx, f, "--probe=credentials", "--trace="+m.file("trace")); err != nil {
		return err
	}
	asked, _, err := admin.Log(ctx, last)
	if err != nil {
		return err
	}
	known := map[registries.Request]bool{}
	for _, r := range asked {
		question := registries.Request{Registry: r.Registry, Method: r.Method, Path: r.Path, Credential: r.Credential, Mark: r.Mark}
		if strings.HasPrefix(r.Path, "/v2/") && known[question] {
			f.ladders.repeated++
		}
		known[question] = true
	}
	f.ladders.requests = len(asked)
	f.ladders.climbed, err = ladders(m.file("trace"))
	return err
}

// ladders counts those of a trace.
func ladders(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("reading the plugin's trace: %w", err)
	}
	n := 0
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var span struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		}
		if err := json.Unmarshal(lines.Bytes(), &span); err != nil {
			return 0, fmt.Errorf("reading the plugin's trace: %w", err)
		}
		if span.Kind == "check" && strings.HasPrefix(span.Name, "registry ") {
			n++
		}
	}
	return n, lines.Err()
}

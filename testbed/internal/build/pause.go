// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// pauseImage writes the archive of the sandbox image from the built program.
func pauseImage(testbed *cluster.Testbed) (note string, err error) {
	program, err := os.ReadFile(testbed.Bin("pause"))
	if err != nil {
		return "", fmt.Errorf("reading the pause program: %w", err)
	}
	archive, err := imageArchive(cluster.PauseImage, "/pause", program)
	if err != nil {
		return "", err
	}
	path := testbed.PauseArchive()
	if kept, err := os.ReadFile(path); err == nil && bytes.Equal(kept, archive) {
		return cluster.PauseImage + " up to date", nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("making the directory of images: %w", err)
	}
	if err := os.WriteFile(path, archive, 0o644); err != nil {
		return "", fmt.Errorf("writing the pause image: %w", err)
	}
	return cluster.PauseImage + " made", nil
}

// imageArchive is an image of one static program, as the archive of docker save,
// which every ctr imports. The same program gives the same bytes.
func imageArchive(name, path string, program []byte) ([]byte, error) {
	layer, err := tarOf(tarFile{path[1:], program, 0o755})
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(layer)
	// Without os and architecture an import has no platform and cannot be run.
	config, err := json.Marshal(map[string]any{
		"os":           "linux",
		"architecture": runtime.GOARCH,
		"config":       map[string]any{"Entrypoint": []string{path}},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(digest[:])}},
	})
	if err != nil {
		return nil, fmt.Errorf("describing image %s: %w", name, err)
	}
	manifest, err := json.Marshal([]map[string]any{{
		"Config": "config.json", "RepoTags": []string{name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return nil, fmt.Errorf("describing image %s: %w", name, err)
	}
	return tarOf(
		tarFile{"manifest.json", manifest, 0o644},
		tarFile{"config.json", config, 0o644},
		tarFile{"layer.tar", layer, 0o644},
	)
}

type tarFile struct {
	name string
	data []byte
	mode int64
}

func tarOf(files ...tarFile) ([]byte, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, file := range files {
		if err := w.WriteHeader(&tar.Header{Name: file.name, Size: int64(len(file.data)), Mode: file.mode}); err != nil {
			return nil, fmt.Errorf("writing %s into an archive: %w", file.name, err)
		}
		if _, err := io.Copy(w, bytes.NewReader(file.data)); err != nil {
			return nil, fmt.Errorf("writing %s into an archive: %w", file.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("ending an archive: %w", err)
	}
	return archive.Bytes(), nil
}

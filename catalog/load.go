// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"sigs.k8s.io/yaml"
)

//go:embed */cause.yaml */runbook.md RegistryRetired/retired.yaml
var folders embed.FS

// A Catalog is the causes, read and checked. It is never changed after Load
// and safe for concurrent use.
type Catalog struct {
	causes []Cause // in the order of ids
	byID   map[string]int
	moves  []Move
}

// Load reads the embedded folders. Callers do it once and hand the Catalog on.
// An error names the file and what is wrong in it; it is a fault of the build,
// found by the package's own tests.
func Load() (*Catalog, error) {
	return load(folders)
}

func load(files fs.FS) (*Catalog, error) {
	c := &Catalog{byID: map[string]int{}}
	for _, id := range ids() {
		cause, err := readCause(files, id)
		if err != nil {
			return nil, err
		}
		c.byID[id] = len(c.causes)
		c.causes = append(c.causes, cause)
	}
	dirs, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue's folders: %w", err)
	}
	for _, dir := range dirs {
		if _, ok := c.byID[dir.Name()]; dir.IsDir() && !ok {
			return nil, fmt.Errorf("reading %s: no such id in catalog/ids.go; add the constant", dir.Name())
		}
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	c.moves, err = readMoves(files)
	return c, err
}

func readCause(files fs.FS, id string) (Cause, error) {
	var cause Cause
	path := id + "/cause.yaml"
	data, err := fs.ReadFile(files, path)
	if err != nil {
		return cause, fmt.Errorf("reading cause %s: %w", id, err)
	}
	if err := yaml.UnmarshalStrict(data, &cause); err != nil {
		return cause, fmt.Errorf("reading %s: %w", path, err)
	}
	if cause.ID != id {
		return cause, fmt.Errorf("reading %s: id is %q, want the folder's name", path, cause.ID)
	}
	runbook, err := fs.ReadFile(files, id+"/runbook.md")
	if err != nil {
		return cause, fmt.Errorf("reading the runbook of %s: %w", id, err)
	}
	cause.Runbook = string(runbook)
	return cause, nil
}

// Cause by its id.
func (c *Catalog) Cause(id string) (Cause, bool) {
	i, ok := c.byID[id]
	if !ok {
		return Cause{}, false
	}
	return c.causes[i], true
}

// Causes in the order in which reports show them, by category.
func (c *Catalog) Causes() []Cause {
	return slices.Clone(c.causes)
}

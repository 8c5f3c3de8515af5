// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/evidence"
)

// A Move is one line of the table of retired registries and repositories.
type Move struct {
	// Host and Repository that it is about; Repository is a prefix of whole
	// path segments, or empty for the whole host.
	Host       string `json:"host"`
	Repository string `json:"repository,omitempty"`
	// Tags that it is about, as a regular expression for the whole tag; empty
	// for all of them.
	Tags string `json:"tags,omitempty"`
	// State now.
	State MoveState `json:"state"`
	// Since when, as a date, as far as it is known: 2023, 2023-04, 2023-04-03.
	Since string `json:"since"`
	// To is where it went: a registry, with the repository's prefix if that
	// changed too.
	To string `json:"to"`
	// Reference to the announcement.
	Reference string `json:"reference"`

	tags *regexp.Regexp
}

// Image is the name of an image at the place to which it moved, as it is
// written: with the tag and digest of the old one.
func (m Move) Image(r evidence.Reference) string {
	image := m.To
	if rest := strings.Trim(strings.TrimPrefix(r.Repository, m.Repository), "/"); rest != "" {
		image += "/" + rest
	}
	if r.Tag != "" {
		image += ":" + r.Tag
	}
	if r.Digest != "" {
		image += "@" + r.Digest
	}
	return image
}

// A MoveState says what the old name still does.
type MoveState string

// The states of an old name.
const (
	Gone    MoveState = "gone"    // the host no longer serves images
	Removed MoveState = "removed" // the host answers, the images are no longer there
	Frozen  MoveState = "frozen"  // the images are there, new ones are not
)

// Retired tells whether the reference lies under a name that was given up, and
// where that moved.
func (c *Catalog) Retired(r evidence.Reference) (Move, bool) {
	tag := r.Tag
	if r.TagImplied {
		tag = "latest"
	}
	for _, m := range c.moves {
		if m.Host != r.Host || m.tags != nil && !m.tags.MatchString(tag) {
			continue
		}
		if m.Repository == "" || m.Repository == r.Repository || strings.HasPrefix(r.Repository, m.Repository+"/") {
			return m, true
		}
	}
	return Move{}, false
}

func readMoves(files fs.FS) ([]Move, error) {
	const path = RegistryRetired + "/retired.yaml"
	data, err := fs.ReadFile(files, path)
	if err != nil {
		return nil, fmt.Errorf("reading the table of retired registries: %w", err)
	}
	var moves []Move
	if err := yaml.UnmarshalStrict(data, &moves); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	for i := range moves {
		m := &moves[i]
		if m.Host == "" || m.Since == "" || m.To == "" || m.Reference == "" {
			return nil, fmt.Errorf("reading %s: line %d (%s/%s) needs host, since, to and reference", path, i+1, m.Host, m.Repository)
		}
		if m.State != Gone && m.State != Removed && m.State != Frozen {
			return nil, fmt.Errorf("reading %s: %s/%s: unknown state %q", path, m.Host, m.Repository, m.State)
		}
		if m.Tags != "" {
			if m.tags, err = regexp.Compile("^(?:" + m.Tags + ")$"); err != nil {
				return nil, fmt.Errorf("reading %s: %s/%s: %w", path, m.Host, m.Repository, err)
			}
		}
	}
	return moves, nil
}

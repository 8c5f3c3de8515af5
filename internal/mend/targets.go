// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A Group are the diagnoses whose pulls are mended by changing one object.
type Group struct {
	// Target is that object; without a name if nothing that could be changed makes
	// the pods.
	Target    evidence.Object
	Diagnoses []diagnosis.Diagnosis
}

// Groups puts together the diagnoses of one object, in their order. Plan makes
// one plan of each.
func Groups(all []diagnosis.Diagnosis) []Group {
	var groups []Group
	for _, diagnoses := range group(all) {
		target, _ := targetOf(diagnoses[0].Pull)
		groups = append(groups, Group{target, diagnoses})
	}
	return groups
}

// Secret reads a secret of any namespace, for the one credential in it that a
// person wants taken.
func (m *Mender) Secret(ctx context.Context, namespace, name string) (keyring.Secret, error) {
	s, err := m.secret(ctx, namespace, name)
	return s.Secret, err
}

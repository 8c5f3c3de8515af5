// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

const (
	// helmType of the secrets in which Helm keeps a release, one for each revision
	// (https://helm.sh/docs/topics/advanced/#storage-backends).
	helmType = "helm.sh/release.v1"
	// maxHelmRevisions bounds what is read of one release. Helm itself keeps ten.
	maxHelmRevisions = 500
)

// A HelmRevision is one revision of a Helm release, as the labels of its record
// tell it.
type HelmRevision struct {
	Number int
	// Status as Helm has it: deployed, superseded, failed, pending-upgrade ...
	Status string
	// Made is when the record was made.
	Made time.Time
}

var errManyRevisions = errors.New("the release has too many revisions to be read")

// HelmHistory gives the revisions of a release, newest first; none if Helm keeps
// no record of it in the namespace's secrets. The answer carries none of their
// data, which hold the release's values.
func (c *Client) HelmHistory(ctx context.Context, namespace, release string) ([]HelmRevision, error) {
	asked := question{c.core, "list", "secrets", namespace, ""}
	found, err := c.listMetadata(ctx, asked, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("type", helmType).String(),
		LabelSelector: labels.SelectorFromSet(labels.Set{"owner": "helm", "name": release}).String(), Limit: maxHelmRevisions,
	})
	if err != nil {
		return nil, err
	}
	if found.Continue != "" {
		return nil, newError(ctx, asked, errManyRevisions)
	}
	var all []HelmRevision
	for _, s := range found.Items {
		// Anybody who may make secrets may write such labels: only a number that
		// Helm would write counts.
		n, err := strconv.ParseInt(s.Labels["version"], 10, 32)
		if err == nil && n > 0 && strconv.FormatInt(n, 10) == s.Labels["version"] {
			all = append(all, HelmRevision{Number: int(n), Status: s.Labels["status"], Made: s.CreationTimestamp.Time})
		}
	}
	slices.SortFunc(all, func(a, b HelmRevision) int { return b.Number - a.Number })
	return all, nil
}

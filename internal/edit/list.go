// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

// List reads at most limit objects of the kind of o, of its namespace ("" for
// all), with those labels. more tells that there are others.
func (c *Client) List(ctx context.Context, o remedy.Object, labels string, limit int64) (objects []unstructured.Unstructured, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	got, err := c.of(o).List(ctx, metav1.ListOptions{LabelSelector: labels, Limit: limit})
	if err != nil {
		return nil, false, newError("list", o, err)
	}
	return got.Items, got.GetContinue() != "", nil
}

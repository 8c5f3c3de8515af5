// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/report"
)

// runOverview looks at a namespace or at all.
func runOverview(ctx context.Context, o *lookOptions) error {
	ask, err := o.overview()
	if err != nil {
		return err
	}
	return o.Run(ctx, ask, o.show(report.Overview))
}

// overview is the question about the pods that the scope flags name. It logs in
// nowhere unless told to: a look at a whole cluster should not use everybody's
// credentials.
func (o *lookOptions) overview() (question, error) {
	if _, err := labels.Parse(o.selector); err != nil {
		return nil, usage("reading the selector: %w", err)
	}
	if err := o.Complete(registry.Anonymous); err != nil {
		return nil, err
	}
	return func(ctx context.Context, c connection) (evidence.Survey, error) {
		scope := examine.Scope{Namespace: c.namespace, Selector: o.selector}
		if o.allNamespaces {
			scope.Namespace, scope.Fallback = "", c.namespace
		}
		return c.Survey(ctx, scope)
	}, nil
}

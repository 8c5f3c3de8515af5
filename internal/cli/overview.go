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

// runOverview looks at a namespace or at all. It logs in nowhere unless told
// to: a look at a whole cluster should not use everybody's credentials.
func runOverview(ctx context.Context, o *lookOptions) error {
	if _, err := labels.Parse(o.selector); err != nil {
		return usage("reading the selector: %w", err)
	}
	if err := o.Complete(registry.Anonymous); err != nil {
		return err
	}
	return o.Run(ctx, func(ctx context.Context, c connection) (evidence.Survey, error) {
		scope := examine.Scope{Namespace: c.namespace, Selector: o.selector}
		if o.allNamespaces {
			scope.Namespace, scope.Fallback = "", c.namespace
		}
		return c.Survey(ctx, scope)
	}, report.Overview)
}

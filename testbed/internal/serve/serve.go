// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package serve is the testbed's services in one process, inside the services'
// namespaces: names, registries, and the watch over forbidden addresses.
package serve

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/dns"
	"github.com/pullmedic/pullmedic/testbed/internal/forbidden"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/refusal"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// Serve runs until ctx ends or one of the services fails. The file run/ready
// exists once the registries answer.
func Serve(ctx context.Context, t *cluster.Testbed, log io.Writer) error {
	names := map[string]string{}
	for name, address := range layout.Hosts {
		names[name] = address
	}
	for _, registry := range layout.Registries {
		for _, name := range registry.Names {
			names[name] = registry.AddrOf(name)
		}
	}
	server, err := dns.New(names)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Serve(ctx, layout.Services+":53", nil) })
	group.Go(func() error {
		return forbidden.Watch(ctx, layout.Forbidden, filepath.Join(t.Run(), "forbidden.jsonl"), nil)
	})
	group.Go(func() error {
		return registries.Run(ctx, t, log, func() {
			if err := os.WriteFile(filepath.Join(t.Run(), "ready"), nil, 0o644); err != nil {
				fmt.Fprintln(log, "noting that the registries are ready:", err)
			}
		})
	})
	group.Go(func() error { return refusal.Proxy(ctx, layout.Proxy) })
	group.Go(func() error { return refusal.Webhook(ctx, t, layout.Webhook) })
	return group.Wait()
}

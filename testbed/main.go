// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Command testbed builds, starts, breaks and stops a real Kubernetes cluster on
// this machine, so that every claim of the product is tried on real kubelets
// and real containerds. It hands over to internal/cmd at once.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/pullmedic/pullmedic/testbed/internal/cmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cmd.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

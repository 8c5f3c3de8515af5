// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-pullmedic finds out why Kubernetes cannot pull an image. On
// the PATH it is kubectl pullmedic.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // for kubeconfigs that name a provider

	"github.com/pullmedic/pullmedic/internal/cli"
)

// gcPercent is how much a look may let its memory grow before it is cleaned up, in
// percent of what it holds. It reads much and keeps little: with Go's 100 a look
// at 10,000 pods takes a fifth more memory, for a tenth less processor time.
const gcPercent = 60

func main() {
	started := time.Now()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(cli.Main(ctx, os.Args, genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}, started))
}

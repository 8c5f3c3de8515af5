// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Command pause holds a pod's namespaces: it does nothing until it is told to
// end. The real one cannot be pulled here, so the testbed makes its own.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
}

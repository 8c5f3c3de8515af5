// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"
	"io"
	"time"
)

// What is fetched comes over a network that may fail for a moment, and another
// apt-get may hold the lists, for which there is no option to wait.
const (
	tries = 3
	pause = 20 * time.Second
)

// again fetches something, and tells why if it tries once more. What is there is
// built once: what cannot be built is no affair of the network's.
func again(ctx context.Context, out io.Writer, what string, fetch func() error) error {
	for try := 1; ; try++ {
		err := fetch()
		if err == nil || try == tries || ctx.Err() != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, "%s failed at try %d of %d, and again in %s: %v\n", what, try, tries, pause, err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

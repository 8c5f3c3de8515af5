// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// When a person is told that the program still works, and how often.
const (
	progressAfter = 500 * time.Millisecond
	progressEvery = time.Second
)

// progress says on a terminal's stderr, after a while, what is being done and
// for how long. The returned function ends it and wipes the line. Without a
// terminal it does nothing: logs need no dots.
func (w *world) progress(ctx context.Context, what string) (stop func()) {
	if !isTerminal(w.ErrOut) {
		return func() {}
	}
	return w.tell(ctx, what, progressAfter, progressEvery)
}

func (w *world) tell(ctx context.Context, what string, after, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		began := time.Now()
		wait := time.NewTimer(after)
		defer wait.Stop()
		shown := false
		for {
			select {
			case <-ctx.Done():
				if shown {
					fmt.Fprint(w.ErrOut, "\r\x1b[K")
				}
				return
			case <-wait.C:
				fmt.Fprintf(w.ErrOut, "\r\x1b[K%s ... %.0f s", what, time.Since(began).Seconds())
				shown = true
				wait.Reset(every)
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

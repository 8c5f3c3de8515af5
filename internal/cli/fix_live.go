// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// liveEvery is how often the line of a terminal is written anew.
const liveEvery = 250 * time.Millisecond

// A live view tells what is being done: on a terminal in one line that changes,
// with the time that it takes; elsewhere a line for each thing, with its time.
type live struct {
	out   io.Writer
	zone  *time.Location
	width int // of the terminal, 0 if it is none
	now   func() time.Time

	mu    sync.Mutex
	began time.Time
	last  string
}

func (o *fixOptions) newLive() *live {
	l := &live{out: o.ErrOut, zone: o.zone, now: time.Now}
	if isTerminal(o.ErrOut) {
		l.width = cmp.Or(width(o.ErrOut), textWidth)
	}
	l.began = l.now()
	return l
}

// tell says what is done now.
func (l *live) tell(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = foreign.Text(what, 300)
	if l.width == 0 {
		fmt.Fprintf(l.out, "%s %s\n", l.now().In(l.zone).Format(time.TimeOnly), l.last)
		return
	}
	l.draw()
}

// draw writes the line anew.
func (l *live) draw() {
	if l.last == "" {
		return
	}
	line := fmt.Sprintf("%3.0f s  %s", l.now().Sub(l.began).Seconds(), l.last)
	if r := []rune(line); len(r) >= l.width {
		line = string(r[:l.width-1])
	}
	fmt.Fprintf(l.out, "\r\x1b[K%s", line)
}

// run keeps the time of the line going until stop, which wipes it.
func (l *live) run() (stop func()) {
	if l.width == 0 {
		return func() {}
	}
	end := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(liveEvery)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				l.mu.Lock()
				l.draw()
				l.mu.Unlock()
			}
		}
	})
	return func() {
		close(end)
		done.Wait()
		fmt.Fprint(l.out, "\r\x1b[K")
	}
}

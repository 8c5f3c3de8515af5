// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package backoff

import (
	"strconv"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// Observe reads a pull's status and events at the time now.
//
// Of the events it takes those that name the image as written: Pulling for
// attempts begun, Failed ("Failed to pull image ...") for attempts failed.
// The kubelet folds ten different failure texts into "(combined from similar
// events): ..." and drops events of a busy pod, so counts are least numbers.
func Observe(pull evidence.Pull, now time.Time) Observed {
	o := Observed{
		Now: now, Reason: pull.Reason, Created: pull.PodCreated,
		FirstFailed: pull.FirstFailed, LastFailed: pull.LastFailed, Failures: pull.Attempts,
	}
	image := strconv.Quote(pull.Image)
	begun, failed := 0, 0
	for _, e := range pull.Events {
		message := strings.TrimPrefix(e.Message, "(combined from similar events): ")
		switch {
		case strings.HasPrefix(message, "Pulling image "+image):
			begun += max(e.Count, 1)
			o.Started = later(o.Started, e.Last)
		case strings.HasPrefix(message, "Failed to pull image "+image):
			failed += max(e.Count, 1)
			o.LastFailed = later(o.LastFailed, e.Last)
			if first := e.First; !first.IsZero() && (o.FirstFailed.IsZero() || first.Before(o.FirstFailed)) {
				o.FirstFailed = first
			}
		}
	}
	if o.Started.After(o.LastFailed) {
		begun-- // the last one has not been seen to fail
	}
	o.Failures = max(o.Failures, begun, failed)
	return o
}

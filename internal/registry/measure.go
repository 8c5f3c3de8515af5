// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// measureBytes is how much of a layer is fetched to measure the way's speed:
// enough to be past the first round trips, little enough to harm nobody.
const measureBytes = 1 << 20

// maxSeconds bounds what is reckoned (11 days).
const maxSeconds = 1e6

// measure fetches the beginning of the largest layer and tells how fast it came,
// and how long the whole image takes at that speed. It is the speed from here,
// over one connection; the node has its own way.
func (l *ladder) measure(ctx context.Context, a attempt, largest descriptor, size int64) {
	if !isDigest(largest.Digest) {
		return
	}
	part := min(largest.Size, measureBytes)
	c := l.base.blob(http.MethodGet, l.reference.Repository, largest.Digest, part)
	c.first = part
	c.authorization, c.secrets = a.auth.header, a.auth.secrets
	question := strings.Join([]string{"speed", c.url.String(), a.auth.id}, "\x00")
	s, ok := l.prober.speeds.get(ctx, question, func(ctx context.Context) speed {
		r := l.prober.exchange(ctx, c)
		if r.answer == nil || r.status() != http.StatusOK && r.status() != http.StatusPartialContent {
			return speed{reply: r.without()}
		}
		return speed{reply: r.without(), bytes: int64(len(r.answer.body))}
	})
	switch {
	case !ok:
		l.outOfTime(evidence.CheckBlobs, l.imageSubject())
		return
	case s.bytes == 0 || s.took() <= 0:
		l.gap(evidence.CheckBlobs, l.imageSubject(), "how fast its layers come could not be measured", "another way to ask")
		return
	}
	perSecond := float64(s.bytes) / s.took().Seconds()
	whole := time.Duration(min(float64(size)/perSecond, maxSeconds) * float64(time.Second))
	l.tell(evidence.CheckBlobs, evidence.SpeedMeasured, l.imageSubject(), s.reply, details{
		"bytes": strconv.FormatInt(s.bytes, 10), "bytesPerSecond": strconv.FormatInt(int64(perSecond), 10), "size": strconv.FormatInt(size, 10), "seconds": strconv.FormatInt(int64(whole.Seconds()), 10),
	}, "from here %s of its largest layer (%s) came in %s; at that speed all %s take about %s", bytesOf(s.bytes), bytesOf(largest.Size), cost(s.took()), bytesOf(size), roughly(whole))
}

// speed is how much of a layer came.
type speed struct {
	reply
	bytes int64
}

// roughly writes a duration as a person would say it: 3 s, 4 min, 2 h.
func roughly(d time.Duration) string {
	switch {
	case d < time.Second:
		return "1 s"
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	}
	return strconv.Itoa(int(d.Hours())) + " h"
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// limit reads "100;w=21600": 100 pulls in a window of 21600 seconds.
func limit(h http.Header, name string) (count, window int, ok bool) {
	value, after, _ := strings.Cut(h.Get(name), ";")
	count, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || count < 0 {
		return 0, 0, false
	}
	if w, found := strings.CutPrefix(strings.TrimSpace(after), "w="); found {
		window, err = strconv.Atoi(w)
		if err != nil || window < 0 {
			window = 0
		}
	}
	return count, window, true
}

// addLimit adds what the headers say of limits. The source is shown if it is an
// address; otherwise it is an account's number.
func (d details) addLimit(h http.Header) {
	if left, _, ok := limit(h, "Ratelimit-Remaining"); ok {
		d["remaining"] = strconv.Itoa(left)
	}
	if all, window, ok := limit(h, "Ratelimit-Limit"); ok {
		d["limit"], d["window"] = strconv.Itoa(all), number(window)
	}
	if source, err := netip.ParseAddr(strings.TrimSpace(h.Get("Docker-Ratelimit-Source"))); err == nil {
		d["source"] = source.String()
	}
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil && seconds >= 0 {
		d["retryAfter"] = strconv.Itoa(seconds)
	}
}

func retryAfter(h http.Header) string {
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil && seconds >= 0 {
		return ", try again in " + strconv.Itoa(seconds) + " s"
	}
	return ""
}

// tellLimit tells what the answer to a HEAD says of limits; a HEAD costs none.
// It tells whether a GET would still be answered.
func (l *ladder) tellLimit(r reply) bool {
	d := details{"host": r.answer.host}
	d.addLimit(r.answer.header)
	left, window, ok := limit(r.answer.header, "Ratelimit-Remaining")
	switch {
	case !ok && l.family.CountsGets:
		l.tell(evidence.CheckRateLimit, evidence.RateLimitUnseen, l.registrySubject(), r, d, "%s names no limit to whoever asks so", r.answer.host)
	case !ok:
	case left == 0:
		l.tell(evidence.CheckRateLimit, evidence.RateLimited, l.registrySubject(), r, d, "%s has no pull left for whoever asks from here (0 of %s)", r.answer.host, first(d["limit"], "?"))
		return false
	default:
		in := ""
		if window > 0 {
			in = " in " + strconv.Itoa(window/3600) + " h"
		}
		l.tell(evidence.CheckRateLimit, evidence.RateLimitOpen, l.registrySubject(), r, d, "%s has %d of %s pulls%s left for whoever asks from here", r.answer.host, left, first(d["limit"], "?"), in)
	}
	return true
}

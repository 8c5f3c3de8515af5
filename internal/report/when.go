// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// clock shows a time in the reader's zone, with the day only if it is another
// one than that of now.
func (s Style) clock(t, now time.Time, layout string) string {
	zone := s.Location
	if zone == nil {
		zone = time.UTC
	}
	t, now = t.In(zone), now.In(zone)
	switch {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
	case t.Year() == now.Year():
		layout = "Jan 2 " + layout
	default:
		layout = "2006-01-02 " + layout
	}
	return t.Format(layout)
}

const (
	toMinute = "15:04"
	toSecond = "15:04:05"
)

// length words a time span with one or two units.
func length(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		h, m := int(d.Hours()), int(d.Minutes())%60
		if m == 0 {
			return fmt.Sprintf("%d h", h)
		}
		return fmt.Sprintf("%d h %d min", h, m)
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}

// took shortens a finding's duration: 41 ms, 1.2 s.
func took(text string) string {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil || d <= 0:
		return ""
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// number writes n with thousands apart: 9,874.
func number(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && digits[i-1] != '-' && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// count is a number with its noun: 1 pod, 9,874 pods.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		return number(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	}
	return number(n) + " " + noun + "s"
}

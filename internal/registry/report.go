// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// maxSentence is the longest sentence of a finding, in bytes.
const maxSentence = 200

// report collects what a ladder found. Sentences are made of words of ours, of
// names that follow their grammar, and of numbers; foreign text goes into the
// detail "message", through quote.
type report struct {
	vantage  evidence.Vantage
	findings []evidence.Finding
	gaps     []evidence.Gap
}

// details are a finding's values for machines; empty ones are left out.
type details map[string]string

func (r *report) tell(check evidence.Check, outcome evidence.Outcome, subject evidence.Subject, from reply, d details, format string, args ...any) {
	f := evidence.Finding{
		Check: check, Outcome: outcome, Subject: subject, Vantage: r.vantage,
		Sentence: foreign.Text(fmt.Sprintf(format, args...), maxSentence),
	}
	if from.answer != nil || from.failure != nil {
		f.Time, f.Took = from.at(), from.took()
	}
	for name, value := range d {
		if value == "" {
			continue
		}
		if f.Details == nil {
			f.Details = map[string]string{}
		}
		f.Details[name] = value
	}
	r.findings = append(r.findings, f)
}

// free says that the last finding cost nothing: it was read out of an answer
// that another finding has paid for.
func (r *report) free() { r.findings[len(r.findings)-1].Took = 0 }

// retract takes back what a later answer proved wrong.
func (r *report) retract(outcome evidence.Outcome, subject evidence.Subject) {
	r.findings = slices.DeleteFunc(r.findings, func(f evidence.Finding) bool { return f.Outcome == outcome && f.Subject == subject })
}

func (r *report) gap(check evidence.Check, subject evidence.Subject, why, needs string) {
	r.gaps = append(r.gaps, evidence.Gap{Check: check, Subject: subject, Why: why, Needs: needs})
}

// cost writes a duration for a person: 0.4 ms, 12 ms, 1.2 s.
func cost(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// milliseconds writes a duration for a machine, "" for none.
func milliseconds(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 3, 64)
}

// counted writes "1 tag" or "3 tags".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// number writes a number for a machine, "" for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

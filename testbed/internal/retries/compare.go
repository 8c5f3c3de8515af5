// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package retries

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// A key names a pull within the stage's namespace.
type key struct{ pod, container string }

// A pull that fails again and again.
type pull struct {
	key key
	// repository that it asks the registry for; "" if it asks none.
	repository string
	from       string      // the node's address
	attempts   []time.Time // the beginnings of those that came
	last       time.Time   // request of the last of them
	told       []prediction
}

// A prediction is what the plugin said about the next attempt.
type prediction struct {
	began, ended     time.Time // of the look
	earliest, latest time.Time
}

const (
	// oneAttempt is how far the requests of one attempt lie apart at most; two
	// attempts lie at least 10 s apart.
	oneAttempt = 9 * time.Second
	// unheldApart is more than two attempts lie apart that no back-off holds.
	unheldApart = 25 * time.Second
	// settling is how long it takes until the cluster shows an attempt: a look
	// that comes sooner is about the one before or the one after.
	settling = 2 * time.Second
	// wrongShown bounds the looks that are listed as wrong.
	wrongShown = 20
	// second is what an event's time can lack, and what a program needs to act.
	second = time.Second
)

// made tells whether a request is the pull's: the node's own, and about its
// repository. Others may ask for the same, such as the plugin.
func (p *pull) made(request registries.Request) bool {
	return p.repository != "" && request.From == p.from && strings.HasPrefix(request.Path, "/v2/"+p.repository+"/")
}

// heard takes in a sign of an attempt; signs of the same one come together. Of a
// pull that asks no registry the events tell, and the kubelet drops those after
// the first few: what comes after a gap is not the next attempt.
func (p *pull) heard(at time.Time) {
	if n := len(p.attempts); p.repository == "" && n > 0 && at.Sub(p.attempts[n-1]) > unheldApart {
		return
	}
	if !p.last.IsZero() && at.Sub(p.last) < oneAttempt {
		p.last = later(p.last, at)
		return
	}
	p.attempts = append(p.attempts, at)
	p.last = at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// A verdict on one attempt: what was told last before it, and by how much it
// missed that, 0 if it did not.
type verdict struct {
	at     time.Time
	told   prediction
	width  time.Duration // of the span as it was told first
	missed time.Duration // negative: it came too early
	// looks since the attempt before, and how many of them it agreed with.
	looks, right int
	wrong        []prediction
}

// compare gives a verdict on each attempt of which something was told before.
func (p *pull) compare() []verdict {
	var verdicts []verdict
	for i, at := range p.attempts {
		v := verdict{at: at}
		for _, told := range p.told {
			if !told.ended.Before(at) || i == 0 || told.began.Before(p.attempts[i-1].Add(p.rest())) {
				continue
			}
			if v.looks == 0 {
				v.width = told.latest.Sub(told.earliest)
			}
			v.told, v.looks = told, v.looks+1
			if v.missed = told.miss(at); v.missed == 0 {
				v.right++
			} else {
				v.wrong = append(v.wrong, told)
			}
		}
		if v.looks > 0 {
			verdicts = append(verdicts, v)
		}
	}
	return verdicts
}

// rest is how long after its beginning an attempt shows for certain.
func (p *pull) rest() time.Duration {
	if strings.HasPrefix(p.key.pod, "slow") {
		return thinking + settling
	}
	return settling
}

// miss is by how much an attempt lies outside of the span.
func (p prediction) miss(at time.Time) time.Duration {
	switch {
	case at.Before(p.earliest.Add(-second)):
		return at.Sub(p.earliest)
	case at.After(p.latest.Add(second)):
		return at.Sub(p.latest)
	}
	return 0
}

// tell prints a table and the sum.
func tell(out io.Writer, pulls []*pull) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PULL\tATTEMPTS AFTER (s)\tWITHIN\tLOOKS\tWIDTH (s)")
	attempts, within, looks, right := 0, 0, 0, 0
	var widths []time.Duration
	var misses, wrong []string
	for _, p := range pulls {
		var after []string
		for i := range p.attempts[min(1, len(p.attempts)):] {
			after = append(after, fmt.Sprintf("%.0f", p.attempts[i+1].Sub(p.attempts[i]).Seconds()))
		}
		verdicts := p.compare()
		good, seen, agreed := 0, 0, 0
		var own []time.Duration
		for _, v := range verdicts {
			seen, agreed = seen+v.looks, agreed+v.right
			own = append(own, v.width)
			for _, told := range v.wrong {
				wrong = append(wrong, fmt.Sprintf("%s/%s at %s, told at %s: %s to %s", p.key.pod, p.key.container, clock(v.at), clock(told.began), clock(told.earliest), clock(told.latest)))
			}
			if v.missed == 0 {
				good++
				continue
			}
			misses = append(misses, fmt.Sprintf("%s/%s at %s: %+.1f s; told at %s: %s to %s", p.key.pod, p.key.container, clock(v.at), v.missed.Seconds(),
				clock(v.told.began), clock(v.told.earliest), clock(v.told.latest)))
		}
		fmt.Fprintf(table, "%s/%s\t%s\t%d of %d\t%d of %d\t%.0f\n", p.key.pod, p.key.container, strings.Join(after, " "), good, len(verdicts), agreed, seen, median(own).Seconds())
		attempts, within, looks, right = attempts+len(verdicts), within+good, looks+seen, right+agreed
		widths = append(widths, own...)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, m := range misses {
		fmt.Fprintln(out, "missed:", m)
	}
	for _, w := range wrong[:min(len(wrong), wrongShown)] {
		fmt.Fprintln(out, "a look that was wrong:", w)
	}
	fmt.Fprintf(out, "%d of %d attempts within the span told last before them (first told with a median width of %.0f s); %d of %d looks right\n",
		within, attempts, median(widths).Seconds(), right, looks)
	switch {
	case attempts == 0:
		return fmt.Errorf("nothing was told before any attempt: %w", ErrDiffers)
	case within < attempts:
		return ErrDiffers
	}
	return nil
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.0") }

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

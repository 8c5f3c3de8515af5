// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package retries

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

func at(seconds float64) time.Time {
	return time.Date(2026, 11, 21, 3, 40, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

// told is a look at a time that says when the next attempt comes.
func told(when, earliest, latest float64) prediction {
	return prediction{began: at(when), ended: at(when + 0.2), earliest: at(earliest), latest: at(latest)}
}

func TestOnlyTheNodesOwnRequestsAreAttempts(t *testing.T) {
	p := &pull{repository: "pm-x/quick-node-a", from: "10.209.0.11"}
	never := &pull{from: "10.209.0.11"}
	for name, c := range map[string]struct {
		request registries.Request
		want    bool
	}{
		"the kubelet's":           {registries.Request{From: "10.209.0.11", Path: "/v2/pm-x/quick-node-a/manifests/1"}, true},
		"the plugin's":            {registries.Request{From: "10.209.0.2", Path: "/v2/pm-x/quick-node-a/manifests/1"}, false},
		"for another repository":  {registries.Request{From: "10.209.0.11", Path: "/v2/pm-x/quick-node-ab/manifests/1"}, false},
		"a ping of the registry":  {registries.Request{From: "10.209.0.11", Path: "/v2/"}, false},
		"one that broke too soon": {registries.Request{From: "10.209.0.11"}, false},
	} {
		if got := p.made(c.request); got != c.want || never.made(c.request) {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestRequestsOfOneAttemptCountOnce(t *testing.T) {
	p := &pull{repository: "x"}
	for _, seconds := range []float64{0, 0.1, 6, 22, 22.3, 58} {
		p.heard(at(seconds))
	}
	if len(p.attempts) != 3 || !p.attempts[1].Equal(at(22)) {
		t.Errorf("attempts %v", p.attempts)
	}
}

func TestAttemptsAreComparedWithWhatWasToldBefore(t *testing.T) {
	for name, c := range map[string]struct {
		told        []prediction
		looks       int
		missed      float64
		nothingTold bool
	}{
		"within":                             {told: []prediction{told(3, 10, 16)}, looks: 1},
		"too early":                          {told: []prediction{told(3, 20, 36)}, looks: 1, missed: -6},
		"too late":                           {told: []prediction{told(3, 5, 8)}, looks: 1, missed: 6},
		"the last word counts":               {told: []prediction{told(3, 40, 50), told(9, 12, 16)}, looks: 2},
		"a look while it settles":            {told: []prediction{told(1, 0, 5)}, nothingTold: true},
		"a look that the attempt overtook":   {told: []prediction{told(13.9, 0, 5)}, nothingTold: true},
		"a look after it is about the next":  {told: []prediction{told(17, 0, 5)}, nothingTold: true},
		"an event's time is cut to a second": {told: []prediction{told(3, 14.9, 16)}, looks: 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := &pull{key: key{"quick", app}, attempts: []time.Time{at(0), at(14)}, told: c.told}
			verdicts := p.compare()
			var out strings.Builder
			err := tell(&out, []*pull{p})
			if c.nothingTold {
				if len(verdicts) != 0 || !errors.Is(err, ErrDiffers) {
					t.Errorf("%+v, %v", verdicts, err)
				}
				return
			}
			if len(verdicts) != 1 || verdicts[0].looks != c.looks || verdicts[0].missed.Seconds() != c.missed {
				t.Fatalf("%+v", verdicts)
			}
			if (err == nil) != (c.missed == 0) || (c.missed == 0) != strings.Contains(out.String(), "1 of 1 attempts within") {
				t.Errorf("%v, %s", err, out.String())
			}
		})
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package backoff

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// at is a time in seconds after the pod was made.
func at(seconds int) time.Time {
	return time.Date(2026, 11, 21, 3, 40, 10, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

func TestTheBackOffDoublesUpToFiveMinutes(t *testing.T) {
	for failures, want := range []float64{0, 10, 20, 40, 80, 160, 300, 300, 300} {
		if got := After(failures).Seconds(); got != want {
			t.Errorf("after %d failures %v s, want %v", failures, got, want)
		}
	}
	if got := After(1 << 40); got != Max {
		t.Errorf("after very many failures %v", got)
	}
}

func TestWhichReasonsAreUnderBackOff(t *testing.T) {
	for reason, want := range map[string]bool{
		"ErrImagePull": true, "ImagePullBackOff": true, "RegistryUnavailable": true, "SignatureValidationFailed": true,
		"ErrImageNeverPull": false, "InvalidImageName": false, "ImageInspectError": false,
		"illegal base64 data at input byte 3": false, "": false, "ContainerCreating": false, "CrashLoopBackOff": false,
	} {
		if got := Held(reason); got != want {
			t.Errorf("%q: %t, want %t", reason, got, want)
		}
	}
}

func TestNext(t *testing.T) {
	tests := map[string]struct {
		seen             Observed
		earliest, latest int // seconds after the pod was made
		least, most      time.Duration
		mayRun, overdue  bool
	}{
		"the first failure, a second ago": {
			seen:     Observed{Now: at(3), Reason: "ErrImagePull", Created: at(0), FirstFailed: at(2), LastFailed: at(2), Failures: 1},
			earliest: 12, latest: 19, least: Initial, most: Initial,
		},
		"the sixth failure on the ideal clock": {
			seen:     Observed{Now: at(320), Reason: "ImagePullBackOff", Created: at(0), FirstFailed: at(0), LastFailed: at(310), Failures: 6},
			earliest: 610, latest: 627, least: Max, most: Max,
		},
		"a count that may have lost some": {
			seen:     Observed{Now: at(320), Reason: "ImagePullBackOff", Created: at(0), FirstFailed: at(150), LastFailed: at(310), Failures: 2},
			earliest: 330, latest: 627, least: 20 * time.Second, most: Max,
		},
		"the same count, known to be whole": {
			seen:     Observed{Now: at(315), Reason: "ImagePullBackOff", Created: at(0), FirstFailed: at(150), LastFailed: at(310), Failures: 2, AllSeen: true},
			earliest: 330, latest: 343, least: 20 * time.Second, most: 20 * time.Second,
		},
		"slow pulls, so that fewer fit in the time than at once": {
			seen:     Observed{Now: at(101), Reason: "ErrImagePull", Created: at(0), FirstFailed: at(30), LastFailed: at(100), Started: at(70), Failures: 2},
			earliest: 120, latest: 197, least: 20 * time.Second, most: 80 * time.Second,
		},
		"a pull that took five minutes may count as the first again": {
			seen:     Observed{Now: at(3001), Reason: "ErrImagePull", Created: at(0), FirstFailed: at(300), LastFailed: at(3000), Started: at(2700), Failures: 8},
			earliest: 3010, latest: 3317, least: Initial, most: Max,
		},
		"a pull that took over ten minutes is the first again": {
			seen:     Observed{Now: at(3001), Reason: "ErrImagePull", Created: at(0), FirstFailed: at(300), LastFailed: at(3000), Started: at(2390), Failures: 8},
			earliest: 3010, latest: 3017, least: Initial, most: Initial,
		},
		"an attempt that began and whose end was not seen": {
			seen:     Observed{Now: at(45), Reason: "ImagePullBackOff", Created: at(0), FirstFailed: at(0), LastFailed: at(10), Started: at(30), Failures: 2},
			earliest: 70, latest: 101, least: 40 * time.Second, most: 40 * time.Second, mayRun: true,
		},
		"the first attempt, still running": {
			seen:     Observed{Now: at(45), Reason: "ContainerCreating", Created: at(0), Started: at(1)},
			earliest: 45, latest: 101, least: Initial, most: 40 * time.Second, mayRun: true,
		},
		"nothing but the reason ErrImagePull": {
			seen:     Observed{Now: at(5000), Reason: "ErrImagePull"},
			earliest: 5000, latest: 5316, least: Initial, most: Max,
		},
		"nothing but the reason ImagePullBackOff": {
			seen:     Observed{Now: at(5000), Reason: "ImagePullBackOff"},
			earliest: 5000, latest: 5316, least: Initial, most: Max,
		},
		"a name that cannot be parsed": {
			seen:     Observed{Now: at(5000), Reason: "InvalidImageName"},
			earliest: 5000, latest: 5016,
		},
		"pull policy Never, seen now": {
			seen:     Observed{Now: at(5000), Reason: "ErrImageNeverPull", LastFailed: at(4999)},
			earliest: 5009, latest: 5016,
		},
		"an attempt that is overdue": {
			seen:     Observed{Now: at(100), Reason: "ImagePullBackOff", Created: at(0), FirstFailed: at(0), LastFailed: at(10), Failures: 2, AllSeen: true},
			earliest: 100, latest: 156, least: Initial, most: 40 * time.Second, overdue: true,
		},
		"its time has come, and events may have been lost: it may have failed again": {
			seen:     Observed{Now: at(86), Reason: "ImagePullBackOff", Created: at(0), FirstFailed: at(0), LastFailed: at(38), Failures: 3},
			earliest: 86, latest: 182, least: 40 * time.Second, most: 80 * time.Second,
		},
		"a container in a crash loop beside it": {
			seen:     Observed{Now: at(3), Reason: "ErrImagePull", Created: at(0), FirstFailed: at(2), LastFailed: at(2), Failures: 1, CrashLooping: true},
			earliest: 12, latest: 104, least: Initial, most: Initial,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := Next(test.seen)
			if !ok {
				t.Fatal("no answer")
			}
			if !got.Earliest.Equal(at(test.earliest)) || !got.Latest.Equal(at(test.latest)) {
				t.Errorf("from %v to %v s, want %d to %d", got.Earliest.Sub(at(0)), got.Latest.Sub(at(0)), test.earliest, test.latest)
			}
			if got.BackOffMin != test.least || got.BackOffMax != test.most {
				t.Errorf("back-off %v to %v, want %v to %v", got.BackOffMin, got.BackOffMax, test.least, test.most)
			}
			if got.MayRun != test.mayRun || got.Overdue != test.overdue {
				t.Errorf("may run %t, overdue %t", got.MayRun, got.Overdue)
			}
		})
	}
}

func TestNothingIsSaidWhereNoPullFails(t *testing.T) {
	for name, seen := range map[string]Observed{
		"nothing known":                       {Now: at(5)},
		"a container that is being made":      {Now: at(5), Reason: "ContainerCreating", Created: at(0)},
		"a container behind its init":         {Now: at(5), Reason: "PodInitializing", Created: at(0)},
		"a container that crashes":            {Now: at(5), Reason: "CrashLoopBackOff", LastFailed: at(1)},
		"a container whose config is missing": {Now: at(5), Reason: "CreateContainerConfigError"},
	} {
		if span, ok := Next(seen); ok {
			t.Errorf("%s: %+v", name, span)
		}
	}
}

func TestSimulateOnTheIdealClock(t *testing.T) {
	want := []int{0, 10, 30, 70, 150, 310, 610, 910}
	held := []int{0, 0, 1, 3, 7, 15, 29, 29}
	for i, a := range Simulate(at(0), len(want), Clock{}) {
		if !a.Start.Equal(at(want[i])) || !a.End.Equal(a.Start) || a.BackOff != After(i+1) || a.Held != held[i] {
			t.Errorf("attempt %d: %v, back-off %v, held %d times", i+1, a.Start.Sub(at(0)), a.BackOff, a.Held)
		}
	}
}

func TestSimulateCountsFromTheEndOfAPull(t *testing.T) {
	series := Simulate(at(0), 3, Clock{Took: func(int) time.Duration { return 30 * time.Second }})
	for i, want := range []int{0, 40, 90} {
		if !series[i].Start.Equal(at(want)) {
			t.Errorf("attempt %d at %v, want %d s", i+1, series[i].Start.Sub(at(0)), want)
		}
	}
}

func TestSimulateStartsAgainAfterPullsOfFiveMinutes(t *testing.T) {
	series := Simulate(at(0), 8, Clock{Took: func(int) time.Duration { return 301 * time.Second }})
	for i, want := range []float64{10, 20, 40, 80, 160, 300, 10, 20} {
		if got := series[i].BackOff.Seconds(); got != want {
			t.Errorf("after attempt %d back-off %v s, want %v", i+1, got, want)
		}
	}
}

// The simulated kubelet must come within the span that Next tells from what
// the cluster would show, at any moment of looking.
func TestNextHoldsWhatTheSimulatedKubeletDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	looks, hidden := 0, 0
	for range 6000 {
		took := time.Duration(random.Int64N(int64(40 * time.Second)))
		switch random.IntN(4) {
		case 0:
			took = time.Duration(random.Int64N(int64(700 * time.Second)))
		case 1:
			took = 0
		}
		clock := Clock{Jitter: random.Float64, Tick: SyncTick, Took: func(int) time.Duration { return took }}
		series := Simulate(at(1), 2+random.IntN(12), clock)
		last, next := series[len(series)-2], series[len(series)-1]
		second := func(moment time.Time) time.Time { return moment.Truncate(time.Second) }
		seen := Observed{
			Now: last.End.Add(time.Duration(random.Int64N(int64(next.Start.Sub(last.End))))), Reason: "ImagePullBackOff",
			Created: at(0), FirstFailed: second(series[0].End), LastFailed: second(last.End), Started: second(last.Start), Failures: len(series) - 1,
		}
		if len(series) > 2 && random.IntN(4) == 0 { // its end was not seen, nor some failures
			seen.LastFailed = second(series[len(series)-3].End)
			seen.Failures = 1 + random.IntN(seen.Failures-1)
			seen.FirstFailed = second(series[len(series)-2-seen.Failures].End)
		}
		if len(series) > 2 && random.IntN(3) == 0 {
			// The kubelet drops events of a pod that has had many: the last
			// failures were not seen at all, but for what the status shows.
			kept := random.IntN(len(series) - 2)
			seen.LastFailed, seen.Started = second(series[kept].End), second(series[kept].Start)
			seen.Failures = 1 + random.IntN(kept+1)
			seen.FirstFailed = second(series[kept+1-seen.Failures].End)
			if seen.Now.Sub(last.End) < SyncMin {
				seen.Reason = "ErrImagePull"
			}
			hidden++
		}
		span, ok := Next(seen)
		if !ok || next.Start.Before(span.Earliest) || next.Start.After(span.Latest) {
			t.Fatalf("the next attempt came at %v, told was %v to %v (%+v), seen %+v, pulls took %v, last ended %v",
				next.Start.Sub(at(0)), span.Earliest.Sub(at(0)), span.Latest.Sub(at(0)), span, seen, took, last.End.Sub(at(0)))
		}
		looks++
	}
	if hidden < 500 {
		t.Errorf("in only %d looks failures were hidden", hidden)
	}
	t.Logf("%d looks, the next attempt in each span; in %d the last failures were hidden", looks, hidden)
}

func TestObserveReadsStatusAndEvents(t *testing.T) {
	pull := evidence.Pull{
		Image: "docker.io/acme/api:1.27.44", PodCreated: at(0), Reason: "ImagePullBackOff",
		Events: []evidence.Event{
			{Reason: "Pulling", Message: `Pulling image "docker.io/acme/api:1.27.44"`, Count: 4, First: at(1), Last: at(71)},
			{Reason: "Failed", Message: `Failed to pull image "docker.io/acme/api:1.27.44": rpc error`, Count: 2, First: at(2), Last: at(32)},
			{Reason: "Failed", Message: `(combined from similar events): Failed to pull image "docker.io/acme/api:1.27.44": dial`, Count: 1, First: at(72), Last: at(72)},
			{Reason: "Failed", Message: "Error: ErrImagePull", Count: 9, First: at(2), Last: at(500)},
			{Reason: "BackOff", Message: `Back-off pulling image "docker.io/acme/api:1.27.44"`, Count: 30, First: at(12), Last: at(500)},
			{Reason: "Pulling", Message: `Pulling image "docker.io/acme/api:1.27.4"`, Count: 50, First: at(1), Last: at(600)},
		},
	}
	want := Observed{
		Now: at(80), Reason: "ImagePullBackOff", Created: at(0),
		FirstFailed: at(2), LastFailed: at(72), Started: at(71), Failures: 4,
	}
	if got := Observe(pull, at(80)); got != want {
		t.Errorf("observed %+v\nwant %+v", got, want)
	}
	pull.Events[0].Count, pull.Events[0].Last = 5, at(160)
	if got := Observe(pull, at(170)); got.Failures != 4 || !got.Started.Equal(at(160)) {
		t.Errorf("with an attempt begun: %+v", got)
	}
}

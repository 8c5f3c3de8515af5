// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package agreement

import (
	"math/rand/v2"
	"testing"
	"time"

	"k8s.io/client-go/util/flowcontrol"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/pullmedic/pullmedic/kubelet/backoff"
)

// The kubelet's image manager keeps its retry clock in client-go's Backoff.
// Driven by the same syncs and pulls, it must allow the same attempts.
func TestBackOffAgreesWithTheKubelet(t *testing.T) {
	seed := number(t, "BACKOFF_SEED", rand.Uint64())
	t.Logf("back-off agreement: seed %d (BACKOFF_SEED)", seed)
	attempts, restarts, differences := 0, 0, 0
	for i := range uint64(5000) {
		random := rand.New(rand.NewPCG(seed, i))
		took := make([]time.Duration, 12)
		for n := range took {
			took[n] = time.Duration(random.Int64N(int64(pick(dice{random}, time.Second, 40*time.Second, 700*time.Second))))
		}
		jitterSeed := random.Uint64()
		ours := backoff.Simulate(time.Unix(0, 0), len(took), backoff.Clock{
			Took:   func(attempt int) time.Duration { return took[attempt-1] },
			Jitter: rand.New(rand.NewPCG(jitterSeed, 0)).Float64,
		})
		theirs := kubeletSeries(took, rand.New(rand.NewPCG(jitterSeed, 0)))
		for n := range ours {
			attempts++
			if n > 0 && ours[n].BackOff == backoff.Initial {
				restarts++
			}
			if ours[n] != theirs[n] {
				differences++
				t.Errorf("series %d, attempt %d: kubelet %+v, ours %+v", i, n+1, theirs[n], ours[n])
				break
			}
		}
		if differences > 10 {
			break
		}
	}
	if restarts == 0 {
		t.Error("no series restarted its back-off")
	}
	t.Logf("back-off agreement: %d attempts (%d of them restarted the back-off), %d differences", attempts, restarts, differences)
}

// kubeletSeries runs pulls that all fail through the bookkeeping of pullImage
// in pkg/kubelet/images/image_manager.go.
func kubeletSeries(took []time.Duration, random *rand.Rand) []backoff.Attempt {
	clock := clocktesting.NewFakeClock(time.Unix(0, 0))
	// imageBackOffPeriod and MaxImageBackOff of pkg/kubelet/kubelet.go, written
	// out because importing it would compile the whole kubelet into the test.
	held := flowcontrol.NewFakeBackOff(10*time.Second, 300*time.Second, clock)
	const key = "uid_image"
	var series []backoff.Attempt
	inBackOff := 0
	for len(series) < len(took) {
		if held.IsInBackOffSinceUpdate(key, clock.Now()) {
			inBackOff++
		} else {
			a := backoff.Attempt{Start: clock.Now(), Held: inBackOff}
			clock.Step(took[len(series)])
			held.Next(key, clock.Now())
			a.End, a.BackOff = clock.Now(), held.Get(key)
			series = append(series, a)
			inBackOff = 0
		}
		// As wait.Jitter(backOffPeriod, 0.5) in pkg/kubelet/pod_workers.go.
		clock.Step(10*time.Second + time.Duration(random.Float64()*0.5*float64(10*time.Second)))
	}
	return series
}

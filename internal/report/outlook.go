// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/backoff"
)

// worthDeleting is how much at least the next pull has to come sooner for
// deleting a pod to be worth telling: less than that, waiting is as good.
const worthDeleting = 30 * time.Second

// outlook tells what the kubelet will do by itself; nil if the next attempt is
// not known. unwell tells whether another pull of the same pod still fails.
func outlook(d v1alpha1.Diagnosis, unwell bool, now time.Time) *v1alpha1.Outlook {
	p := d.Pull
	if p.NextEarliest == nil || p.NextLatest == nil {
		return nil
	}
	o := &v1alpha1.Outlook{Succeeds: d.Causes[0].State == v1alpha1.Cleared, BackOff: backoff.Held(p.Reason)}
	if !o.Succeeds || unwell || !remade(p) {
		return o
	}
	least, most := backoff.Span{Earliest: *p.NextEarliest, Latest: *p.NextLatest}.Saved(now)
	if least >= worthDeleting {
		o.DeletingSaves = &v1alpha1.Saving{AtLeast: least.Round(time.Second).String(), AtMost: most.Round(time.Second).String()}
	}
	return o
}

// remade tells whether a controller makes a new pod at once for a deleted one
// and nothing else is lost with it. A Job counts a deleted pod as failed, a bare
// pod is gone, and with a pod that somebody debugs goes what they look at.
func remade(p v1alpha1.Pull) bool {
	if p.ContainerKind == string(evidence.EphemeralContainer) || p.Owner.Group != "" {
		return false
	}
	switch p.Owner.Kind {
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController":
		return true
	}
	return false
}

// outlooks fills in the outlook of every diagnosis. A pod is worth deleting
// only if none of its pulls would fail again.
func outlooks(all []v1alpha1.Diagnosis, now time.Time) {
	failing := map[string]bool{}
	for _, d := range all {
		failing[podKey(d.Pull)] = failing[podKey(d.Pull)] || d.Causes[0].State == v1alpha1.Failing
	}
	for i := range all {
		all[i].Outlook = outlook(all[i], failing[podKey(all[i].Pull)], now)
	}
}

// next says what the kubelet will do by itself.
func (s *sheet) next(d v1alpha1.Diagnosis, now time.Time) string {
	o := d.Outlook
	if o == nil {
		return ""
	}
	text := "fails again"
	if o.Succeeds {
		text = "should be pulled"
	}
	if !o.BackOff {
		text += ", tried anew every 10 to 15 s"
	}
	switch p := d.Pull; {
	case p.NextLatest.Before(now):
		text += ", next at any moment"
	case !p.NextEarliest.After(now):
		text += ", next before " + s.clock(*p.NextLatest, now, toSecond)
	default:
		text += ", next between " + s.clock(*p.NextEarliest, now, toSecond) + " and " + s.clock(*p.NextLatest, now, toSecond)
	}
	if o.DeletingSaves != nil {
		text += ". Deleting the pod now would save " + savings(*o.DeletingSaves) + ": a new one has no back-off"
	}
	return text
}

func savings(s v1alpha1.Saving) string {
	least, err := time.ParseDuration(s.AtLeast)
	most, bad := time.ParseDuration(s.AtMost)
	if err != nil || bad != nil || length(least) == length(most) {
		return s.AtLeast
	}
	return length(least) + " to " + length(most)
}

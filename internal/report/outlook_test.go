// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
)

// lately is a pull whose next attempt lies between so many seconds from now.
func lately(e evidence.Evidence, reason string, earliest, latest int) evidence.Evidence {
	e.Pull.Reason = reason
	e.Pull.NextEarliest, e.Pull.NextLatest = now().Add(time.Duration(earliest)*time.Second), now().Add(time.Duration(latest)*time.Second)
	return e
}

func TestWhatHappensIfNothingIsDone(t *testing.T) {
	bare, job, debugged := cleared(), cleared(), cleared()
	bare.Pull.Owner = evidence.Object{Kind: "Pod", Name: "late"}
	job.Pull.Owner.Kind = "Job"
	debugged.Pull.ContainerKind = evidence.EphemeralContainer
	sick := missingTag(0)
	sick.Pull.Pod, sick.Pull.Namespace, sick.Pull.Container = "late", "shop2", "side"
	unknown := missingTag(0)
	unknown.Pull.NextEarliest, unknown.Pull.NextLatest = time.Time{}, time.Time{}
	for name, c := range map[string]struct {
		pulls []evidence.Evidence
		want  string // of the first diagnosis
	}{
		"it fails under back-off": {[]evidence.Evidence{lately(missingTag(0), "ImagePullBackOff", 20, 110)},
			"fails again, next between 03:50:20 and 03:51:50"},
		"it fails, and deleting the pod would not help, however long the back-off is": {[]evidence.Evidence{lately(missingTag(0), "ImagePullBackOff", 250, 300)},
			"fails again, next between 03:54:10 and 03:55:00"},
		"a back-off is over": {[]evidence.Evidence{lately(missingTag(0), "ImagePullBackOff", 0, 12)},
			"fails again, next before 03:50:12"},
		"no back-off holds what is not pulled": {[]evidence.Evidence{lately(missingTag(0), "ErrImageNeverPull", 3, 16)},
			"fails again, tried anew every 10 to 15 s, next between 03:50:03 and 03:50:16"},
		"nor a secret that cannot be parsed": {[]evidence.Evidence{lately(missingTag(0), "illegal base64 data at input byte 3", 3, 16)},
			"fails again, tried anew every 10 to 15 s, next between 03:50:03 and 03:50:16"},
		"it is mended, and waiting is long": {[]evidence.Evidence{lately(cleared(), "ImagePullBackOff", 95, 305)},
			"should be pulled, next between 03:51:35 and 03:55:05. Deleting the pod now would save 1 min to 5 min: a new one has no back-off"},
		"it is mended, and waiting is as good": {[]evidence.Evidence{lately(cleared(), "ImagePullBackOff", 30, 90)},
			"should be pulled, next between 03:50:30 and 03:51:30"},
		"nobody would make a new pod": {[]evidence.Evidence{lately(bare, "ImagePullBackOff", 95, 305)},
			"should be pulled, next between 03:51:35 and 03:55:05"},
		"a job would count it as failed": {[]evidence.Evidence{lately(job, "ImagePullBackOff", 95, 305)},
			"should be pulled, next between 03:51:35 and 03:55:05"},
		"somebody debugs it": {[]evidence.Evidence{lately(debugged, "ImagePullBackOff", 95, 305)},
			"should be pulled, next between 03:51:35 and 03:55:05"},
		"another image of the pod would fail again": {[]evidence.Evidence{lately(sick, "ImagePullBackOff", 95, 305), lately(cleared(), "ImagePullBackOff", 95, 305)},
			"fails again, next between 03:51:35 and 03:55:05"},
		"the next attempt is unknown": {[]evidence.Evidence{unknown}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := judged(t, evidence.Survey{Time: now(), Pods: 1, Namespaces: 1, Pulls: c.pulls})
			var b bytes.Buffer
			if err := report.Diagnosis(&b, r, report.Style{Width: 1000}); err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(b.String()) {
				if text, ok := strings.CutPrefix(line, "If nothing is done: "); ok {
					got = append(got, strings.TrimSpace(text))
				}
			}
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) == 0 || got[0] != c.want) {
				t.Errorf("got %q, want %q in\n%s", got, c.want, b.String())
			}
			if len(c.pulls) > 1 && strings.Contains(b.String(), "Deleting") {
				t.Errorf("deleting is advised:\n%s", b.String())
			}
		})
	}
}

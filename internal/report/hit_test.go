// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
)

func TestTheOverviewNamesTheWorkloadsThatFail(t *testing.T) {
	s := evidence.Survey{Time: now()}
	for n := range 8 {
		one := missingTag(0)
		one.Pull.Namespace, one.Pull.Pod = fmt.Sprintf("team-%d", n/2), fmt.Sprintf("web-%d", n)
		one.Pull.Owner = evidence.Object{Kind: "Deployment", Namespace: one.Pull.Namespace, Name: fmt.Sprintf("web-%d", n)}
		one.Pull.Via = nil
		s.Pulls = append(s.Pulls, one)
	}
	custom := missingTag(0)
	custom.Pull.Namespace, custom.Pull.Pod, custom.Pull.Via = "a", "flow-1", nil
	custom.Pull.Owner = evidence.Object{Group: "argoproj.io", Kind: "Workflow", Namespace: "a", Name: "flow"}
	bare := missingTag(0)
	bare.Pull.Namespace, bare.Pull.Pod, bare.Pull.Owner, bare.Pull.Via = "b", "alone", evidence.Object{}, nil
	s.Pulls = append(s.Pulls, custom, bare)
	for _, c := range []struct {
		name    string
		verbose int
		want    []string
	}{
		{"the first by namespace, and how many more", 0, []string{
			"  a: workflow.argoproj.io/flow; b: pod/alone; team-0: deployment/web-0,",
			"    deployment/web-1; team-1: deployment/web-2, deployment/web-3; and 4 more; -v",
			"    names them"}},
		{"all of them with -v", 1, []string{
			"  a: workflow.argoproj.io/flow; b: pod/alone; team-0: deployment/web-0,",
			"    deployment/web-1; team-1: deployment/web-2, deployment/web-3; team-2:",
			"    deployment/web-4, deployment/web-5; team-3: deployment/web-6,",
			"    deployment/web-7"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := report.Overview(&b, judged(t, s), report.Style{Verbose: c.verbose}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), strings.Join(c.want, "\n")+"\n") {
				t.Errorf("the page does not name the workloads as it should:\n%s", b.String())
			}
		})
	}
}

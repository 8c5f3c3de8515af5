// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// withInit puts an init container before the container of deployment, by the images
// that the two revisions have; the former runs no pod if it has none. What is behind
// the init container was not tried in the pods that fail.
func withInit(former, latest string) []runtime.Object {
	objects := deployment()
	put := func(s *corev1.PodSpec, image string) {
		s.InitContainers = []corev1.Container{{Name: "init", Image: image}}
	}
	for _, o := range objects {
		switch o := o.(type) {
		case *appsv1.Deployment:
			put(&o.Spec.Template.Spec, latest)
		case *appsv1.ReplicaSet:
			put(&o.Spec.Template.Spec, map[string]string{"api-1": former, "api-2": latest}[o.Name])
		case *corev1.Pod:
			if o.Name == "api-2-x" {
				put(&o.Spec, latest)
				o.Status = initializes(waitsFor("ImagePullBackOff", "Back-off pulling image")).Status
			} else {
				put(&o.Spec, former)
			}
		}
	}
	if former == "" {
		objects = slices.DeleteFunc(objects, func(o runtime.Object) bool {
			m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
			name, _ := m["metadata"].(map[string]any)["name"].(string)
			return err == nil && strings.HasPrefix(name, "api-1")
		})
	}
	return append(objects, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default", UID: "sa"}})
}

// initializes is a pod whose init container has that state.
func initializes(state corev1.ContainerState) *corev1.Pod {
	p := pod("api-3-x", "api-2", bad, waitsFor("PodInitializing", ""))
	p.Spec.InitContainers = []corev1.Container{{Name: "init", Image: private}}
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "init", State: state}}
	return p
}

// ofInit is the diagnosis of the init container.
func ofInit(image, cause string) diagnosis.Diagnosis {
	d := fails("init", image, cause)
	d.Pull.ContainerKind = evidence.InitContainer
	return d
}

const (
	initGood = "registry.acme.example/acme/init:1"
	initBad  = "registry.acme.example/acme/init:2"
)

// Behind an init container another image is wrong. The kubelet has not come to it,
// and would fail a second time.
func TestWhatWaitsBehindAnInitContainerIsToldAndMendedToo(t *testing.T) {
	for name, c := range map[string]struct {
		objects []runtime.Object
		edit    func([]runtime.Object)
		d       diagnosis.Diagnosis
		present []string
		o       remedy.Options
		chosen  string // remedies by container
		untried string // containers, with their causes
		proof   verify.Proof
	}{
		"the former revision had both right": {
			objects: withInit(initGood, initBad), d: ofInit(initBad, catalog.TagNotFound), present: []string{initGood, good},
			chosen: "init rollout-undo", proof: verify.Proven, // of which nothing is left to tell
		},
		"what is behind has no remedy": {
			objects: withInit("", private), d: ofInit(private, catalog.CredentialsMissing), present: []string{private}, o: robot(),
			chosen: "init login-service-account", untried: "api TagNotFound", proof: verify.Proven,
		},
		"what is behind can be pulled": {
			objects: withInit("", private), d: ofInit(private, catalog.CredentialsMissing), present: []string{private, bad}, o: robot(),
			chosen: "init login-service-account", proof: verify.Proven,
		},
		"an image that is given is for what fails": {
			objects: withInit("", initBad), d: ofInit(initBad, catalog.TagNotFound), present: []string{initGood}, o: remedy.Options{To: initGood},
			chosen: "init set-image", untried: "api TagNotFound", proof: verify.Proven,
		},
		"each is given its own": {
			objects: withInit("", initBad), d: ofInit(initBad, catalog.TagNotFound), present: []string{initGood, good},
			o:      remedy.Options{Images: []remedy.Named{{Container: "init", Image: initGood}, {Container: "api", Image: good}}},
			chosen: "init set-image, api set-image", untried: "api TagNotFound", proof: verify.Proven,
		},
		"pods that are well would be replaced by others that are not": {
			objects: withInit(initGood, initBad), d: ofInit(initBad, catalog.TagNotFound), present: []string{initGood}, o: remedy.Options{To: initGood},
			edit: func(objects []runtime.Object) { // of the same revision, on a node that has the images
				for _, o := range objects {
					switch o := o.(type) {
					case *corev1.Pod:
						o.OwnerReferences[0].Name, o.OwnerReferences[0].UID = "api-2", "api-2"
					case *appsv1.ReplicaSet: // there is nothing to go back to
						o.Spec.Template.Spec.Containers[0].Image = bad
					}
				}
			},
			chosen: "init set-image", untried: "api TagNotFound", proof: verify.Disproved,
		},
		"nothing mends what comes before": {
			objects: withInit("", initBad), d: ofInit(initBad, catalog.TagNotFound), present: []string{good}, o: remedy.Options{Images: []remedy.Named{{Container: "api", Image: good}}},
			proof: verify.NotProven,
		},
	} {
		t.Run(name, func(t *testing.T) {
			present := map[string]bool{}
			for _, image := range c.present {
				present[image] = true
			}
			if c.edit != nil {
				c.edit(c.objects)
			}
			b := newBench(t, seer{present}, c.objects...)
			plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{c.d}, c.o)
			if err != nil || len(plans) != 1 {
				t.Fatalf("%d plans, %v", len(plans), err)
			}
			p := plans[0]
			var chosen, untried []string
			for _, one := range p.Chosen {
				chosen = append(chosen, one.Diagnosis.Pull.Container+" "+one.Remedy.ID)
			}
			for _, d := range p.Untried() {
				untried = append(untried, d.Pull.Container+" "+d.Causes[0].Cause)
				if d.Pull.Pod != "api-2-x" || d.Pull.Owner.Name != "api" || d.Pull.Image != bad {
					t.Errorf("it is not told of the pod that fails: %+v", d.Pull)
				}
			}
			if got := strings.Join(chosen, ", "); got != c.chosen || strings.Join(untried, ", ") != c.untried || p.Proof != c.proof {
				t.Errorf("chosen %q, not tried yet %q, %s; want %q, %q, %s", got, untried, p.Proof, c.chosen, c.untried, c.proof)
			}
		})
	}
}

// It is mended once both are pulled; if what was pulled ends again and again, the
// other's turn does not come.
func TestWhatWasBehindAnInitContainerIsJudgedByItsPullToo(t *testing.T) {
	pulls := initializes(runs)
	pulls.Status.ContainerStatuses[0].State = runs
	refused := initializes(runs)
	refused.Status.ContainerStatuses[0].State = waitsFor("ErrImagePull", "denied")
	for name, c := range map[string]struct {
		then      *corev1.Pod
		outcome   mend.Outcome
		next, why string
	}{
		"both are pulled":                 {then: pulls, outcome: mend.Mended},
		"the init container ends":         {then: initializes(waitsFor("CrashLoopBackOff", "")), outcome: mend.Mended, next: "CrashLoopBackOff"},
		"the init container works on":     {then: initializes(runs), outcome: mend.StillPulling, why: "its init containers come first"},
		"what is behind fails to be made": {then: refused, outcome: mend.Undone, why: "denied"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{initGood: true, good: true}}, withInit("", initBad)...)
			plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{ofInit(initBad, catalog.TagNotFound)},
				remedy.Options{Images: []remedy.Named{{Container: "init", Image: initGood}, {Container: "api", Image: good}}})
			if err != nil || len(plans) != 1 || len(plans[0].Chosen) != 2 {
				t.Fatalf("%+v, %v", plans, err)
			}
			b.server.React(func(w clustertest.Write) {
				if w.Verb == "patch" && w.Resource == "deployments" && !w.Dry {
					b.server.Remove("pods", "shop", "api-2-x")
					first := initializes(waitsFor("ContainerCreating", ""))
					then := c.then.DeepCopy()
					for _, p := range []*corev1.Pod{first, then} {
						p.Spec.InitContainers[0].Image, p.Spec.Containers[0].Image = initGood, good
					}
					b.server.Put(first)
					time.AfterFunc(20*time.Millisecond, func() { b.server.Put(then) })
				}
			})
			r := b.Carry(t.Context(), plans[0], true, map[bool]time.Duration{true: 2 * time.Second, false: time.Minute}[c.outcome == mend.StillPulling], quiet)
			if r.Outcome != c.outcome || r.Next != c.next || !strings.Contains(r.Why, c.why) {
				t.Errorf("got %+v", r)
			}
		})
	}
}

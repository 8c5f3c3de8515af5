// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/verify"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// Images of a second container.
const (
	sideGood    = "registry.acme.example/acme/side:1"
	sideBad     = "registry.acme.example/acme/side:2"
	private     = "one.example/acme/api:1"
	privately   = "two.example/acme/side:1"
	secondOfOne = "one.example/other/side:1"
)

// withSide is deployment with a second container: in the revision that serves, and
// in the one that fails.
func withSide(before, after string) []runtime.Object {
	objects := deployment()
	add := func(s *corev1.PodSpec, image string) {
		s.Containers = append(s.Containers, corev1.Container{Name: "side", Image: image})
	}
	for _, o := range objects {
		switch o := o.(type) {
		case *appsv1.Deployment:
			add(&o.Spec.Template.Spec, after)
		case *appsv1.ReplicaSet:
			add(&o.Spec.Template.Spec, map[string]string{"api-1": before, "api-2": after}[o.Name])
		case *corev1.Pod:
			add(&o.Spec, map[string]string{"api-1-x": before, "api-2-x": after}[o.Name])
		}
	}
	return objects
}

// fails is the diagnosis of a container of the new revision's pod.
func fails(container, image, cause string) diagnosis.Diagnosis {
	d := sick()
	d.Pull.Container, d.Pull.Image, d.Causes[0].Cause = container, image, cause
	d.Pull.Reference, _ = keyring.ParseImage(image)
	return d
}

func TestOneRunMendsAllCausesOfAWorkload(t *testing.T) {
	login := func(host string) remedy.Login {
		return remedy.Login{Host: host, Source: "secret all of namespace platform", Credential: keyring.Credential{Username: "robot", Password: keyring.NewPassword("pmcanary-" + host)}}
	}
	path := func(host, path string) remedy.Login {
		l := login(host)
		l.Path = path
		return l
	}
	alone := func() []runtime.Object { // nothing ran before
		objects := withSide("", privately)
		for _, o := range objects {
			switch o := o.(type) {
			case *appsv1.Deployment:
				o.Spec.Template.Spec.Containers[0].Image = private
			case *corev1.Pod:
				o.Spec.Containers[0].Image = private
			}
		}
		return append(slices.DeleteFunc(objects, func(o runtime.Object) bool {
			p, isPod := o.(*corev1.Pod)
			_, isSet := o.(*appsv1.ReplicaSet)
			return isSet || isPod && p.Name == "api-1-x"
		}), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default", UID: "sa"}})
	}
	for name, c := range map[string]struct {
		objects   []runtime.Object
		diagnoses []diagnosis.Diagnosis
		present   []string
		o         remedy.Options
		want      []string // remedies, "covered" where that of another mends it
		changes   []string
	}{
		"two images are wrong": {
			objects: withSide(sideGood, sideBad), present: []string{good, sideGood},
			diagnoses: []diagnosis.Diagnosis{fails("api", bad, catalog.TagNotFound), fails("side", sideBad, catalog.TagNotFound)},
			want:      []string{"previous-image", "covered"}, changes: []string{"deployment/api"},
		},
		"an image is wrong, and before it a login is missing": {
			objects: append(withSide(sideGood, privately), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default", UID: "sa"}}), present: []string{good, sideGood},
			diagnoses: []diagnosis.Diagnosis{fails("side", privately, catalog.CredentialsMissing), fails("api", bad, catalog.TagNotFound)},
			o:         remedy.Options{Logins: []remedy.Login{login("two.example")}},
			want:      []string{"rollout-undo", "covered"}, changes: []string{"deployment/api"},
		},
		"two registries want a login": {
			objects: alone(), present: []string{private, privately},
			diagnoses: []diagnosis.Diagnosis{fails("api", private, catalog.CredentialsMissing), fails("side", privately, catalog.CredentialsMissing)},
			o:         remedy.Options{Logins: []remedy.Login{login("one.example"), login("two.example")}},
			want:      []string{"login-service-account", "login-service-account"}, changes: []string{"secret/one-example-pullmedic", "secret/two-example-pullmedic", "serviceaccount/default"},
		},
		"two repositories of a registry want a login each": {
			objects: alone(), present: []string{private, privately},
			diagnoses: []diagnosis.Diagnosis{fails("api", private, catalog.CredentialsMissing), fails("side", secondOfOne, catalog.CredentialsMissing)},
			o:         remedy.Options{Logins: []remedy.Login{path("one.example", "/acme"), path("one.example", "/other")}},
			want:      []string{"login-service-account", "login-secret"}, changes: []string{"secret/one-example-pullmedic", "serviceaccount/default"},
		},
		"one of two logins would not help": {
			objects: alone(), present: []string{private},
			diagnoses: []diagnosis.Diagnosis{fails("api", private, catalog.CredentialsMissing), fails("side", privately, catalog.CredentialsMissing)},
			o:         remedy.Options{Logins: []remedy.Login{login("one.example"), login("two.example")}, Via: "service-account"},
			want:      []string{"login-service-account"}, changes: []string{"secret/one-example-pullmedic", "serviceaccount/default"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			present := map[string]bool{}
			for _, image := range c.present {
				present[image] = true
			}
			b := newBench(t, seer{present}, c.objects...)
			plans, err := b.Plan(t.Context(), c.diagnoses, c.o)
			if err != nil || len(plans) != 1 {
				t.Fatalf("%d plans, %v", len(plans), err)
			}
			p := plans[0]
			var got, changed []string
			for _, choice := range p.Chosen {
				id := choice.Remedy.ID
				if choice.Covered {
					id = "covered"
				}
				got = append(got, id)
			}
			for _, change := range p.Changes {
				changed = append(changed, change.Object.String())
			}
			if !slices.Equal(got, c.want) || !slices.Equal(changed, c.changes) {
				t.Errorf("chose %q, which changes %q; want %q, %q", got, changed, c.want, c.changes)
			}
			if p.Proof != verify.Proven {
				t.Errorf("%s: %+v", p.Proof, p.Result.Answers)
			}
			if err := b.Check(t.Context(), p, true); err != nil {
				t.Error(err)
			}
		})
	}
}

// Admission put a container before those of the template.
func TestTwoContainersOfAPodThatIsNotAsItsTemplateAreProvenTogether(t *testing.T) {
	const otherBad, otherGood = "registry.acme.example/acme/log:9", "registry.acme.example/acme/log:8"
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "load", UID: "j1"}}
	job.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}}
	job.Spec.Template.Spec.Containers = []corev1.Container{{Name: "api", Image: bad}, {Name: "log", Image: otherBad}}
	failing := pod("load-x", "", bad, waitsFor("ImagePullBackOff", backOff))
	failing.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "load", UID: "j1", Controller: new(true)}}
	failing.Spec.Containers = append([]corev1.Container{{Name: "proxy", Image: good}}, job.Spec.Template.Spec.Containers...)
	failing.Status.ContainerStatuses = append(failing.Status.ContainerStatuses, corev1.ContainerStatus{Name: "log", Image: otherBad, State: waitsFor("ImagePullBackOff", otherBad+": not found")})
	b := newBench(t, seer{map[string]bool{good: true, otherGood: true}}, job, failing)
	var all []diagnosis.Diagnosis
	for container, image := range map[string]string{"api": bad, "log": otherBad} {
		d := fails(container, image, catalog.TagNotFound)
		d.Pull.Pod, d.Pull.Via, d.Pull.Owner.Kind, d.Pull.Owner.Name = "load-x", nil, "Job", "load"
		all = append(all, d)
	}
	plans, err := b.Plan(t.Context(), all, remedy.Options{Images: []remedy.Named{{Container: "api", Image: good}, {Container: "log", Image: otherGood}}})
	if err != nil || len(plans) != 1 || len(plans[0].Chosen) != 2 {
		t.Fatalf("%+v, %v", plans, err)
	}
	if p := plans[0]; p.Proof != verify.Proven {
		t.Errorf("%s: %+v", p.Proof, p.Result.Answers)
	}
}

// Between a pod and its successor nothing fails, and nothing is mended.
func TestAPodThatIsStillToBeMadeAnewIsStillToGo(t *testing.T) {
	for made, want := range map[bool]int{true: 0, false: 1} {
		objects := deployment()
		objects[0].(*appsv1.Deployment).Spec.Replicas = new(int32(2))
		objects = append(objects, pod("api-2-y", "api-2", bad, waitsFor("ImagePullBackOff", backOff)))
		b := newBench(t, seer{map[string]bool{good: true}}, objects...)
		b.server.Remove("pods", "shop", "api-1-x")
		p := b.plan(t, remedy.Options{})
		b.server.React(func(w clustertest.Write) {
			if w.Verb != "patch" || w.Resource != "deployments" {
				return
			}
			b.server.Remove("pods", "shop", "api-2-x")
			b.server.Remove("pods", "shop", "api-2-y")
			b.server.Put(pod("api-3-x", "api-3", good, runs))
			if made {
				b.server.Put(pod("api-3-y", "api-3", good, runs))
			}
		})
		if r := b.Carry(t.Context(), p, true, 5*time.Second, quiet); r.Outcome != mend.Mended || r.Left != want {
			t.Errorf("made %v: got %+v, want %d to go", made, r, want)
		}
	}
}

// Two wrong images were pushed in a row, and nothing is ready any more: the Deployment
// replaces its only pod before it makes another.
func TestTheFirstOfTwoWrongImagesIsNotGoneBackTo(t *testing.T) {
	const worse = "registry.acme.example/acme/api:1.27.43"
	node := func(images ...string) *corev1.Node {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-1"}}
		for _, image := range images {
			n.Status.Images = append(n.Status.Images, corev1.ContainerImage{Names: []string{image}})
		}
		return n
	}
	for name, c := range map[string]struct {
		since   time.Time // when too few pods were available
		node    *corev1.Node
		present map[string]bool
		want    string // the image that it goes back to, "" for none
		because string
	}{
		"the good one ran until the first was pushed": {since: now().Add(-30 * time.Minute), node: node(), present: map[string]bool{good: true}, want: good, because: "revision 1 ran it"},
		"the first is there by now, and never ran":    {since: now().Add(-30 * time.Minute), node: node(), present: map[string]bool{good: true, worse: true}, want: good, because: "revision 1 ran it"},
		"a node holds the good one":                   {node: node(good), present: map[string]bool{good: true, worse: true}, want: good, because: "revision 1 had it, and node worker-1 holds it"},
		"a node holds both, and one is deleted":       {node: node(good, worse), present: map[string]bool{good: true}, want: good, because: "revision 1 had it, and node worker-1 holds it"},
		"nothing shows what ran":                      {node: node(), present: map[string]bool{good: true, worse: true}},
	} {
		t.Run(name, func(t *testing.T) {
			objects := deployment()
			d := objects[0].(*appsv1.Deployment)
			d.Annotations["deployment.kubernetes.io/revision"], d.Spec.Strategy.Type = "3", appsv1.RecreateDeploymentStrategyType
			if !c.since.IsZero() {
				d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(c.since)}}
			}
			first, second := objects[1].(*appsv1.ReplicaSet), objects[2].(*appsv1.ReplicaSet)
			first.Status.ReadyReplicas = 0
			third := second.DeepCopy()
			third.Name, third.UID, third.Annotations = "api-3", "api-3", map[string]string{"deployment.kubernetes.io/revision": "3"}
			second.Spec.Template.Spec.Containers[0].Image = worse
			second.CreationTimestamp, third.CreationTimestamp = metav1.NewTime(now().Add(-30*time.Minute)), metav1.NewTime(now().Add(-5*time.Minute))
			fails := pod("api-2-x", "api-3", bad, waitsFor("ImagePullBackOff", backOff))
			b := newBench(t, seer{c.present}, d, first, second, third, fails, c.node)
			onWorker := sick()
			onWorker.Pull.Node = "worker-1"
			plans, err := b.Plan(t.Context(), []diagnosis.Diagnosis{onWorker}, remedy.Options{})
			if err != nil || len(plans) != 1 {
				t.Fatalf("%d plans, %v", len(plans), err)
			}
			p := plans[0]
			if c.want == "" {
				ask := slices.IndexFunc(p.Others, func(r remedy.Remedy) bool { return r.ID == "previous-image" })
				if p.Ready() || ask < 0 || p.Others[ask].Needs != "--to IMAGE" || !strings.Contains(p.Others[ask].Because, "nothing shows that it ran") {
					t.Errorf("chosen %v, others %v", p.Chosen, p.Others)
				}
				return
			}
			if !p.Ready() || p.Proof != verify.Proven || p.Chosen[0].Remedy.Image != c.want || p.Chosen[0].Remedy.Because != c.because {
				t.Errorf("proof %s, chosen %+v", p.Proof, p.Remedies())
			}
		})
	}
}

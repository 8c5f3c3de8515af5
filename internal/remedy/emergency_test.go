// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

func TestEmergencyMeasures(t *testing.T) {
	wrongTag := []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong)}
	limited := []diagnosis.Diagnosis{diagnose(t, catalog.RateLimited, "", "app", wrong)}
	pods := []*corev1.Pod{pod("api-new", hash2, template(wrong), false, "app"), pod("api-a", hash1, template(good), true), pod("api-b", hash1, template(good), true)}
	rolling := func(kind string) remedy.Case {
		k := remedy.Case{Target: target(kind, env(template(wrong), "b"), revision(env(template(good), "a"), 2)), Pods: pods, Diagnoses: wrongTag}
		k.Target.Ready = 2
		return k
	}
	only := func(kind string, digests map[string]string) remedy.Case {
		return remedy.Case{Target: target(kind, template(wrong)), Pods: pods[:1], Digests: digests, Diagnoses: wrongTag}
	}
	replaces := func(k remedy.Case, wanted int, r remedy.Rollout) remedy.Case {
		k.Target.Wanted, k.Target.Rollout = wanted, r
		return k
	}
	rollback, restart, recreate := remedy.Options{Rollback: true}, remedy.Options{Restart: true}, remedy.Options{Recreate: true}
	at := "/spec/template/spec/containers/0/"
	for _, c := range []struct {
		planned
		force string // part of why --force is needed when the pull is proven
	}{
		{planned: planned{name: "going back leaves what serves", k: rolling("Deployment"), o: rollback, because: "revision 17 runs it, with 2 ready",
			want: []string{"applied rollback: Go back to the whole template of revision 17 | deployment/api " + at + "env/0/value=a " + at + "image=" + good}}},
		{planned: planned{name: "going back a StatefulSet evicts", k: rolling("StatefulSet"), o: rollback,
			want: []string{"applied rollback: Go back to the whole template of revision 17 | statefulset/api " + at + "env/0/value=a " + at + "image=" + good + " | evict"}}},
		{planned: planned{name: "with no revision before there is no way back", k: only("Deployment", nil), o: rollback, because: "deployment/api has no earlier template",
			want: []string{"handed-over rollback: Go back to an earlier template"}}},
		{planned: planned{name: "a Job never goes back", k: only("Job", nil), o: rollback, because: "job/api has no earlier template",
			want: []string{"handed-over rollback: Go back to an earlier template"}}},
		{planned: planned{name: "a restart takes all that serve", k: rolling("Deployment"), o: restart, because: "a restart mends no cause",
			want: []string{"applied restart: Restart all pods of deployment/api | deployment/api /spec/template/metadata/annotations=map[kubectl.kubernetes.io/restartedAt:2026-11-20T12:00:00Z] | restarts 2"}},
			force: "2 pods that still serve would go (2 of 4 wanted are ready)"},
		{planned: planned{name: "a restart that waits for each new pod takes none", k: replaces(rolling("Deployment"), 4, remedy.Rollout{Known: true}), o: restart,
			want: []string{"applied restart: Restart all pods of deployment/api | deployment/api /spec/template/metadata/annotations=map[kubectl.kubernetes.io/restartedAt:2026-11-20T12:00:00Z] | restarts 2"}}},
		{planned: planned{name: "what lacks already counts", k: replaces(rolling("Deployment"), 4, remedy.Rollout{Known: true, Lacking: 2}), o: restart,
			want: []string{"applied restart: Restart all pods of deployment/api | deployment/api /spec/template/metadata/annotations=map[kubectl.kubernetes.io/restartedAt:2026-11-20T12:00:00Z] | restarts 2"}}},
		{planned: planned{name: "a restart that may do with fewer takes these", k: replaces(rolling("Deployment"), 3, remedy.Rollout{Known: true, Lacking: 2}), o: restart,
			want: []string{"applied restart: Restart all pods of deployment/api | deployment/api /spec/template/metadata/annotations=map[kubectl.kubernetes.io/restartedAt:2026-11-20T12:00:00Z] | restarts 2"}},
			force: "1 of 2 pods that still serve would go before another is ready (2 of 3 wanted are ready)"},
		{planned: planned{name: "a restart of all at once takes all", k: replaces(rolling("Deployment"), 4, remedy.Rollout{Known: true, AtOnce: true}), o: restart,
			want: []string{"applied restart: Restart all pods of deployment/api | deployment/api /spec/template/metadata/annotations=map[kubectl.kubernetes.io/restartedAt:2026-11-20T12:00:00Z] | restarts 2"}},
			force: "2 pods that still serve would go, all at once and before others are made (2 of 4 wanted are ready)"},
		{planned: planned{name: "a StatefulSet whose pods are managed in parallel takes one", k: replaces(rolling("StatefulSet"), 4, remedy.Rollout{Known: true, Lacking: 1, Blind: true}), o: restart,
			want: []string{"applied restart: Restart all pods of statefulset/api | statefulset/api /spec/template/metadata/annotations=map[kubectl.kubernetes.io/restartedAt:2026-11-20T12:00:00Z] | evict | restarts 2"}},
			force: "1 of 2 pods that still serve would go before another is ready"},
		{planned: planned{name: "a restart under a limit makes it worse", k: func() remedy.Case {
			k := rolling("Deployment")
			k.Diagnoses = limited
			return k
		}(), o: restart, risk: "pods that are well pull again",
			want: []string{"applied restart: Restart all pods of deployment/api | deployment/api /spec/template/metadata/annotations=map[kubectl.kubernetes.io/restartedAt:2026-11-20T12:00:00Z] | restarts 2"}},
			force: "2 pods"},
		{planned: planned{name: "a Job cannot be restarted", k: only("Job", nil), o: restart, because: "a Job has no rollout", want: []string{"handed-over restart: Restart all pods of job/api"}}},
		{planned: planned{name: "failing pods alone are made anew", k: rolling("Deployment"), o: recreate, want: []string{"applied recreate: Make failing pods anew | evict"}}},
		{planned: planned{name: "a bare pod names the same content otherwise", k: only("Pod", map[string]string{wrong: digestA}), o: recreate,
			want: []string{"applied recreate: Name the image of container app by digest, " + wrong + "@" + digestA + ", which has a fresh back-off | pod/api /spec/containers/0/image=" + wrong + "@" + digestA}}},
		{planned: planned{name: "a bare pod whose content is not known is handed over", k: only("Pod", nil), o: recreate, because: "nobody makes the pod anew, and which content is wanted is not known",
			want: []string{"handed-over recreate: Make failing pods anew"}, risk: "deleted first"}},
		{planned: planned{name: "a Job's pod names the same content otherwise", k: only("Job", map[string]string{wrong: digestA}), o: recreate,
			want: []string{"applied recreate: Name the image of container app by digest, " + wrong + "@" + digestA + ", which has a fresh back-off | pod/api-new /spec/containers/0/image=" + wrong + "@" + digestA}}},
		{planned: planned{name: "a Job's pod whose content is not known is evicted, which counts", k: only("Job", nil), o: recreate, risk: "backoffLimit",
			want: []string{"applied recreate: Make failing pods anew | evict"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, remedy.Rollback, remedy.Restart, remedy.Recreate)
			r := plan(t, c.k, c.o)[0]
			if r.Kind != remedy.Applied {
				return
			}
			why := remedy.Brake(r, "proven", c.k)
			if (why != "") != (c.force != "") || !strings.Contains(why, c.force) {
				t.Errorf("proven: %q, want %q", why, c.force)
			}
			if why = remedy.Brake(r, "disproved", c.k); !strings.Contains(why, "the next pull would fail as well") || !strings.Contains(why, c.force) {
				t.Errorf("disproved: %q", why)
			}
		})
	}
	mends := plan(t, rolling("Deployment"), remedy.Options{})[0]
	if why := remedy.Brake(mends, "disproved", rolling("Deployment")); why != "" {
		t.Errorf("what is no emergency measure is braked: %s", why)
	}
}

func TestAClearedPullBeginsAtOnce(t *testing.T) {
	cleared := diagnose(t, catalog.RegistryUnavailable, "", "app", good)
	cleared.Causes[0].State = diagnosis.Cleared
	cleared.Pull.NextEarliest, cleared.Pull.NextLatest = noon.Add(3*time.Minute), noon.Add(4*time.Minute)
	failing := pod("api-new", hash2, template(good, side(sidecar)), false, "app")
	by := func(kind string, digests map[string]string) remedy.Case {
		return remedy.Case{
			Target: target(kind, template(good, side(sidecar)), revision(template(wrong), 0)), Pods: []*corev1.Pod{failing, pod("api-old", hash2, template(good, side(sidecar)), true)},
			Digests: digests, Diagnoses: []diagnosis.Diagnosis{cleared},
		}
	}
	for _, c := range []planned{
		{name: "its pod is evicted, and nothing is changed", k: by("Deployment", nil), because: "what failed works now; without this the next attempt comes by 12:04:00", risk: "other containers of api-new run",
			want: []string{"applied fresh-back-off: Have the pull begin now, without waiting its back-off out | evict"}},
		{name: "a bare pod's image is named by digest", k: by("Pod", map[string]string{good: digestA}),
			want: []string{"applied fresh-back-off: Name the image of container app by digest, " + good + "@" + digestA + ", which has a fresh back-off | pod/api /spec/containers/0/image=" + good + "@" + digestA}},
		{name: "a run of a CronJob is changed in its pod alone", k: by("CronJob", map[string]string{good: digestA}),
			want: []string{"applied fresh-back-off: Name the image of container app by digest, " + good + "@" + digestA + ", which has a fresh back-off | pod/api-new /spec/containers/0/image=" + good + "@" + digestA}},
		{name: "a bare pod whose content is not known waits", k: by("Pod", nil)},
		{name: "a pod that serves by now stays", k: func() remedy.Case {
			k := by("Deployment", nil)
			k.Pods = []*corev1.Pod{pod("api-new", hash2, template(good, side(sidecar)), true)}
			return k
		}()},
		{name: "--to is still heard", k: by("Deployment", nil), o: remedy.Options{To: sidecar},
			want: []string{"applied set-image: Set container app to " + sidecar + " | deployment/api /spec/template/spec/containers/0/image=" + sidecar + " | restarts 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, "fresh-back-off", "previous-image", "set-image", "copy-elsewhere", "held-image")
		})
	}
}

// Pods that fail are told from those that run, are going or are of another image.
func TestFailingPods(t *testing.T) {
	going := pod("api-going", hash2, template(wrong), false, "app")
	gone := going.DeepCopy()
	gone.Name, gone.Status.Phase = "api-gone", corev1.PodFailed
	now := metav1.NewTime(noon)
	going.DeletionTimestamp = &now
	pull := evidence.Pull{Namespace: "shop", Pod: "api-behind", Container: "app", Image: wrong, Reason: "CrashLoopBackOff"}
	k := remedy.Case{Pods: []*corev1.Pod{
		going, gone, pod("api-new", hash2, template(wrong), false, "app"), pod("api-behind", hash2, template(wrong), false),
		pod("api-runs", hash2, template(wrong), true), pod("api-old", hash1, template(good), false, "app"),
		pod("api-side", hash2, template(wrong, side(sidecar)), false, "side"),
	}}
	var got []string
	for _, p := range k.Failing(pull) {
		got = append(got, p.Name)
	}
	if strings.Join(got, " ") != "api-new api-behind" {
		t.Errorf("got %q", got)
	}
}

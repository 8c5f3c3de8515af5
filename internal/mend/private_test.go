// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report"
)

// secretive is a container with a canary wherever people write passwords.
func secretive(c corev1.Container, canary string) corev1.Container {
	get := corev1.HTTPGetAction{Path: "/?token=" + canary, HTTPHeaders: []corev1.HTTPHeader{{Name: "Authorization", Value: "Bearer " + canary}}}
	run := corev1.ExecAction{Command: []string{"check", "--password=" + canary}}
	c.Env = []corev1.EnvVar{{Name: "PASSWORD", Value: canary}}
	c.Command, c.Args = []string{"run", canary}, []string{"--token", canary}
	c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &get}}
	c.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &run}}
	c.StartupProbe = c.LivenessProbe
	c.Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &run}, PreStop: &corev1.LifecycleHandler{HTTPGet: &get}}
	return c
}

func confide(t *corev1.PodTemplateSpec, canary string, more ...corev1.Container) {
	t.Annotations = map[string]string{"ad.datadoghq.com/api.instances": `[{"password":"` + canary + `"}]`}
	t.Spec.Containers[0] = secretive(t.Spec.Containers[0], canary)
	for _, c := range more {
		t.Spec.Containers = append(t.Spec.Containers, secretive(c, canary))
	}
	t.Spec.InitContainers = []corev1.Container{secretive(corev1.Container{Name: "prepare", Image: good}, canary)}
	t.Spec.Volumes = []corev1.Volume{
		{Name: "csi", VolumeSource: corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "x", VolumeAttributes: map[string]string{"password": canary}}}},
		{Name: "flex", VolumeSource: corev1.VolumeSource{FlexVolume: &corev1.FlexVolumeSource{Driver: "x/y", Options: map[string]string{"password": canary}}}},
		{Name: "git", VolumeSource: corev1.VolumeSource{GitRepo: &corev1.GitRepoVolumeSource{Repository: "https://u:" + canary + "@git.example/x"}}},
		{Name: "claim", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"x": canary}}}}}},
	}
}

// Whatever of a template holds a password gets into the patch and the record's Secret,
// and nowhere else; the images that will run are shown before the question.
func TestWhatATemplateHoldsOfSecretsIsShownNowhere(t *testing.T) {
	const canary = "canary-5e1b"
	const side = "registry.acme.example/acme/side:1"
	for name, more := range map[string][]corev1.Container{
		"the same containers": nil,
		"one container more":  {{Name: "side", Image: side}},
	} {
		t.Run(name, func(t *testing.T) {
			all := deployment()
			confide(&all[0].(*appsv1.Deployment).Spec.Template, canary+"-now")
			confide(&all[1].(*appsv1.ReplicaSet).Spec.Template, canary+"-before", more...)
			confide(&all[2].(*appsv1.ReplicaSet).Spec.Template, canary+"-now")
			b := newBench(t, seer{map[string]bool{good: true, side: true}}, all...)
			known, err := catalog.Load()
			if err != nil {
				t.Fatal(err)
			}
			p := b.plan(t, remedy.Options{With: "rollout-undo"})
			target := report.Target(known, p)
			var plan bytes.Buffer
			if err := report.PlanText(&plan, target, now(), report.Style{Verbose: 1}); err != nil {
				t.Fatal(err)
			}
			rollsTo(b, good, runs)
			r := b.Carry(t.Context(), p, true, time.Minute, quiet)
			report.Carried(&target, report.End{Result: r, ID: r.Record, Began: now(), Ended: now()})
			fix := report.NewFix(now(), evidence.Survey{})
			fix.Targets = []v1alpha1.TargetFix{target}
			u := planUndo(t, b, r.Record)
			doc := report.NewUndo(now(), u)
			var undo bytes.Buffer
			if err := report.UndoText(&undo, doc, report.Style{}); err != nil {
				t.Fatal(err)
			}
			config := b.server.Object("configmaps", "shop", "pullmedic-undo-"+r.Record).(*corev1.ConfigMap)
			shown := map[string]any{
				"the plan": plan.String(), "the undo": undo.String(), "the record": config.Data, "the event": event(b).Message, "the changes": p.Changes, "what undo does": u,
				"the post-mortem": string(report.PostMortem(fix, report.Style{})), "the fix's document": fix, "the undo's document": doc,
			}
			for what, v := range shown {
				text, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range []string{string(text), fmt.Sprintf("%v %+v", v, v)} {
					if i := strings.Index(one, canary); i >= 0 {
						t.Errorf("%s shows a secret: ...%s", what, one[max(0, i-200):i+20])
					}
				}
			}
			for _, text := range []string{plan.String(), undo.String()} {
				want := []string{good, bad, "(secret, not shown)"}
				if more != nil {
					want = append(want, side)
				}
				for _, w := range want {
					if !strings.Contains(text, w) {
						t.Errorf("%q is not in\n%s", w, text)
					}
				}
			}
			secret := b.server.Object("secrets", "shop", "pullmedic-undo-"+r.Record).(*corev1.Secret)
			if kept := fmt.Sprintf("%s", secret.Data); strings.Count(kept, canary) < 10 {
				t.Errorf("the record's Secret keeps no secrets, so that nothing was tested: %s", kept)
			}
			// And all of it is taken back.
			if err := b.CarryUndo(t.Context(), u, quiet); err != nil {
				t.Fatal(err)
			}
			left := b.server.Object("deployments", "shop", "api").(*appsv1.Deployment).Spec.Template
			text, err := json.Marshal(left)
			if err != nil || strings.Contains(string(text), canary+"-before") || !strings.Contains(string(text), canary+"-now") || len(left.Spec.Containers) != 1 {
				t.Errorf("it left %s, %v", text, err)
			}
		})
	}
}

// Whoever may write ConfigMaps and Secrets can say of an image that it is hidden; it is
// shown all the same.
func TestNoRecordHidesWhatRuns(t *testing.T) {
	const evil = "evil.example/x"
	template := deployment()[0].(*appsv1.Deployment).Spec.Template
	raw, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&template)
	if err != nil {
		t.Fatal(err)
	}
	is := remedy.ValueAt(raw, "/spec/containers")
	o := remedy.Object{APIVersion: "apps/v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "api"}
	u := mend.Undo{Backs: []mend.Back{{Object: o, Standing: mend.Stands, Edits: []remedy.Edit{
		{Path: "/spec/template/spec/containers", Old: is, New: []any{map[string]any{"name": "api", "image": evil, "command": []any{"sh"}}}, Hidden: true},
		{Path: "/spec/template/spec/serviceAccountName", New: "admin-of-all", Hidden: true},
		{Path: "/spec/template/spec/hostPID", New: true, Hidden: true},
	}}}}
	var out bytes.Buffer
	if err := report.UndoText(&out, report.NewUndo(now(), u), report.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"containers[api].image\n          - " + bad + "\n          + " + evil + "\n", "containers[api].command\n          + (secret, not shown)\n", "+ admin-of-all\n", "hostPID\n          + true\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/json"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// replaceJob deletes a Job and makes it anew with what mends it: a Job's
// template cannot be changed. It takes nothing but kubectl.
//
// What the API server put into the Job (its selector, and the labels with its
// UID and name) has to go, else the new one is refused after the old one is
// gone (https://kubernetes.io/docs/concepts/workloads/controllers/job/#specifying-your-own-pod-selector).
// So the new Job is tried under another name before the old one is deleted.
func (p byHand) replaceJob() []Remedy {
	if p.Target.Kind != "Job" {
		return nil
	}
	name, namespace := matching(dnsGrammar, p.Target.Name), matching(dnsGrammar, p.Target.Namespace)
	change, title, needs := p.jobChange()
	r := Remedy{
		ID: "replace-job", Title: "Replace job/" + orWords(name, "the job") + " by one " + title, Needs: needs,
		Because: "a Job's template cannot be changed",
		Risks: []string{
			"The Job and its pods are deleted and made anew: what they did so far is done again, and their logs are gone",
			"Between the two there is no Job; whatever waits for it sees it gone",
			"A Job that a CronJob, Helm or Argo CD made comes back as it was at the next turn: mend the source",
		},
	}
	if name == "" || namespace == "" || change == nil && needs == "" {
		r.Steps = []Step{{What: "Make the Job again from the manifest that it was made from, corrected, after deleting it", Where: withKubectl, Afterwards: "its pods pull the image"}}
		return []Remedy{r}
	}
	if needs != "" {
		return []Remedy{r}
	}
	try := sh("kubectl", "patch", "--local", "-f", "job-new.json", "--type", "merge", "-p", patch(map[string]any{"metadata": map[string]any{"name": tryName(name)}}), "-o", "json")
	r.Steps = []Step{
		{What: "Keep the Job as it is", Where: withKubectl, Commands: printable(into(sh("kubectl", "get", "job", name, "-n", namespace, "-o", "json"), "job-before.json")), Afterwards: "job-before.json is there"},
		{What: "Make the new one from it, without what the API server put in", Where: withKubectl, Commands: printable(into(sh("kubectl", "patch", "--local", "-f", "job-before.json", "--type", "strategic", "-p", patch(p.jobPatch(change)), "-o", "json"), "job-new.json")), Afterwards: "job-new.json has the change, no selector and no controller-uid"},
		{What: "Try it under another name, which makes nothing", Where: withKubectl, Commands: printable(pipe(try, sh("kubectl", "create", "--dry-run=server", "-f", "-"))), Afterwards: "created (server dry run); if it is refused, stop here: nothing was changed"},
		{What: "Replace the Job", Where: withKubectl, Commands: printable(sh("kubectl", "replace", "--force", "-f", "job-new.json"), sh("kubectl", "get", "pods", "-n", namespace, "-l", "job-name="+name)), Afterwards: "job.batch/" + name + " deleted, and replaced; its new pod pulls the image"},
	}
	r.Undo = []Step{{
		What: "Replace it by what it was", Where: withKubectl,
		Commands:   printable(pipe(sh("kubectl", "patch", "--local", "-f", "job-before.json", "--type", "strategic", "-p", patch(p.jobPatch(nil)), "-o", "json"), sh("kubectl", "replace", "--force", "-f", "-"))),
		Afterwards: "the Job is as it was before, and begins anew",
	}}
	return []Remedy{r}
}

// jobChange is what the pod's spec gets, in words what that is, and the flag
// that it needs first.
func (p byHand) jobChange() (change map[string]any, title, needs string) {
	container := matching(dnsGrammar, p.d.Pull.Container)
	list := map[evidence.ContainerKind]string{evidence.Container: "containers", "": "containers", evidence.InitContainer: "initContainers"}[p.d.Pull.ContainerKind]
	with := func(field, value string) map[string]any {
		if list == "" || container == "" {
			return nil
		}
		return map[string]any{list: []any{map[string]any{"name": container, field: value}}}
	}
	switch p.cause.Cause {
	case "NeverPull":
		return with("imagePullPolicy", "IfNotPresent"), "that may pull its image", ""
	case "CredentialsMissing", "SecretMissing", "SecretNotUsed", "CredentialsInvalid", "ServiceAccountRace":
		if secret := p.proven(); secret != "" {
			return map[string]any{"imagePullSecrets": []any{map[string]any{"name": secret}}}, "that names secret " + secret, ""
		}
		if p.cause.Cause == "ServiceAccountRace" {
			return map[string]any{}, "that gets its account's secrets", ""
		}
		return nil, "that names a secret that works", "a secret in its namespace that the registry takes (write-secret)"
	}
	image := p.o.To
	if image == "" {
		if _, before, ok := p.previous(); ok {
			image = before
		}
	}
	if image == "" {
		return nil, "with an image that exists", "--to IMAGE"
	}
	if matching(imageGrammar, image) == "" {
		return nil, "with an image that exists", ""
	}
	return with("image", image), "with " + image, ""
}

// jobPatch takes away what the API server put into a Job, and adds the change.
func (p byHand) jobPatch(change map[string]any) map[string]any {
	gone := map[string]any{}
	for _, label := range []string{"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"} {
		gone[label] = nil
	}
	template := map[string]any{"metadata": map[string]any{"labels": gone}}
	if len(change) > 0 {
		template["spec"] = change
	}
	return map[string]any{
		"metadata": map[string]any{"uid": nil, "resourceVersion": nil, "creationTimestamp": nil, "generation": nil, "managedFields": nil, "labels": gone},
		"spec":     map[string]any{"selector": nil, "manualSelector": nil, "template": template},
		"status":   nil,
	}
}

// patch is a patch's JSON, "" if it is longer than a word of a command may be.
func patch(value map[string]any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	if _, ok := shell.Command(string(text)); !ok {
		return ""
	}
	return string(text)
}

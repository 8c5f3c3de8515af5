// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"regexp"
	"strings"
	"sync"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// A refusal is a way in which the API server words why it makes no pod, and what
// a person does about it: {1} is what the words name, {n} the pods' namespace.
type refusal struct {
	words  *regexp.Regexp
	action string
}

// refusals are in the order in which they are looked for: a webhook may quote
// anything. Their words are those of k8s.io/apiserver and of the admission
// plugins of Kubernetes v1.36 (resourcequota, serviceaccount, priority,
// limitranger, podsecurity, lifecycle).
var refusals = sync.OnceValue(func() []refusal {
	name := `([a-z0-9][-a-z0-9.]{0,252})`
	return []refusal{
		{regexp.MustCompile(`failed calling webhook "` + name + `"`), "Get the admission webhook {1} to answer: look at the pods of its service, or have whoever runs it take its configuration away."},
		{regexp.MustCompile(`admission webhook "` + name + `" denied the request`), "Change the pod template as webhook {1} asks, or ask whoever runs it for an exception."},
		{regexp.MustCompile(`ValidatingAdmissionPolicy '` + name + `'`), "Change the pod template as ValidatingAdmissionPolicy {1} asks, or ask its owner for an exception."},
		{regexp.MustCompile(`exceeded quota: ` + name), "Make room in quota {1} of namespace {n}: remove what is not needed there, or have the quota raised."},
		{regexp.MustCompile(`failed quota: ` + name), "Give every container the requests and limits that quota {1} of namespace {n} asks for."},
		{regexp.MustCompile(`serviceaccount "` + name + `" not found`), "Make the service account {1} in namespace {n}, or correct its name in the pod template."},
		{regexp.MustCompile(`no PriorityClass with name ` + name), "Make the PriorityClass {1}, or correct its name in the pod template."},
		{regexp.MustCompile(`violates PodSecurity "([a-z]{1,20})[:"]`), "Change the security settings of the pod template to those that namespace {n} demands (level {1})."},
		{regexp.MustCompile(`(?:maximum|minimum) (cpu|memory|[a-z.-]*storage) (?:usage|limit)`), "Bring the pod template's {1} within the limit range of namespace {n}."},
		{regexp.MustCompile(`because it is being (terminated)`), "Nothing can be made in namespace {n}: it is being deleted."},
	}
})

// UnmadeAction is what a person does first about pods that could not be made,
// one sentence; "" if the message tells too little for that.
func UnmadeAction(u evidence.Unmade) string {
	for _, r := range refusals() {
		if m := r.words.FindStringSubmatch(u.Message); m != nil {
			return foreign.Text(strings.NewReplacer("{1}", strings.Trim(m[1], ".-"), "{n}", u.Owner.Namespace).Replace(r.action), summaryLimit)
		}
	}
	return ""
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis_test

import (
	"testing"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
)

func TestWhatToDoAboutPodsThatCannotBeMade(t *testing.T) {
	for message, want := range map[string]string{
		`pods "api-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10`:                                                                                                 "Make room in quota compute of namespace shop: remove what is not needed there, or have the quota raised.",
		`jobs.batch is forbidden: exceeded quota: jobs`:                                                                                                                                                          "Make room in quota jobs of namespace shop: remove what is not needed there, or have the quota raised.",
		`pods "api-x" is forbidden: failed quota: compute: must specify limits.cpu for: app`:                                                                                                                     "Give every container the requests and limits that quota compute of namespace shop asks for.",
		`create Pod db-2 in StatefulSet db failed error: admission webhook "labels.example" denied the request: label team is missing`:                                                                           "Change the pod template as webhook labels.example asks, or ask whoever runs it for an exception.",
		`Internal error occurred: failed calling webhook "sidecar.example": failed to call webhook: Post "https://sidecar.mesh.svc:443/inject?timeout=10s": dial tcp 10.96.1.2:443: connect: connection refused`: "Get the admission webhook sidecar.example to answer: look at the pods of its service, or have whoever runs it take its configuration away.",
		`pods "api-x" is forbidden: ValidatingAdmissionPolicy 'images' with binding 'all' denied request: no`:                                                                                                    "Change the pod template as ValidatingAdmissionPolicy images asks, or ask its owner for an exception.",
		`pods "api-x" is forbidden: error looking up service account shop/builder: serviceaccount "builder" not found`:                                                                                           "Make the service account builder in namespace shop, or correct its name in the pod template.",
		`pods "api-x" is forbidden: no PriorityClass with name urgent was found`:                                                                                                                                 "Make the PriorityClass urgent, or correct its name in the pod template.",
		`pods "api-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false`:                                                                                                 "Change the security settings of the pod template to those that namespace shop demands (level restricted).",
		`pods "api-x" is forbidden: maximum cpu usage per Container is 1, but limit is 2`:                                                                                                                        "Bring the pod template's cpu within the limit range of namespace shop.",
		`pods "api-x" is forbidden: unable to create new content in namespace shop because it is being terminated`:                                                                                               "Nothing can be made in namespace shop: it is being deleted.",
		`something else went wrong`:                       "",
		`admission webhook "$(id)" denied the request: x`: "",
	} {
		u := evidence.Unmade{Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}, Reason: "FailedCreate", Message: message}
		if got := diagnosis.UnmadeAction(u); got != want {
			t.Errorf("%s\n got %q\nwant %q", message, got, want)
		}
	}
}

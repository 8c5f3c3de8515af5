// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// unmade are pods that cannot be made: none of a Deployment, some of a
// StatefulSet, and those of a CronJob that has not even a Job.
func unmade() []evidence.Unmade {
	object := func(kind, name string) evidence.Object {
		return evidence.Object{Kind: kind, Namespace: "shop", Name: name}
	}
	return []evidence.Unmade{
		{Controller: object("ReplicaSet", "api-7d9c5"), Owner: object("Deployment", "api"), Wanted: 3, Reason: "FailedCreate",
			Message: `pods "api-7d9c5-x2x7l" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10`,
			First:   ago(10 * time.Minute), Last: ago(time.Minute), Attempts: 4},
		{Controller: object("StatefulSet", "db"), Owner: object("StatefulSet", "db"), Wanted: 3, Made: 2, Reason: "FailedCreate",
			Message: `create Pod db-2 in StatefulSet db failed error: admission webhook "labels.example" denied the request: label team is missing`, Attempts: 1, Last: ago(time.Minute)},
		{Controller: object("CronJob", "report"), Owner: object("CronJob", "report"), Reason: "FailedCreate", Message: "jobs.batch is forbidden: exceeded quota: jobs", First: ago(time.Hour)},
	}
}

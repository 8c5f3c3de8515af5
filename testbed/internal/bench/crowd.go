// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// How large the cluster is.
const (
	pods       = 10_000
	failing    = 1_000
	images     = 50 // of the failing pods
	replicas   = 10 // of a deployment
	namespaces = 40
	nodes      = 200
	armEvery   = 5 // every so manieth node is arm64
	freshEvery = 4 // every so manieth deployment was rolled out just now
)

// A kind is how the images of one registry fail, in the words of containerd
// (catalog/*/messages.jsonl has them as they were recorded).
type kind struct {
	registry string
	image    string // of number %d
	text     string // with IMAGE, or its HOST, REPOSITORY (or SCOPE, escaped) and TAG
	good     string // an image of the registry that runs, of number %d
	secret   bool   // the pods name a pull secret, one a namespace
}

const unpack = `failed to pull and unpack image "IMAGE": failed to resolve reference "IMAGE": `

// kinds has one entry for each registry: an open one without login, two that
// hide what is absent, and two that let nobody in without login.
var kinds = []kind{
	{
		registry: registries.Plain, image: "acme/app:2.0.%d", good: "acme/app:1.27.%d",
		text: "rpc error: code = NotFound desc = " + unpack + "IMAGE: not found",
	}, {
		registry: registries.Hub, image: "acme/hidden-%d:1.0", good: "library/base:1.%d",
		text: unpack + "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
	}, {
		registry: registries.GitHub, image: "acme/hidden-%d:0.9", good: "acme/tool:1.%d",
		text: unpack + "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://HOST/token?scope=repository%3ASCOPE%3Apull&service=HOST: 403 Forbidden",
	}, {
		registry: registries.Harbor, image: "acme/app:3.0.%d", good: "acme/app:1.27.%d", secret: true,
		text: "rpc error: code = NotFound desc = " + unpack + "IMAGE: not found",
	}, {
		registry: registries.ECR, image: "acme/ledger:6.%d", good: "acme/ledger:5.%d", secret: true,
		text: unpack + "unexpected status from HEAD request to https://HOST/v2/REPOSITORY/manifests/TAG: 403 Forbidden",
	},
}

// A workload is a deployment of some pods.
type workload struct {
	number    int
	name      string
	namespace string
	image     string
	before    string // image of the revision before, "" without one
	secret    bool
	text      string // why its pods fail, "" if they run
	fresh     bool   // rolled out just now
}

// A crowd is all that the cluster holds.
type crowd struct {
	now       time.Time
	workloads []workload
}

func newCrowd(now time.Time) crowd {
	c := crowd{now: now}
	const all = pods / replicas
	for i := range all {
		w := workload{number: i, name: fmt.Sprintf("app-%04d", i), namespace: namespace(i * namespaces / all)}
		k := kinds[i%len(kinds)]
		w.secret = k.secret
		w.image = k.registry + "/" + fmt.Sprintf(k.good, i/len(kinds)%12)
		// Failing deployments lie among the others: every tenth.
		if every := pods / failing; i%every == every/2 {
			w.fail(i / every)
		} else {
			w.fresh = i%freshEvery == 0
		}
		c.workloads = append(c.workloads, w)
	}
	return c
}

// fail makes it the failing workload of that number: each image fails in several
// workloads.
func (w *workload) fail(number int) {
	n := number % images
	k := kinds[n%len(kinds)]
	path := fmt.Sprintf(k.image, n/len(kinds))
	w.image, w.before = k.registry+"/"+path, k.registry+"/"+fmt.Sprintf(k.good, 4)
	w.secret = k.secret
	repository, tag, _ := strings.Cut(path, ":")
	w.text = strings.NewReplacer("IMAGE", w.image, "HOST", k.registry, "SCOPE", strings.ReplaceAll(repository, "/", "%2F"),
		"REPOSITORY", repository, "TAG", tag).Replace(k.text)
}

func namespace(n int) string { return fmt.Sprintf("team-%02d", n) }

func node(n int) string { return fmt.Sprintf("worker-%03d", n) }

// nodeOf is where a pod of a workload lies.
func nodeOf(w workload, replica int) int { return (w.number*37 + replica*11) % nodes }

func architecture(node int) string {
	if node%armEvery == 0 {
		return "arm64"
	}
	return "amd64"
}

// ladders is how many different questions there are to registries: one an image,
// credential and platform. A credential is a secret of a namespace.
func (c crowd) ladders() int {
	type question struct{ image, credential, platform string }
	all := map[question]bool{}
	for _, w := range c.workloads {
		if w.text == "" {
			continue
		}
		q := question{image: w.image}
		if w.secret {
			q.credential = w.namespace
		}
		for replica := range replicas {
			q.platform = architecture(nodeOf(w, replica))
			all[q] = true
		}
	}
	return len(all)
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package demo makes the broken cluster that kubectl pullmedic demo shows, and
// records what the cluster and its nodes say of it. The registries' side is not
// recorded: the demo asks registries of its own, whose content and ways are the
// same as those of the scenario here (internal/demo of the product).
package demo

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// A workload is one thing that somebody runs, whose image cannot be pulled.
type workload struct {
	namespace, kind, name string
	image                 string
	// before is an image that it ran well before, "" for none.
	before   string
	replicas int32
	// policy of pulling, "" is Always.
	policy string
	// secrets that its pods name.
	secrets []string
}

// workloads of the scenario. What is true of each is in the product's demo.
func workloads(digest string) []workload {
	const deployment, stateful, daemon, job = "Deployment", "StatefulSet", "DaemonSet", "Job"
	return []workload{
		{namespace: "shop", kind: deployment, name: "api", image: "acme/app:1.27.44", before: "acme/app:1.27.4", replicas: 3},
		{namespace: "shop", kind: deployment, name: "cart", image: "acme/cartt:2.3", replicas: 1},
		{namespace: "payments", kind: deployment, name: "ledger", image: registries.ECR + "/acme/ledger:5.2", replicas: 2, secrets: []string{"ecr-pull"}},
		{namespace: "payments", kind: deployment, name: "invoices", image: registries.Harbor + "/acme/app:1.27.4", replicas: 1, secrets: []string{"harbor"}},
		{namespace: "payments", kind: deployment, name: "fraud", image: registries.Harbor + "/acme/app:1.27.3", replicas: 1},
		{namespace: "search", kind: deployment, name: "indexer", image: registries.Harbor + "/acme/app:1.27.4", replicas: 1, secrets: []string{"harbor-pull"}},
		{namespace: "search", kind: stateful, name: "crawler", image: registries.Harbor + "/acme/app:1.27.4", replicas: 1, secrets: []string{"registry-login"}},
		{namespace: "search", kind: deployment, name: "suggest", image: registries.Harbor + "/acme/app:1.27.4", replicas: 1, secrets: []string{"team-search"}},
		{namespace: "data", kind: stateful, name: "store", image: registries.Plain + "/acme/app@" + digest, replicas: 1},
		{namespace: "data", kind: job, name: "import", image: registries.Plain + "/acme/importer:0.4", replicas: 1},
		{namespace: "ml", kind: deployment, name: "train", image: registries.Plain + "/acme/arm:1.0", replicas: 1},
		{namespace: "ml", kind: deployment, name: "render", image: registries.Plain + "/acme/render:3.1", replicas: 1},
		{namespace: "data", kind: deployment, name: "reports", image: registries.Edge + "/acme/app:1.27.4", replicas: 1},
		{namespace: "legacy", kind: deployment, name: "mail", image: registries.Quiet + "/acme/mail:0.9", replicas: 1},
		{namespace: "web", kind: deployment, name: "docs", image: registries.ACR + "/acme/app:1.27.4", replicas: 1, secrets: []string{"acr"}},
		{namespace: "web", kind: deployment, name: "blog", image: registries.GitHub + "/acme/tool:0.9", replicas: 1, secrets: []string{"github"}},
		{namespace: "platform", kind: daemon, name: "agent", image: "registry.nowhere.example/acme/agent:7", replicas: 1},
		{namespace: "platform", kind: deployment, name: "tools", image: registries.Plain + "/acme/app:1.28.0", replicas: 1, policy: "Never"},
	}
}

// A secret is a pull secret of the scenario.
type secret struct {
	namespace, name string
	entries         map[string]entry
	raw             string
}

type entry struct{ user, password string }

func (s secret) data() ([]byte, error) {
	if s.raw != "" {
		return []byte(s.raw), nil
	}
	auths := map[string]map[string]string{}
	for key, e := range s.entries {
		auths[key] = map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(e.user + ":" + e.password))}
	}
	text, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		return nil, fmt.Errorf("writing secret %s/%s: %w", s.namespace, s.name, err)
	}
	return text, nil
}

func secrets() []secret {
	harbor := registries.AccountOf(registries.Harbor)
	over := registries.ECRPassword(time.Now().Add(-time.Hour), "demo")
	return []secret{
		{namespace: "payments", name: "ecr-pull", entries: map[string]entry{registries.ECR: {"AWS", over}}},
		{namespace: "payments", name: "harbor", entries: map[string]entry{registries.Harbor: {harbor.User, "of-last-year"}}},
		{namespace: "search", name: "registry-login", entries: map[string]entry{"harbor.acme.example": {harbor.User, harbor.Password}}},
		{namespace: "search", name: "team-search", entries: map[string]entry{registries.Harbor: {"robot$other", registries.Policies()[registries.Harbor].Accounts[1].Password}}},
		{namespace: "web", name: "acr", raw: `{"auths":{"` + registries.ACR + `":{"auth":"%%not base64%%"}}}`},
		{namespace: "web", name: "github", entries: map[string]entry{registries.GitHub: {"acme-bot", "of-last-year"}}},
	}
}

// rules break what the testbed's registries would serve well.
func rules(layer string) []registries.Rule {
	header := map[string]string{"Content-Type": "application/json"}
	schema1 := `{"schemaVersion":1,"name":"acme/mail","tag":"0.9","architecture":"amd64","fsLayers":[],"history":[]}`
	return []registries.Rule{
		{ID: "demo-layer", Registry: registries.Plain, Path: "/v2/acme/render/blobs/" + layer, Effect: registries.Effect{
			Status: http.StatusNotFound, Headers: header, Body: `{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}`}},
		{ID: "demo-down", Registry: registries.Edge, Path: "/v2/acme/*/*/*", Effect: registries.Effect{
			Status: http.StatusServiceUnavailable, Headers: header, Body: `{"errors":[{"code":"UNAVAILABLE","message":"the storage is being moved"}]}`}},
		{ID: "demo-schema1", Registry: registries.Quiet, Path: "/v2/acme/mail/manifests/*", Effect: registries.Effect{
			Status: http.StatusOK, Body: schema1, Headers: map[string]string{"Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws", "Docker-Content-Digest": digestOf(schema1)}}},
	}
}

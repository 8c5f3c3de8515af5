// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pullmedic/pullmedic/internal/cluster"
)

// client-go would send the token along with every redirect.
func TestATokenIsNotTakenAlongToWhereAServerSendsOn(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(elsewhere.Close)
	config := answering(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path+"?token=canary", http.StatusTemporaryRedirect)
	})
	config.BearerToken = "canary"
	_, err := client(t, config).Pod(t.Context(), "shop", "api")
	if cluster.ReasonOf(err) != cluster.NoAPIServer || strings.Contains(err.Error(), "canary") || asked.Load() > 0 {
		t.Errorf("%v; the other server was asked %d times", err, asked.Load())
	}
}

func TestNoneConnectsNowhere(t *testing.T) {
	none, err := cluster.None()
	if err != nil {
		t.Fatal(err)
	}
	_, podErr := none.Pod(t.Context(), "shop", "api")
	_, _, nodesErr := none.Nodes(t.Context())
	_, pods := none.NewRun().ServiceAccount(t.Context(), "shop", "default")
	for name, err := range map[string]error{"pod": podErr, "nodes": nodesErr, "account": pods} {
		if cluster.ReasonOf(err) != cluster.NoCluster || !strings.HasPrefix(err.Error(), "no cluster is asked in this run, so ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

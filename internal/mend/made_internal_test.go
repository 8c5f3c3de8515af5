// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// An API server that does not answer now says nothing of who made a ReplicaSet: its
// name, which another Deployment's set may have, decides only once it cannot be read.
func TestWhoMadeAPodIsNotGuessedWhileNobodyAnswers(t *testing.T) {
	const own, anothers = `{"kind":"ReplicaSet","apiVersion":"apps/v1","metadata":{"name":"api-canary","ownerReferences":[{"kind":"Deployment","name":"api","uid":"d1","controller":true}]}}`,
		`{"kind":"ReplicaSet","apiVersion":"apps/v1","metadata":{"name":"api-canary","ownerReferences":[{"kind":"Deployment","name":"api-c","uid":"d2","controller":true}]}}`
	for name, c := range map[string]struct {
		code int
		body string
		made bool
	}{
		"it is its own":      {http.StatusOK, own, true},
		"it is another's":    {http.StatusOK, anothers, false},
		"it is gone":         {http.StatusNotFound, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":404,"reason":"NotFound"}`, true},
		"it may not be read": {http.StatusForbidden, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"User \"eve\" cannot get it"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if asked++; asked == 1 {
					w.WriteHeader(http.StatusGatewayTimeout)
					_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":504,"reason":"Timeout"}`)
					return
				}
				w.WriteHeader(c.code)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			client, err := edit.New(&rest.Config{Host: server.URL}, edit.Options{})
			if err != nil {
				t.Fatal(err)
			}
			l := lineage{edit: client, target: remedy.Object{Kind: "Deployment", Namespace: "shop", Name: "api", UID: "d1"}, sets: map[types.UID]bool{}}
			pods := []*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "api-canary-x", OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "api-canary", UID: "s1", Controller: new(true)}}}}}
			if made, err := l.made(t.Context(), pods); err == nil || len(made) > 0 {
				t.Errorf("without an answer: %d pods, %v", len(made), err)
			}
			for range 2 { // the second time without asking
				if made, err := l.made(t.Context(), pods); err != nil || len(made) > 0 != c.made {
					t.Errorf("%d pods, %v; want it made by the target: %t", len(made), err, c.made)
				}
			}
			if asked != 2 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

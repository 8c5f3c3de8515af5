// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/trace"
)

func client(t *testing.T, config *rest.Config) *cluster.Client { return impatient(t, config, 0) }

func impatient(t *testing.T, config *rest.Config, timeout time.Duration) *cluster.Client {
	t.Helper()
	c, err := cluster.New(config, cluster.Options{Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answering starts an API server with one answer to everything.
func answering(t *testing.T, h http.HandlerFunc) *rest.Config {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
}

func status(w http.ResponseWriter, code int, reason metav1.StatusReason, message, next string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, ListMeta: metav1.ListMeta{Continue: next},
		Status: metav1.StatusFailure, Reason: reason, Message: message, Code: int32(code)})
}

func TestWhyThereIsNoAnswer(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	asked := 0
	untrusted := answering(t, func(http.ResponseWriter, *http.Request) {})
	untrusted.CAData = nil
	for name, c := range map[string]struct {
		config *rest.Config
		reason cluster.Reason
		text   string
	}{
		"nobody listens": {&rest.Config{Host: closed.URL}, cluster.Unreachable, "the API server cannot be reached: dial tcp"},
		"no such object": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			status(w, 404, metav1.StatusReasonNotFound, "pods \"x\" not found", "")
		}), cluster.NotFound, "there is no pod x in namespace shop"},
		"no right": {answering(t, func(w http.ResponseWriter, _ *http.Request) { status(w, 403, metav1.StatusReasonForbidden, "no", "") }),
			cluster.Forbidden, "you may not get pods in namespace shop"},
		"no user": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			status(w, 401, metav1.StatusReasonUnauthorized, "Unauthorized", "")
		}), cluster.Unauthorized, "the API server does not know you (Unauthorized)"},
		"a server that is slow": {answering(t, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		}), cluster.TimedOut, "no answer from the API server in time"},
		"a certificate that nobody vouches for": {untrusted, cluster.Untrusted, "certificate is not trusted"},
		"a server that is asked once, though it says to come back": {answering(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("Retry-After", "0")
			status(w, 500, metav1.StatusReasonInternalError, fmt.Sprintf("time %d \x1b[31m", asked), "")
		}), cluster.Failed, "time 1 [31m"},
	} {
		t.Run(name, func(t *testing.T) {
			timeout := 10 * time.Second
			if c.reason == cluster.TimedOut {
				timeout = 200 * time.Millisecond
			}
			_, err := impatient(t, c.config, timeout).Pod(t.Context(), "shop", "x")
			if cluster.ReasonOf(err) != c.reason {
				t.Fatalf("reason of %v is %q, want %q", err, cluster.ReasonOf(err), c.reason)
			}
			if !strings.Contains(err.Error(), c.text) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error is %q, want one line with %q", err, c.text)
			}
		})
	}
}

func TestAListThatExpiresGoesOn(t *testing.T) {
	page := func(next string, names ...string) corev1.PodList {
		l := corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{Continue: next}}
		for _, n := range names {
			l.Items = append(l.Items, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: n}})
		}
		return l
	}
	config := answering(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Query().Get("continue") {
		case "":
			_ = json.NewEncoder(w).Encode(page("one", "a"))
		case "one":
			status(w, 410, metav1.StatusReasonExpired, "too old", "two")
		default:
			_ = json.NewEncoder(w).Encode(page("", "b"))
		}
	})
	var names []string
	complete, err := client(t, config).Pods(t.Context(), "", "", 0, func(p *corev1.Pod) { names = append(names, p.Name) })
	if err != nil || !complete || strings.Join(names, "") != "ab" {
		t.Errorf("got %v, %v, %v", names, complete, err)
	}
}

func TestAListIsBounded(t *testing.T) {
	var objects []runtime.Object
	for i := range 1100 {
		objects = append(objects, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprint(i)}})
	}
	c := client(t, clustertest.New(t, objects...).Config)
	for pages, want := range map[int]int{0: 1100, 1: 500, 2: 1000, 3: 1100} {
		s, err := c.Scan(t.Context(), now(), cluster.ScanOptions{MaxPages: pages})
		if err != nil || s.Pods != want || s.Complete != (want == 1100) {
			t.Errorf("%d pages: %d pods, complete %v, %v", pages, s.Pods, s.Complete, err)
		}
	}
}

func TestRequestsAreTraced(t *testing.T) {
	server := clustertest.New(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "x"}})
	recorder := trace.NewRecorder(time.Now())
	if _, err := client(t, server.Config).Pod(trace.With(context.Background(), recorder), "shop", "x"); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := recorder.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"kind":"request"`) || !strings.Contains(b.String(), "/api/v1/namespaces/shop/pods/x") {
		t.Errorf("trace is %s", b.String())
	}
}

func TestASecretNameThatNoneCanHaveIsNotAsked(t *testing.T) {
	server := clustertest.New(t)
	a := client(t, server.Config).PullSecret(t.Context(), "shop", "../../nodes")
	if cluster.ReasonOf(a.Err) != cluster.NotFound || len(server.Asked()) != 0 {
		t.Errorf("error %v, asked %q", a.Err, server.Asked())
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// lossy is a way to the API server on which the answer to one kind of request is
// lost.
type lossy struct {
	under http.RoundTripper
	loses func(*http.Request) bool
	// then does what becomes of the request, and gives what the client sees.
	then func(send func()) error
}

func (l lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	if !l.loses(r) || r.URL.Query().Get("dryRun") != "" {
		return l.under.RoundTrip(r)
	}
	again := r.Clone(context.Background())
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		again.Body = body
	}
	return nil, l.then(func() {
		if answer, err := l.under.RoundTrip(again); err == nil {
			answer.Body.Close()
		}
	})
}

// over is a mender over the same server, whose requests go that way.
func (b bench) over(t *testing.T, way lossy) *mend.Mender {
	t.Helper()
	config := rest.CopyConfig(b.server.Config)
	config.Wrap(func(under http.RoundTripper) http.RoundTripper {
		way.under = under
		return way
	})
	asks, err := cluster.New(config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	writes, err := edit.New(config, edit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	known, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return mend.New(mend.Options{Cluster: asks, Edit: writes, Seer: seer{map[string]bool{good: true}}, Catalog: known, Now: now, Poll: time.Millisecond})
}

func (b bench) records(t *testing.T) []mend.Record {
	t.Helper()
	records, _, _, err := b.Records(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func patches(path string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, path) }
}

func posts(path string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, path) }
}

// hub is a secret that a plan makes besides.
func hub() remedy.Change {
	return remedy.Change{
		Object: remedy.Object{APIVersion: "v1", Kind: "Secret", Resource: "secrets", Namespace: "shop", Name: "hub"},
		New:    map[string]any{"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": map[string]any{"name": "hub", "namespace": "shop"}},
	}
}

func TestAWriteWhoseAnswerIsLostIsTakenBackIfItWasMade(t *testing.T) {
	for name, c := range map[string]struct {
		loses     func(*http.Request) bool
		interrupt bool
		says      string
	}{
		"a deadline, of a patch":            {patches("/deployments/api"), false, "whether it was done is not known; it was, and was taken back"},
		"a deadline, of a secret":           {posts("/secrets"), false, "whether it was done is not known; it was, and was taken back"},
		"a person who interrupts the patch": {patches("/deployments/api"), true, "interrupted; it was, and was taken back"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
			p := b.plan(t, remedy.Options{})
			p.Changes = append([]remedy.Change{hub()}, p.Changes...)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			times := 0
			m := b.over(t, lossy{loses: func(r *http.Request) bool { return times == 0 && c.loses(r) }, then: func(send func()) error {
				times++
				send()
				if c.interrupt {
					interrupt()
					return ctx.Err()
				}
				return context.DeadlineExceeded
			}})
			r := m.Carry(ctx, p, true, time.Minute, quiet)
			if r.Outcome != mend.Refused || !strings.HasSuffix(r.Why, c.says) || r.Record != "" {
				t.Errorf("got %+v", r)
			}
			if got := image(t, b.server); got != bad || b.server.Object("secrets", "shop", "hub") != nil || len(b.records(t)) > 0 {
				t.Errorf("left are image %s, secret %v, %d records", got, b.server.Object("secrets", "shop", "hub"), len(b.records(t)))
			}
		})
	}
}

func TestAWriteThatComesAfterAllCanBeUndone(t *testing.T) {
	for name, loses := range map[string]func(*http.Request) bool{"a patch": patches("/deployments/api"), "a secret that is made": posts("/secrets")} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
			p := b.plan(t, remedy.Options{})
			p.Changes = append([]remedy.Change{hub()}, p.Changes...)
			var come func()
			m := b.over(t, lossy{loses: func(r *http.Request) bool { return come == nil && loses(r) }, then: func(send func()) error {
				come = send
				return context.DeadlineExceeded
			}})
			r := m.Carry(t.Context(), p, true, time.Minute, quiet)
			if r.Outcome != mend.Broken || !strings.Contains(r.Why, "may yet: look again in a minute") || r.Record == "" {
				t.Fatalf("got %+v", r)
			}
			come()
			if image(t, b.server) == bad && b.server.Object("secrets", "shop", "hub") == nil {
				t.Fatal("the write did not come")
			}
			record, err := b.Record(t.Context(), "shop", "")
			if err != nil || record.ID != r.Record || record.State != mend.State(mend.Broken) {
				t.Fatalf("the record is %+v, %v", record, err)
			}
			u, err := b.PlanUndo(t.Context(), record)
			if err != nil || !u.Due() {
				t.Fatalf("undo is %+v, %v", u, err)
			}
			if err := b.CarryUndo(t.Context(), u, quiet); err != nil {
				t.Fatal(err)
			}
			if got := image(t, b.server); got != bad || b.server.Object("secrets", "shop", "hub") != nil {
				t.Errorf("left are image %s, secret %v", got, b.server.Object("secrets", "shop", "hub"))
			}
		})
	}
}

func TestARecordWhoseAnswerIsLostIsNotLeftThere(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	m := b.over(t, lossy{loses: posts("/configmaps"), then: func(send func()) error {
		send()
		return context.DeadlineExceeded
	}})
	r := m.Carry(t.Context(), p, true, time.Minute, quiet)
	if r.Outcome != mend.Refused || !strings.HasPrefix(r.Why, "writing down how to undo it: ") || image(t, b.server) != bad || len(b.records(t)) > 0 {
		t.Errorf("got %+v, %d records", r, len(b.records(t)))
	}
}

func TestWhatIsInterruptedBeforeItsFirstWriteChangesNothing(t *testing.T) {
	b := newBench(t, seer{map[string]bool{good: true}}, deployment()...)
	p := b.plan(t, remedy.Options{})
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	r := b.Carry(ctx, p, true, time.Minute, func(what string) {
		if strings.HasPrefix(what, "wrote down") {
			interrupt()
		}
	})
	if r.Outcome != mend.Refused || r.Why != "interrupted before deployment/api was written" || image(t, b.server) != bad || len(b.records(t)) > 0 {
		t.Errorf("got %+v, %d records", r, len(b.records(t)))
	}
}

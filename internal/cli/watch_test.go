// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/examine"
)

func TestWatchSaysInOneLineWhyItCannotOpen(t *testing.T) {
	f := &fake{survey: sick()}
	for _, c := range []struct{ args, want string }{
		{"watch", "watch needs a terminal, and stdin or stdout is none; kubectl pullmedic -o json prints the same once"},
		{"watch -o json", "watch is a screen and has no -o; kubectl pullmedic -o json"},
		{"watch --every 100ms", "--every 100ms is too often; give 1s or more"},
		{"watch -l ((", "reading the selector"},
		{"watch pod/x", "watch shows all pods of a namespace and takes no objects"},
		{"demo --watch", "watch needs a terminal"},
		{"demo --watch pod/x", "--watch shows the whole cluster"},
	} {
		got := f.bench().run(t, strings.Fields(c.args)...)
		if got.code != ExitUsage || got.out != "" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, c.want) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q, want %q", c.args, got.code, got.out, got.err, c.want)
		}
	}
	if len(f.scopes) > 0 {
		t.Errorf("%d looks without a screen", len(f.scopes))
	}
}

func newWatched(t *testing.T, f *fake) *watched {
	t.Helper()
	known, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := connection{examiner: f, namespace: "shop", server: "https://api.example"}
	return &watched{known: known, modest: c, thorough: c, selector: "app=api", limit: time.Second}
}

func TestWhatAWatchAsks(t *testing.T) {
	f := &fake{survey: sick()}
	w := newWatched(t, f)
	for _, namespace := range []string{"pay", ""} {
		r, err := w.Look(t.Context(), namespace)
		if err != nil || len(r.Diagnoses) != 1 || r.Groups[0].Cause != "TagNotFound" {
			t.Errorf("look at %q: %v, %+v", namespace, err, r.Groups)
		}
	}
	if want := []examine.Scope{{Namespace: "pay", Selector: "app=api"}, {Selector: "app=api", Fallback: "shop"}}; !slices.Equal(f.scopes, want) {
		t.Errorf("asked for %+v, want %+v", f.scopes, want)
	}
	if _, err := w.Diagnose(t.Context(), v1alpha1.Object{Kind: "deployment", Namespace: "shop", Name: "api"}); err != nil {
		t.Error(err)
	}
	if want := (examine.ObjectRef{Kind: "deployment", Namespace: "shop", Name: "api"}); len(f.refs) != 1 || f.refs[0][0] != want {
		t.Errorf("asked for %+v", f.refs)
	}
	f.err = errors.New("no")
	if _, err := w.Look(t.Context(), ""); err == nil {
		t.Error("an error is lost")
	}
}

func TestAPanicOfALookIsAnErrorThatSaysNothingOfItsValue(t *testing.T) {
	w := newWatched(t, nil) // a nil examiner
	_, err := w.Look(t.Context(), "")
	if err == nil || !strings.Contains(err.Error(), "a fault of the program at ") {
		t.Errorf("error %v", err)
	}
}

func TestFixIsAskedAsTheWatchWas(t *testing.T) {
	w := &world{IOStreams: genericiooptions.NewTestIOStreamsDiscard(), program: "kubectl pullmedic", zone: time.UTC, getenv: func(string) string { return "" }}
	root := newRoot(w)
	watch, _, err := root.Find([]string{"watch"})
	if err != nil {
		t.Fatal(err)
	}
	fix, _, err := root.Find([]string{"fix"})
	if err != nil {
		t.Fatal(err)
	}
	args := "--context here --as-group a --as-group b,c --token secret -n other -A -l app=x --every 9s --timeout 3s --probe anonymous --color never --allow-loopback"
	if err := watch.ParseFlags(strings.Fields(args)); err != nil {
		t.Fatal(err)
	}
	got := passedOn(watch.Flags(), fix)
	slices.Sort(got)
	want := []string{"--allow-loopback=true", "--as-group=a", "--as-group=b,c", "--color=never", "--context=here", "--probe=anonymous", "--token=secret"}
	if !slices.Equal(got, want) {
		t.Errorf("passed on %q, want %q", got, want)
	}
}

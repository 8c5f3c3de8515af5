// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package demo is a broken cluster to try things on: what a real one and its
// nodes said of it was recorded, and its registries live in this process, on
// loopback, where they are asked as any others are.
//
// The recording is a bundle that the testbed made (testbed record-demo). What a
// registry says is never recorded: it is asked anew in each run, over TLS, under
// its real name, with credentials that are made when the demo starts. It connects
// to nothing but itself.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/bundle"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

//go:embed recording.json
var recording []byte

// probesAtOnce bounds the questions to registries that are asked side by side.
const probesAtOnce = 4

// A Demo answers questions about its cluster as examine.Examiner does about a
// real one.
type Demo struct {
	replay  *bundle.Replay
	street  *street
	prober  *registry.Prober
	secrets []keyring.Secret
}

// Open starts the demo's registries; Close ends them. now is when the demo
// plays: the recording's times are moved there.
func Open(ctx context.Context, now time.Time) (*Demo, error) {
	survey, err := bundle.Read(bytes.NewReader(recording))
	if err != nil {
		return nil, fmt.Errorf("reading the demo's recording: %w", err)
	}
	move(reflect.ValueOf(&survey).Elem(), now.Sub(survey.Time))
	k := newKeys()
	s, err := openStreet(ctx, houses(k))
	if err != nil {
		return nil, fmt.Errorf("starting the demo's registries: %w", err)
	}
	prober := registry.New(registry.Options{
		Probe: registry.Credentials, RootCAs: s.authority, AllowLoopback: true, ConnectTo: s.connectTo,
		Resolver: nowhere(), Proxy: func(*url.URL) (*url.URL, error) { return nil, nil },
	})
	return &Demo{replay: bundle.NewReplay(survey), street: s, prober: prober, secrets: k.secrets()}, nil
}

// Names are those of the recording's objects of a kind ("pod", "deployment"), or
// with the kind "namespace" its namespaces; of one namespace, or with "" of all.
// No registry is started for it.
func Names(kind, namespace string) []string {
	survey, err := bundle.Read(bytes.NewReader(recording))
	if err != nil {
		return nil // Open says why
	}
	names := map[string]bool{}
	for _, e := range survey.Pulls {
		if kind == "namespace" {
			names[e.Pull.Namespace] = true
			continue
		}
		if namespace != "" && namespace != e.Pull.Namespace {
			continue
		}
		if kind == "pod" {
			names[e.Pull.Pod] = true
		}
		for _, o := range append(slices.Clone(e.Pull.Via), e.Pull.Owner) {
			if strings.EqualFold(o.Kind, kind) {
				names[o.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Close ends the registries.
func (d *Demo) Close() {
	d.prober.Close()
	d.street.close()
}

// nowhere resolves nothing: the demo has all names that it knows.
func nowhere() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("the demo asks no name server")
	}}
}

// Survey looks at a namespace, or with "" at all.
func (d *Demo) Survey(ctx context.Context, scope examine.Scope) (evidence.Survey, error) {
	survey, err := d.replay.Survey(ctx, scope)
	if err != nil {
		return evidence.Survey{}, err
	}
	return d.ask(ctx, survey), nil
}

// Objects looks at pods and workloads by name.
func (d *Demo) Objects(ctx context.Context, refs []examine.ObjectRef) (evidence.Survey, error) {
	survey, err := d.replay.Objects(ctx, refs)
	if err != nil {
		return evidence.Survey{}, err
	}
	return d.ask(ctx, survey), nil
}

// ask puts to the live registries what the recording left open.
func (d *Demo) ask(ctx context.Context, s evidence.Survey) evidence.Survey {
	s.Pulls = slices.Clone(s.Pulls)
	before := d.prober.Sent()
	group := &errgroup.Group{}
	group.SetLimit(probesAtOnce)
	for i := range s.Pulls {
		e := &s.Pulls[i]
		open := func(g evidence.Gap) bool { return g.Check == evidence.CheckPing }
		if !slices.ContainsFunc(e.NotLookedAt, open) {
			continue // the registry could not tell more
		}
		e.NotLookedAt = slices.DeleteFunc(slices.Clone(e.NotLookedAt), open)
		if !d.street.has(e.Pull.Reference.Host) {
			e.NotLookedAt = append(e.NotLookedAt, evidence.Gap{
				Check: evidence.CheckPing, Subject: evidence.Subject{Kind: evidence.SubjectRegistry, Name: e.Pull.Reference.Host},
				Why: "the demo has no registry of this name, and asks no other",
			})
			continue
		}
		group.Go(func() error {
			findings, gaps := d.prober.Probe(ctx, d.target(e.Pull))
			e.Findings = slices.Concat(e.Findings, findings)
			e.NotLookedAt = append(e.NotLookedAt, gaps...)
			return nil
		})
	}
	_ = group.Wait()
	sent := d.prober.Sent()
	s.Sent = evidence.Sent{Requests: sent.Requests - before.Requests, Logins: sent.Logins - before.Logins}
	return s
}

// target is what the kubelet would ask for this pull, with the credentials that
// it would send.
func (d *Demo) target(p evidence.Pull) registry.Target {
	t := registry.Target{Reference: p.Reference, Platform: p.Platform}
	var secrets []keyring.Secret
	for _, s := range d.secrets {
		if s.Namespace == p.Namespace && slices.Contains(p.PullSecrets, s.Name) {
			secrets = append(secrets, s)
		}
	}
	// Its error is the keyring's own finding, which was recorded.
	answer, _ := keyring.Resolve(p.Image, secrets)
	for _, g := range answer.Groups {
		t.Credentials = append(t.Credentials, g.Credentials...)
	}
	return t
}

// move adds to every time in v that is set.
func move(v reflect.Value, by time.Duration) {
	if at, ok := v.Addr().Interface().(*time.Time); ok {
		if !at.IsZero() {
			*at = at.Add(by)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				move(v.Field(i), by)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			move(v.Index(i), by)
		}
	}
}

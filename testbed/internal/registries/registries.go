// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package registries is the testbed's registries: a real distribution registry
// that holds all images, behind one front for each registry of layout, which
// asks for credentials, hides, limits, redirects and speaks as the real one
// does, and which can be told at run time to break.
package registries

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// Canary is part of every secret that the registries know or hand out:
// passwords, tokens, signed URLs, a header in each answer. Whoever prints it
// has leaked something.
const Canary = "pmcanary"

// A Config says which registries to serve and how. All fields are
// needed.
type Config struct {
	Registries []layout.Registry
	// Policies by Registry.Name: who may pull what.
	Policies map[string]Policy
	// Certificate gives a certificate of a registry, signed by its Authority:
	// for its Names, or as one of the values of Effect.Connect.
	Certificate func(registry layout.Registry, as string) (tls.Certificate, error)
	// Storage reaches the distribution registry, whatever host is asked for;
	// StorageTransport makes one.
	Storage http.RoundTripper
	// AdminSocket is the path of the unix socket of the admin API.
	AdminSocket string
}

// Serve serves all registries and the admin API until ctx ends. It returns nil
// then, or what kept it from serving. All addresses are bound before ready is
// called, which may be nil.
func Serve(ctx context.Context, config Config, ready func()) error {
	world, err := newWorld(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	var serve []func() error
	for _, registry := range config.Registries {
		front := newFront(world, registry)
		tlsConfig, err := front.handshake(config.Certificate)
		if err != nil {
			return fmt.Errorf("making the certificates of registry %s: %w", registry.Name, err)
		}
		for _, host := range registry.Addrs() {
			address := net.JoinHostPort(host, strconv.Itoa(registry.Port))
			raw, err := net.Listen("tcp", address)
			if err != nil {
				return fmt.Errorf("listening for registry %s on %s: %w", registry.Name, address, err)
			}
			defer raw.Close()
			line := newLine(ctx, raw, front)
			secure := newHTTPServer(front)
			plain := newHTTPServer(front)
			context.AfterFunc(ctx, func() { _, _, _ = raw.Close(), secure.Close(), plain.Close() })
			serve = append(serve,
				func() error { return secure.Serve(tls.NewListener(line, tlsConfig)) },
				func() error { return plain.Serve(line.plain) })
		}
	}
	if err := os.Remove(config.AdminSocket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the admin socket of an earlier run: %w", err)
	}
	socket, err := net.Listen("unix", config.AdminSocket)
	if err != nil {
		return fmt.Errorf("listening for the registries' admin API: %w", err)
	}
	admin := newHTTPServer(adminHandler(world))
	context.AfterFunc(ctx, func() { _ = admin.Close() })
	serve = append(serve, func() error { return admin.Serve(socket) })

	failed := make(chan error, len(serve))
	var running sync.WaitGroup
	for _, one := range serve {
		running.Go(func() { failed <- one() })
	}
	if ready != nil {
		ready()
	}
	select {
	case <-ctx.Done():
		err = nil
	case err = <-failed:
		err = fmt.Errorf("serving the registries: %w", err)
	}
	cancel()
	running.Wait()
	return err
}

// world is what the fronts share.
type world struct {
	config Config
	rules  *ruleSet
	log    *requestLog
	keys   *keys
	store  *store
}

func newWorld(config Config) (*world, error) {
	keys, err := newKeys()
	if err != nil {
		return nil, err
	}
	for name := range config.Policies {
		if !slices.ContainsFunc(config.Registries, func(r layout.Registry) bool { return r.Name == name }) {
			return nil, fmt.Errorf("a policy names registry %s, which is not served", name)
		}
	}
	return &world{
		config: config,
		rules:  newRuleSet(),
		log:    newRequestLog(),
		keys:   keys,
		store:  &store{transport: config.Storage},
	}, nil
}

// newHTTPServer keeps the raw connection of a request in its context, so that
// an effect can reset it, and logs nothing by itself: refused handshakes are
// what the faults are about.
func newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          log.New(discard{}, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
	}
}

type (
	connKey struct{}
	discard struct{}
)

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

// serving starts a server on loopback and gives a resolver that asks it alone,
// over the given network.
func serving(t *testing.T, network string) *net.Resolver {
	t.Helper()
	server, err := New(map[string]string{"registry.acme.example": "10.209.1.6", "GHCR.io": "10.209.1.2"})
	if err != nil {
		t.Fatal(err)
	}
	// An address of its own: on 127.0.0.1 a port that is free now may be that of
	// somebody's connection a moment later.
	const address = "127.0.78.1:15353"
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- server.Serve(ctx, address, func() { close(ready) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		done <- err
		t.Fatal(err)
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
}

func TestServe(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			resolver := serving(t, network)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			for name, want := range map[string]string{
				"registry.acme.example.": "10.209.1.6",
				"REGISTRY.acme.EXAMPLE.": "10.209.1.6",
				"ghcr.io.":               "10.209.1.2",
			} {
				got, err := resolver.LookupHost(ctx, name)
				if err != nil || len(got) != 1 || got[0] != want {
					t.Errorf("LookupHost(%s) = %v, %v; want %s", name, got, err, want)
				}
			}
			for _, name := range []string{"registry.nowhere.example.", "acme.example.", "kubernetes.io."} {
				_, err := resolver.LookupHost(ctx, name)
				if unknown, ok := errors.AsType[*net.DNSError](err); !ok || !unknown.IsNotFound {
					t.Errorf("LookupHost(%s): %v; want it not to exist", name, err)
				}
			}
		})
	}
}

func TestWhatIsNoQuestionHasNoAnswer(t *testing.T) {
	server, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, message := range map[string][]byte{
		"nothing":                      {},
		"a header without one":         {0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"an answer":                    {0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1},
		"a name that is cut":           {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 60, 'a'},
		"a name that refers to itself": {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if answer, err := server.Answer(message); err == nil {
				t.Errorf("Answer = %v", answer)
			}
		})
	}
}

func TestAnAddressMustBeIPv4(t *testing.T) {
	for _, address := range []string{"", "fe80::1", "10.209.0.0/16", "ghcr.io"} {
		if _, err := New(map[string]string{"a.example": address}); err == nil {
			t.Errorf("New took the address %q", address)
		}
	}
}

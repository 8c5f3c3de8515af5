// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"crypto/tls"
	"net"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// handshake is how TLS begins with a registry's clients: as it should, or for
// those whom a rule names in the way that it says.
func (f *front) handshake(issue func(registry layout.Registry, as string) (tls.Certificate, error)) (*tls.Config, error) {
	ways := map[string]*tls.Config{}
	for _, as := range []string{"", ConnectExpired, ConnectOtherName, ConnectClient, ConnectOldTLS} {
		certificate, err := issue(f.registry, as)
		if err != nil {
			return nil, err
		}
		ways[as] = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	ways[ConnectClient].ClientAuth = tls.RequireAnyClientCert
	ways[ConnectOldTLS].MinVersion, ways[ConnectOldTLS].MaxVersion = tls.VersionTLS10, tls.VersionTLS10
	usual := ways[""].Clone()
	usual.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		from, _, _ := net.SplitHostPort(hello.Conn.RemoteAddr().String())
		rule, ok := f.world.rules.find(asked{registry: f.registry.Name, from: from}, true)
		if !ok {
			return nil, nil //nolint:nilnil // the config that there is
		}
		return ways[rule.Effect.Connect], nil
	}
	return usual, nil
}

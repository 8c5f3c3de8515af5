// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// resolver returns a real resolver that asks a real DNS server, which knows the
// given names, does not answer for names that begin with "silent", and says of
// all others that they do not exist.
func resolver(t testing.TB, names map[string]string) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(packet[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			if answer, ok := respond(m, names); ok {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func respond(m dnsmessage.Message, names map[string]string) ([]byte, bool) {
	q := m.Questions[0]
	host := strings.TrimSuffix(q.Name.String(), ".")
	if strings.HasPrefix(host, "silent") {
		return nil, false
	}
	m.Response, m.Additionals = true, nil
	text, known := names[host]
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	} else {
		for address := range strings.FieldsSeq(text) {
			addr := netip.MustParseAddr(address)
			header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
			switch {
			case addr.Is4() && q.Type == dnsmessage.TypeA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: addr.As4()}})
			case addr.Is6() && q.Type == dnsmessage.TypeAAAA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
			}
		}
	}
	answer, err := m.Pack()
	return answer, err == nil
}

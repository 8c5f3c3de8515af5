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
// all others that they do not exist. Of addresses that are parted by a bar, the
// first are given to the first question, the next to the next.
func resolver(t testing.TB, names map[string]string) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		packet := make([]byte, 1500)
		asked := map[string]int{} // by type and name
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(packet[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			key := q.Type.String() + q.Name.String()
			asked[key]++
			if answer, ok := respond(m, names, asked[key]); ok {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func respond(m dnsmessage.Message, names map[string]string, nth int) ([]byte, bool) {
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
		turns := strings.Split(text, "|")
		for address := range strings.FieldsSeq(turns[min(nth, len(turns))-1]) {
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

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package forbidden

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestOpens(t *testing.T) {
	segment := func(flags byte) []byte {
		return []byte{0xc0, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0}
	}
	for name, c := range map[string]struct {
		protocol string
		packet   []byte
		port     uint16
		opens    bool
	}{
		"a SYN":                      {"tcp", segment(0x02), 80, true},
		"a SYN with ECN":             {"tcp", segment(0xc2), 80, true},
		"the answer to a SYN":        {"tcp", segment(0x12), 0, false},
		"data":                       {"tcp", segment(0x18), 0, false},
		"a reset":                    {"tcp", segment(0x04), 0, false},
		"a segment that is cut":      {"tcp", segment(0x02)[:13], 0, false},
		"a datagram":                 {"udp", []byte{0xc0, 0, 0, 53, 0, 8, 0, 0}, 53, true},
		"a datagram that is cut":     {"udp", []byte{0xc0, 0, 0}, 0, false},
		"nothing":                    {"tcp", nil, 0, false},
		"a protocol that none knows": {"icmp", segment(0x02), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if port, opens := opens(c.protocol, c.packet); port != c.port || opens != c.opens {
				t.Errorf("opens = %d, %v", port, opens)
			}
		})
	}
}

// Nothing listens on the port: the attempt is seen all the same.
func TestAnAttemptIsWrittenDown(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a raw socket needs root")
	}
	path := filepath.Join(t.TempDir(), "forbidden.jsonl")
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	const address = "127.66.66.66"
	go func() { done <- Watch(ctx, []string{address}, path, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	if conn, err := net.DialTimeout("tcp", address+":6666", time.Minute); err == nil {
		conn.Close()
		t.Fatal("something listens there")
	}
	var attempts []Attempt
	for deadline := time.Now().Add(time.Minute); len(attempts) == 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var err error
		if attempts, err = Read(path); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Watch: %v", err)
	}
	if len(attempts) != 1 || attempts[0].To != address || attempts[0].Port != 6666 || attempts[0].Protocol != "tcp" {
		t.Errorf("attempts = %+v", attempts)
	}
}

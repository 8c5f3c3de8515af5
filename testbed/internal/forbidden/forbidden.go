// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package forbidden watches the addresses that nothing in the testbed may
// connect to, such as a cloud's metadata service, and writes down who tried, on
// whatever port.
package forbidden

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// An Attempt is the first packet of a connection, or a datagram, to a forbidden
// address.
type Attempt struct {
	Time     time.Time `json:"time"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Port     uint16    `json:"port"`
	Protocol string    `json:"protocol"` // tcp or udp
}

// Watch writes each attempt to reach one of the addresses, which must be this
// network namespace's own, as a line of JSON to the file at path, until ctx ends;
// then it returns nil. ready is called when it sees all; it may be nil.
func Watch(ctx context.Context, addresses []string, path string, ready func()) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the list of forbidden connections: %w", err)
	}
	defer file.Close()
	log := &list{file: file}
	failed := make(chan error, 2*len(addresses))
	var watching sync.WaitGroup
	for _, address := range addresses {
		for _, protocol := range []string{"tcp", "udp"} {
			// A raw socket gets a copy of each packet, whether anything listens on
			// its port or not.
			conn, err := net.ListenPacket("ip4:"+protocol, address)
			if err != nil {
				return fmt.Errorf("watching %s: %w", address, err)
			}
			defer func() { _ = conn.Close() }()
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			watching.Go(func() { failed <- log.watch(conn, protocol, address) })
		}
	}
	if ready != nil {
		ready()
	}
	select {
	case <-ctx.Done():
		watching.Wait()
		return nil
	case err := <-failed:
		return err
	}
}

// Read gives the attempts that Watch wrote to path, oldest first; none if there
// is no such file.
func Read(path string) ([]Attempt, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the list of forbidden connections: %w", err)
	}
	var attempts []Attempt
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is being written
		}
		var attempt Attempt
		if err := json.Unmarshal(line, &attempt); err != nil {
			return nil, fmt.Errorf("reading the list of forbidden connections %s: %w", path, err)
		}
		attempts = append(attempts, attempt)
	}
	return attempts, nil
}

type list struct {
	mu   sync.Mutex
	file *os.File
}

func (l *list) watch(conn net.PacketConn, protocol, address string) error {
	buffer := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return fmt.Errorf("watching %s: %w", address, err)
		}
		port, first := opens(protocol, buffer[:n])
		if !first {
			continue
		}
		if err := l.add(Attempt{Time: time.Now().UTC(), From: from.String(), To: address, Port: port, Protocol: protocol}); err != nil {
			return err
		}
	}
}

// opens tells whether a packet, without its IP header, opens a connection: a TCP
// segment with SYN and without ACK (RFC 9293, section 3.1), or any datagram. The
// second 16 bits of both are the port.
func opens(protocol string, packet []byte) (port uint16, opens bool) {
	const flags, syn, ack = 13, 0x02, 0x10
	switch {
	case protocol == "tcp" && len(packet) > flags:
		opens = packet[flags]&(syn|ack) == syn
	case protocol == "udp":
		opens = len(packet) >= 8
	}
	if !opens {
		return 0, false
	}
	return binary.BigEndian.Uint16(packet[2:4]), true
}

func (l *list) add(attempt Attempt) error {
	line, err := json.Marshal(attempt)
	if err != nil {
		return fmt.Errorf("writing the list of forbidden connections: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing the list of forbidden connections: %w", err)
	}
	return nil
}

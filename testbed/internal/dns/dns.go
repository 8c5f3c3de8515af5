// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package dns is the testbed's name server: it knows the testbed's names and
// nothing else, so that no name of the world leads out of the testbed.
package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A Server answers A questions. Other questions about a known name have an empty
// answer; an unknown name does not exist (NXDOMAIN).
type Server struct {
	names map[string]netip.Addr // lower case, with the final dot
}

// New makes a server of names, without final dots, and their IPv4 addresses.
func New(names map[string]string) (*Server, error) {
	s := &Server{names: map[string]netip.Addr{}}
	for name, address := range names {
		ip, err := netip.ParseAddr(address)
		if err != nil || !ip.Is4() {
			return nil, fmt.Errorf("reading the address %q of %s: want an IPv4 address", address, name)
		}
		s.names[strings.ToLower(name)+"."] = ip
	}
	return s, nil
}

// Serve answers on UDP and TCP at address, as ip:port, until ctx ends; then it
// returns nil. ready is called when both are bound; it may be nil.
func (s *Server) Serve(ctx context.Context, address string, ready func()) error {
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		return fmt.Errorf("listening for names: %w", err)
	}
	defer func() { _ = packets.Close() }()
	streams, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listening for names: %w", err)
	}
	defer streams.Close()
	stop := context.AfterFunc(ctx, func() {
		_, _ = packets.Close(), streams.Close()
	})
	defer stop()
	if ready != nil {
		ready()
	}
	var serving sync.WaitGroup
	serving.Go(func() { s.serveStreams(streams) })
	err = s.servePackets(packets)
	_ = streams.Close()
	serving.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *Server) servePackets(packets net.PacketConn) error {
	buffer := make([]byte, 4096)
	for {
		n, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return fmt.Errorf("reading a question: %w", err)
		}
		if answer, err := s.Answer(buffer[:n]); err == nil {
			_, _ = packets.WriteTo(answer, from)
		}
	}
}

func (s *Server) serveStreams(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		go s.serveStream(conn)
	}
}

// serveStream answers the questions of one TCP connection, each of them with its
// length in front (RFC 1035, section 4.2.2).
func (s *Server) serveStream(conn net.Conn) {
	defer conn.Close()
	for {
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		var length uint16
		if err := binary.Read(conn, binary.BigEndian, &length); err != nil {
			return
		}
		question := make([]byte, length)
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		answer, err := s.Answer(question)
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

// Answer is the answer to one message, or an error if it is no question.
func (s *Server) Answer(message []byte) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(message)
	if err != nil {
		return nil, fmt.Errorf("reading a question: %w", err)
	}
	if header.Response {
		return nil, errors.New("reading a question: it is an answer")
	}
	question, err := parser.Question()
	if err != nil {
		return nil, fmt.Errorf("reading a question: %w", err)
	}
	ip, known := s.names[strings.ToLower(question.Name.String())]
	reply := dnsmessage.Header{
		ID: header.ID, Response: true, OpCode: header.OpCode, Authoritative: true,
		RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
	}
	if !known {
		reply.RCode = dnsmessage.RCodeNameError
	}
	builder := dnsmessage.NewBuilder(nil, reply)
	builder.EnableCompression()
	if err := errors.Join(builder.StartQuestions(), builder.Question(question), builder.StartAnswers()); err != nil {
		return nil, fmt.Errorf("writing an answer: %w", err)
	}
	if known && question.Class == dnsmessage.ClassINET && (question.Type == dnsmessage.TypeA || question.Type == dnsmessage.TypeALL) {
		// A short life: a test that changes a name need not wait for caches.
		err := builder.AResource(dnsmessage.ResourceHeader{Name: question.Name, Class: question.Class, TTL: 1}, dnsmessage.AResource{A: ip.As4()})
		if err != nil {
			return nil, fmt.Errorf("writing an answer: %w", err)
		}
	}
	return builder.Finish()
}

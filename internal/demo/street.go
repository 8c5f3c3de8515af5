// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"
)

// A street is the houses behind one listener on loopback, which asks every
// caller by name whom it wants.
type street struct {
	server    *http.Server
	authority *x509.CertPool
	// connectTo leads from each house's host:port to the listener.
	connectTo map[string]string
	names     map[string]bool
}

// openStreet starts the houses; close ends them.
func openStreet(ctx context.Context, houses []*house) (*street, error) {
	s := &street{connectTo: map[string]string{}, names: map[string]bool{}}
	handlers := map[string]http.Handler{}
	var hosts []string
	for _, h := range houses {
		s.names[h.name] = true
		for _, address := range h.addresses {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, fmt.Errorf("naming a registry: %w", err)
			}
			handlers[host] = h
			hosts = append(hosts, host)
		}
	}
	certificate, authority, err := certify(hosts)
	if err != nil {
		return nil, err
	}
	s.authority = authority
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on loopback: %w", err)
	}
	for _, h := range houses {
		for _, address := range h.addresses {
			s.connectTo[address] = listener.Addr().String()
		}
	}
	s.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			host := r.Host
			if h, _, err := net.SplitHostPort(host); err == nil {
				host = h
			}
			handler, ok := handlers[host]
			if !ok {
				http.NotFound(w, r)
				return
			}
			handler.ServeHTTP(w, r)
		}),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { _ = s.server.ServeTLS(listener, "", "") }() // ends when the server is closed
	return s, nil
}

func (s *street) has(registry string) bool { return s.names[registry] }

func (s *street) close() { _ = s.server.Close() }

// certify makes a certificate for the hosts and the authority that signed it.
func certify(hosts []string) (tls.Certificate, *x509.CertPool, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("making a key: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("making a key: %w", err)
	}
	from, until := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pullmedic demo"}, NotBefore: from, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("making an authority: %w", err)
	}
	if ca, err = x509.ParseCertificate(der); err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("making an authority: %w", err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "registries"}, NotBefore: from, NotAfter: until, DNSNames: hosts,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err = x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("making a certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool, nil
}

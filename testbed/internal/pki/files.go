// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Keep gives the paths of a certificate and its key in a directory, NAME.crt and
// NAME.key. They are issued only if they are missing, end within a day, were
// signed by another authority, or are for other names.
func (a *Authority) Keep(dir, name string, leaf Leaf) (crt, key string, err error) {
	crt, key = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	if pair, err := tls.LoadX509KeyPair(crt, key); err == nil && a.serves(pair.Leaf, leaf) {
		return crt, key, nil
	}
	pair, err := a.Issue(leaf)
	if err != nil {
		return "", "", err
	}
	private, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return "", "", errors.New("issuing a certificate: its key is no ECDSA key")
	}
	return crt, key, WritePair(crt, key, pair.Certificate[0], private)
}

// serves tells whether a certificate that was kept is still what leaf asks for.
func (a *Authority) serves(kept *x509.Certificate, leaf Leaf) bool {
	names := slices.Clone(kept.DNSNames)
	for _, ip := range kept.IPAddresses {
		names = append(names, ip.String())
	}
	wanted := slices.Clone(leaf.Names)
	slices.Sort(names)
	slices.Sort(wanted)
	return time.Until(kept.NotAfter) > 24*time.Hour &&
		kept.CheckSignatureFrom(a.certificate) == nil &&
		kept.Subject.CommonName == leaf.CommonName &&
		slices.Equal(kept.Subject.Organization, leaf.Organization) &&
		slices.Equal(names, wanted)
}

// WritePair writes a certificate and its key as PEM, the key for root alone.
func WritePair(crt, key string, der []byte, private *ecdsa.PrivateKey) error {
	if err := os.MkdirAll(filepath.Dir(crt), 0o755); err != nil {
		return fmt.Errorf("making the directory of certificates: %w", err)
	}
	if err := WriteKey(key, private); err != nil {
		return err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(crt, block, 0o644); err != nil {
		return fmt.Errorf("writing certificate %s: %w", crt, err)
	}
	return nil
}

// WriteKey writes a private key as PEM, for root alone.
func WriteKey(path string, private *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("writing key %s: %w", path, err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		return fmt.Errorf("writing key %s: %w", path, err)
	}
	return nil
}

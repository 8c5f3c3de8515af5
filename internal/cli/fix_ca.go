// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// Bounds of a file of certificates.
const (
	maxCA           = 1 << 20
	maxCertificates = 50
)

// readCA reads the certificates that nodes are to trust. They go into files that
// a person writes on a node, so each is looked at first; a key is refused, for it
// has no place there.
func (o *fixOptions) readCA() error {
	if o.remedy.CAFile == "" {
		return nil
	}
	name := foreign.Text(o.remedy.CAFile, 300)
	data, err := files.Read(o.remedy.CAFile, maxCA)
	if err != nil {
		return usage("reading the certificates: %w", plainPath(err))
	}
	var clean strings.Builder
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		if block.Type != "CERTIFICATE" {
			return usage("%s holds a %s; give a file that holds certificates alone", name, foreign.Text(block.Type, 40))
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return usage("certificate %d of %s cannot be parsed: %w", len(o.certificates)+1, name, err)
		}
		if len(o.certificates) == maxCertificates {
			return usage("%s holds more than %d certificates; give those of the registry alone", name, maxCertificates)
		}
		sum := sha256.Sum256(c.Raw)
		o.certificates = append(o.certificates, v1alpha1.Certificate{
			Subject: foreign.Text(c.Subject.String(), 300), Authority: c.IsCA, NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
			Fingerprint: hex.EncodeToString(sum[:]),
		})
		clean.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	if len(o.certificates) == 0 {
		return usage("%s holds no PEM block with a certificate", name)
	}
	o.remedy.CA = clean.String()
	return nil
}

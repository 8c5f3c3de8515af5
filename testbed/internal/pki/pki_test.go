// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
	"time"
)

func TestAnAuthorityIsMadeOnceAndSigns(t *testing.T) {
	dir := t.TempDir()
	first, err := Load(dir, Testbed)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(dir, Testbed)
	if err != nil || string(again.PEM()) != string(first.PEM()) {
		t.Fatalf("Load made another authority, %v", err)
	}
	second, err := Load(dir, Second)
	if err != nil {
		t.Fatal(err)
	}

	pair, err := again.Issue(Leaf{CommonName: "r", Names: []string{"registry.acme.example", "10.209.1.6"}})
	if err != nil {
		t.Fatal(err)
	}
	trust := func(a *Authority) *x509.CertPool {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(a.PEM())
		return pool
	}
	for name, c := range map[string]struct {
		host  string
		roots *x509.CertPool
		ok    bool
	}{
		"by name":                        {"registry.acme.example", trust(first), true},
		"by address":                     {"10.209.1.6", trust(first), true},
		"another name":                   {"quiet.acme.example", trust(first), false},
		"an authority that did not sign": {"registry.acme.example", trust(second), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: c.host, Roots: c.roots})
			if (err == nil) != c.ok {
				t.Errorf("Verify: %v", err)
			}
		})
	}
}

func TestAKeptCertificateIsIssuedAgainOnlyWhenItMustBe(t *testing.T) {
	dir := t.TempDir()
	authority, err := Load(dir, Cluster)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Load(t.TempDir(), Cluster)
	if err != nil {
		t.Fatal(err)
	}
	leaf := Leaf{CommonName: "apiserver", Names: []string{"kubernetes", "10.209.0.1"}}
	keep := func(a *Authority, leaf Leaf) string {
		t.Helper()
		crt, key, err := a.Keep(dir, "apiserver", leaf)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tls.LoadX509KeyPair(crt, key); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("the key's mode is %v, %v", info.Mode(), err)
		}
		data, err := os.ReadFile(crt)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	first := keep(authority, leaf)
	if keep(authority, leaf) != first {
		t.Error("issued again although nothing changed")
	}
	more := leaf
	more.Names = append(more.Names, "kubernetes.default")
	second := keep(authority, more)
	if second == first {
		t.Error("not issued again for another name")
	}
	third := keep(other, more)
	if third == second {
		t.Error("not issued again by another authority")
	}
	more.NotAfter = time.Now().Add(time.Hour)
	if short := keep(authority, more); keep(authority, more) == short {
		t.Error("not issued again although it ends within a day")
	}
}

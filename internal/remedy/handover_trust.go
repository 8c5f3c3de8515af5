// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// An authority is a certificate of the file that the person gave.
type authority struct {
	pem   []byte
	told  string
	warns []string
}

// maxAuthorities bounds what is taken of one file.
const maxAuthorities = 8

// authorities reads the certificates of a PEM file and nothing else of it: no
// key or remark gets from it into what is written.
func (p byHand) authorities() []authority {
	var all []authority
	for rest := []byte(p.o.CA); len(all) < maxAuthorities; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return all
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			continue
		}
		sum := sha256.Sum256(block.Bytes)
		subject := foreign.Text(certificate.Subject.String(), 120)
		a := authority{
			pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes}),
			told: fmt.Sprintf("SHA-256 fingerprint %s, subject %s, ends %s",
				strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":"), subject, certificate.NotAfter.UTC().Format(time.DateOnly)),
		}
		if !certificate.IsCA {
			a.warns = append(a.warns, "The certificate of "+subject+" is no authority's: it ends with the registry's own, or does not help at all")
		}
		if p.Now.After(certificate.NotAfter) {
			a.warns = append(a.warns, "The certificate of "+subject+" is out of date")
		}
		all = append(all, a)
	}
	return all
}

// hostsCA gives the node an authority, only from a file that the person gives:
// what the connection itself shows proves nothing. containerd takes the setting
// of the registry's host for its token service and for redirects as well.
func (p byHand) hostsCA() []Remedy {
	host := p.endpoint()
	r := Remedy{ID: "hosts-toml-ca", Title: fmt.Sprintf("Have %s trust the authority of %s for this registry alone", orWords(p.node(), "the node"), orWords(host, "the registry"))}
	found := p.authorities()
	if p.mirrored() {
		r.Title = fmt.Sprintf("Have %s trust the authority of the mirror %s", orWords(p.node(), "the node"), orWords(p.asked(), "that is asked"))
		r.Steps = []Step{p.inTable("ca = the path of the authority's certificate, which whoever runs the mirror gives you", "ca_file under tls, to the path of the authority's certificate, which whoever runs the mirror gives you")}
		return []Remedy{r}
	}
	if host == "" || len(found) == 0 {
		r.Needs = "--ca FILE"
		r.Steps = []Step{{
			What:  "Get the authority's certificate from whoever runs the registry, not from the connection, and compare its SHA-256 fingerprint over another way",
			Where: withKubectl, Afterwards: "openssl x509 -noout -fingerprint -sha256 -in FILE prints the fingerprint that they told you",
		}}
		return []Remedy{r}
	}
	var bundle bytes.Buffer
	var told []string
	for _, a := range found {
		bundle.Write(a.pem)
		told = append(told, a.told)
		r.Risks = append(r.Risks, a.warns...)
	}
	r.Because = "your file " + foreign.Text(orWords(p.o.CAFile, "of certificates"), 200) + " has " + strings.Join(told, "; ")
	if all, ok := p.unlikeHosts(r, registrySetting{first: "https://" + host, authority: bundle.String(), told: strings.Join(told, "; ")}, "the next attempt gets past the TLS handshake"); ok {
		all[0].Risks = append(all[0].Risks, "Whoever holds that authority's key can hand out images of "+p.host()+" to this node")
		return all
	}
	if p.runtime() == crio {
		file := "/etc/containers/certs.d/" + p.host() + "/ca.crt"
		dir := strings.TrimSuffix(file, "/ca.crt")
		r.Steps = []Step{{What: "Make the registry's folder", Where: p.onNode(), Commands: printable(sh("mkdir", "-p", dir)), Afterwards: "it is there"}, {
			What: "Write the authority's certificate; CRI-O reads it at the next pull: " + told[0], Where: p.onNode(),
			File: &File{Path: file, Content: bundle.String()}, Afterwards: "the next attempt gets past the TLS handshake",
		}}
		r.Undo = []Step{{What: "Take the certificate away", Where: p.onNode(), Commands: printable(sh("rm", file)), Afterwards: "the node trusts what it trusted before"}}
		return []Remedy{r}
	}
	dir := orWords(p.system().certs, certsDir) + "/" + p.host()
	before := []Step{{
		What: "Write the authority's certificate: " + strings.Join(told, "; "), Where: p.onNode(),
		File: &File{Path: dir + "/ca.crt", Content: bundle.String()}, Afterwards: "sha256sum of your file's certificates and of this one agree",
	}}
	text := fmt.Sprintf("server = %q\n\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = %q\n", "https://"+host, "https://"+host, dir+"/ca.crt")
	r.Risks = append(r.Risks, "Whoever holds that authority's key can hand out images of "+p.host()+" to this node")
	all := p.hostsFile(r, text, before, "the next attempt gets past the TLS handshake")
	all[0].Undo = append(all[0].Undo, Step{What: "Take the certificate away", Where: p.onNode(), Commands: printable(sh("rm", "-f", dir+"/ca.crt")), Afterwards: "the node trusts what it trusted before"})
	return all
}

// systemCA gives the authority to the node's own store, for the registry's
// token service and blob store as well.
func (p byHand) systemCA() []Remedy {
	found := p.authorities()
	if p.o.CA == "" || len(found) == 0 {
		return nil
	}
	var bundle bytes.Buffer
	var told, risks []string
	for _, a := range found {
		bundle.Write(a.pem)
		told = append(told, a.told)
		risks = append(risks, a.warns...)
	}
	const file = "/usr/local/share/ca-certificates/registry-authority.crt"
	s := p.system()
	return []Remedy{{
		ID: "system-ca", Title: "Have " + orWords(p.node(), "the node") + " trust the authority for everything",
		Because: "the token service or the blob store has its certificate from the same authority, and hosts.toml is about the registry alone",
		Steps: []Step{{
			What: "Write the authority's certificate and take it into the system's store (on Fedora and its kin: /etc/pki/ca-trust/source/anchors and update-ca-trust): " + strings.Join(told, "; "), Where: p.onNode(),
			File:     &File{Path: file, Content: bundle.String()},
			Commands: printable(sh("update-ca-certificates"), sh("systemctl", "restart", s.unit)), Afterwards: "1 added; the next attempt gets past the TLS handshake",
		}},
		Undo: []Step{{
			What: "Take the certificate out again", Where: p.onNode(),
			Commands: printable(sh("rm", "-f", file), sh("update-ca-certificates", "--fresh"), sh("systemctl", "restart", s.unit)), Afterwards: "1 removed",
		}},
		Risks: append(append(risks, "Every program of the node then trusts that authority for every name"), s.restartRisks()...),
	}}
}

// tlsAtRegistry is what the registry's side has to do about its certificate.
func (p byHand) tlsAtRegistry() []Remedy {
	host := p.asked()
	at := withPort(orWords(host, "HOST"))
	show := ""
	if host != "" {
		words := []string{"openssl", "s_client", "-connect", at}
		if !isAddress(host) {
			words = append(words, "-servername", bareHost(host))
		}
		show = joined("<", sh(append(words, "-showcerts")...), sh("/dev/null"))
	}
	what := map[string]string{
		"TLSInvalid":            "Renew the certificate, with all names that images use, and serve it with its intermediates",
		"TLSVersionUnsupported": "Turn TLS 1.2 and 1.3 on where the connection ends (the registry, its ingress, the load balancer), or bring that software up to date",
		"TLSUntrusted":          "If an intermediate is missing, serve the full chain: the leaf first, then each that signed the one before",
		"HTTPInsteadOfHTTPS":    "Give the registry a certificate, on the port that images name",
	}[p.cause.Cause]
	return []Remedy{{
		ID: "tls-at-registry", Title: "Mend TLS where " + orWords(host, "the registry") + " ends it",
		Steps: []Step{{
			What: orWords(what, "Mend the certificate of the registry"), Where: atRegistry, Commands: printable(show),
			Afterwards: "openssl shows the chain, a protocol of TLSv1.2 or TLSv1.3, and an end that lies ahead; nodes need nothing, the next attempt succeeds",
		}},
	}}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pullmedic/pullmedic/symptom"
)

// causes are the causes that a Sign suggests first, as the corpus labels them.
var causes = map[symptom.Sign][]string{
	symptom.Other:                    {"Other"},
	symptom.InvalidReference:         {"InvalidImageName"},
	symptom.ShortNameRefused:         {"InvalidImageName"},
	symptom.TagNotFound:              {"TagNotFound"},
	symptom.DigestNotFound:           {"DigestNotFound"},
	symptom.RepositoryNotFound:       {"RepositoryNotFound"},
	symptom.PlatformNotFound:         {"PlatformMismatch"},
	symptom.ManifestNotSupported:     {"UnsupportedManifest"},
	symptom.BlobNotFound:             {"LayerMissing"},
	symptom.ContentDiffers:           {"ContentMismatch"},
	symptom.AccessDenied:             {"AccessDeniedAmbiguous"},
	symptom.LoginRequired:            {"CredentialsMissing"},
	symptom.CredentialRejected:       {"CredentialsInvalid"},
	symptom.CredentialExpired:        {"CredentialsExpired"},
	symptom.PermissionDenied:         {"PermissionDenied"},
	symptom.SecretNotFound:           {"SecretMissing"},
	symptom.SecretUnreadable:         {"SecretMalformed"},
	symptom.ProviderFailed:           {"CredentialProviderFailure"},
	symptom.ClientCertificateAsked:   {"ClientCertificateRequired"},
	symptom.HostNotResolved:          {"DNSFailure"},
	symptom.ConnectionTimeout:        {"ConnectionTimeout"},
	symptom.ConnectionRefused:        {"ConnectionRefused"},
	symptom.ConnectionReset:          {"ConnectionReset"},
	symptom.NoRoute:                  {"NoRoute"},
	symptom.TLSVersionUnsupported:    {"TLSVersionUnsupported", "TLSInvalid"},
	symptom.TLSUntrusted:             {"TLSUntrusted"},
	symptom.TLSInvalid:               {"TLSInvalid"},
	symptom.ClockSkew:                {"ClockSkew"},
	symptom.HTTPInsteadOfHTTPS:       {"HTTPInsteadOfHTTPS"},
	symptom.ProxyFailed:              {"ProxyFailure"},
	symptom.RateLimited:              {"RateLimited"},
	symptom.RegistryUnavailable:      {"RegistryUnavailable"},
	symptom.RegistryPolicy:           {"RegistryPolicyBlocked"},
	symptom.UpstreamCacheFailed:      {"UpstreamCacheFailure"},
	symptom.MirrorFailed:             {"MirrorFailure"},
	symptom.DiskFull:                 {"DiskFull"},
	symptom.CacheCorrupted:           {"CorruptedCache"},
	symptom.UnpackFailed:             {"UnpackFailed"},
	symptom.RuntimeUnavailable:       {"RuntimeUnavailable"},
	symptom.RuntimeConfigInvalid:     {"RuntimeConfigInvalid"},
	symptom.PullTimeout:              {"PullTimeout"},
	symptom.ThrottledByKubelet:       {"PullThrottledByKubelet"},
	symptom.NeverPull:                {"NeverPull"},
	symptom.SignatureRejected:        {"SignatureRejected"},
	symptom.AdmissionDenied:          {"AdmissionDenied"},
	symptom.CredentialReverification: {"CredentialReverification"},
}

// corpusRow is a line of an external corpus of labelled messages.
type corpusRow struct {
	ID      string   `json:"id"`
	Message string   `json:"message"`
	Label   string   `json:"label"`
	Alt     []string `json:"alt"`
}

// readCorpus returns the rows of the file that PULLMEDIC_CORPUS names, and the
// table of equivalents.json beside it (cause: labels it stands for).
func readCorpus(tb testing.TB) ([]corpusRow, map[string][]string) {
	tb.Helper()
	path := os.Getenv("PULLMEDIC_CORPUS")
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		tb.Fatalf("opening the corpus: %v", err)
	}
	defer file.Close()
	var rows []corpusRow
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var row corpusRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			tb.Fatalf("reading the corpus, line %d: %v", len(rows)+1, err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		tb.Fatalf("reading the corpus: %v", err)
	}
	equivalents := map[string][]string{}
	if data, err := os.ReadFile(filepath.Join(filepath.Dir(path), "equivalents.json")); err == nil {
		if err := json.Unmarshal(data, &equivalents); err != nil {
			tb.Fatalf("reading equivalents.json: %v", err)
		}
	}
	return rows, equivalents
}

// A retired registry shows as something missing or hidden; the catalogue tells
// it from the reference.
var retiredShowsAs = []symptom.Sign{symptom.TagNotFound, symptom.RepositoryNotFound, symptom.DigestNotFound, symptom.AccessDenied, symptom.HostNotResolved}

func TestExternalCorpus(t *testing.T) {
	rows, equivalents := readCorpus(t)
	if rows == nil {
		t.Skip("PULLMEDIC_CORPUS names no file of labelled messages: left out")
	}
	hits := 0
	for _, row := range rows {
		got := symptom.Parse(row.Message)
		accepted := append([]string{row.Label}, row.Alt...)
		hit := row.Label == "RegistryRetired" && slices.Contains(retiredShowsAs, got.Sign) && got.Reference != ""
		for _, cause := range causes[got.Sign] {
			hit = hit || slices.Contains(accepted, cause)
			for _, label := range equivalents[cause] {
				hit = hit || slices.Contains(accepted, label)
			}
		}
		if hit {
			hits++
		} else {
			t.Logf("%s: %s, want %v: %q", row.ID, got.Sign, accepted, row.Message)
		}
	}
	share := 100 * float64(hits) / float64(len(rows))
	t.Logf("%d of %d as labelled (%.1f %%)", hits, len(rows), share)
	if share < 95 {
		t.Errorf("%.1f %% as labelled, want at least 95 %%", share)
	}
}

func BenchmarkExternalCorpus(b *testing.B) {
	rows, _ := readCorpus(b)
	if rows == nil {
		b.Skip("PULLMEDIC_CORPUS names no file of labelled messages: left out")
	}
	for i := 0; b.Loop(); i++ {
		symptom.Parse(rows[i%len(rows)].Message)
	}
}

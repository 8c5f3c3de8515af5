// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// toHost sends every request to one host and counts those that write.
type toHost struct {
	host   string
	writes atomic.Int64
}

func (h *toHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.writes.Add(1)
	}
	r = r.Clone(r.Context())
	r.URL.Host = h.host
	return (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
}

func TestImagesAreWrittenOnceAndHaveTheirPlatforms(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	storage := &toHost{host: address.Host}
	if err := push(t.Context(), storage, []byte("a program"), All); err != nil {
		t.Fatal(err)
	}
	for _, image := range All {
		for _, tag := range image.Tags {
			reference, err := stored(image.Registry, image.Repository, tag)
			if err != nil {
				t.Fatal(err)
			}
			index, err := remote.Index(reference, remote.WithTransport(storage))
			if err != nil {
				t.Errorf("%s is not there: %v", reference, err)
				continue
			}
			manifest, err := index.IndexManifest()
			if err != nil || len(manifest.Manifests) != len(image.Platforms) {
				t.Errorf("%s: %d manifests, %v; want %v", reference, len(manifest.Manifests), err, image.Platforms)
				continue
			}
			for i, platform := range image.Platforms {
				if got := manifest.Manifests[i].Platform; got == nil || got.OS != "linux" || got.Architecture != platform {
					t.Errorf("%s: platform %v, want %s", reference, got, platform)
				}
			}
		}
	}
	wrote := storage.writes.Load()
	if err := push(t.Context(), storage, []byte("a program"), All); err != nil {
		t.Fatal(err)
	}
	if again := storage.writes.Load() - wrote; again != 0 || wrote == 0 {
		t.Errorf("writing took %d requests, and writing again %d; want none again", wrote, again)
	}
}

func TestImagesAreStoredWhereTheFrontsLook(t *testing.T) {
	reference, err := stored("harbor.acme.example:8443", "acme/app", "1.27.4")
	if err != nil || reference.Context().RepositoryStr() != "harbor.acme.example/acme/app" || reference.Identifier() != "1.27.4" {
		t.Errorf("%v, %v", reference, err)
	}
}

func TestAnUnknownRegistryIsAnError(t *testing.T) {
	if err := push(t.Context(), &http.Transport{}, nil, []Image{{"nowhere.example", "a", []string{"1"}, amd64, ""}}); err == nil {
		t.Error("no error for a registry that layout does not have")
	}
}

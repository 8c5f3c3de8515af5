// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A shelf is what a registry holds: manifests by repository:tag and
// repository@digest, and blobs by their digest.
type shelf struct {
	manifests map[string]manifest
	blobs     map[string][]byte
	tags      map[string][]string
}

type manifest struct {
	mediaType string
	body      []byte
}

func newShelf() *shelf {
	return &shelf{manifests: map[string]manifest{}, blobs: map[string][]byte{}, tags: map[string][]string{}}
}

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// encoded is a value of the image specification as JSON. Such values always
// marshal.
func encoded(value any) []byte {
	text, _ := json.Marshal(value)
	return text
}

// image puts an index with one image for each architecture on the shelf, and
// returns the digests of its layers.
func (s *shelf) image(repository string, tags []string, architectures ...string) (layers []string) {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, arch := range architectures {
		layer := encoded("the layer of " + repository + " for " + arch)
		config := encoded(v1.ConfigFile{OS: "linux", Architecture: arch, RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{hash(layer)}}})
		body := encoded(v1.Manifest{
			SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
			Config: descriptor(types.OCIConfigJSON, config),
			Layers: []v1.Descriptor{descriptor(types.OCILayer, layer)},
		})
		s.blobs[digestOf(config)], s.blobs[digestOf(layer)] = config, layer
		s.manifests[repository+"@"+digestOf(body)] = manifest{string(types.OCIManifestSchema1), body}
		child := descriptor(types.OCIManifestSchema1, body)
		child.Platform = &v1.Platform{OS: "linux", Architecture: arch}
		index.Manifests = append(index.Manifests, child)
		layers = append(layers, digestOf(layer))
	}
	s.put(repository, tags, manifest{string(types.OCIImageIndex), encoded(index)})
	return layers
}

// put puts a manifest on the shelf.
func (s *shelf) put(repository string, tags []string, m manifest) {
	s.manifests[repository+"@"+digestOf(m.body)] = m
	for _, tag := range tags {
		s.manifests[repository+":"+tag] = m
	}
	s.tags[repository] = append(s.tags[repository], tags...)
}

func hash(body []byte) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: strings.TrimPrefix(digestOf(body), "sha256:")}
}

func descriptor(mediaType types.MediaType, body []byte) v1.Descriptor {
	return v1.Descriptor{MediaType: mediaType, Digest: hash(body), Size: int64(len(body))}
}

// An asked is a request of the distribution API in parts.
type asked struct{ repository, kind, reference string }

// parse takes the path /v2/REPOSITORY/KIND/REFERENCE apart; the zero asked is
// any other.
func parse(path string) asked {
	rest, ok := strings.CutPrefix(path, "/v2/")
	if !ok {
		return asked{}
	}
	for _, kind := range []string{"manifests", "blobs", "tags"} {
		if repository, reference, ok := strings.Cut(rest, "/"+kind+"/"); ok {
			return asked{repository, kind, reference}
		}
	}
	return asked{}
}

// serve answers as the distribution specification says.
func (s *shelf) serve(w http.ResponseWriter, r *http.Request, a asked) {
	tags, known := s.tags[a.repository]
	switch {
	case !known:
		refuse(w, r, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
	case a.kind == "tags" && a.reference == "list":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(encoded(map[string]any{"name": a.repository, "tags": tags}))
	case a.kind == "blobs":
		body, ok := s.blobs[a.reference]
		if !ok {
			refuse(w, r, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Docker-Content-Digest", a.reference)
		write(w, r, body)
	case a.kind == "manifests":
		separator := ":"
		if strings.Contains(a.reference, ":") {
			separator = "@"
		}
		m, ok := s.manifests[a.repository+separator+a.reference]
		if !ok {
			refuse(w, r, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
			return
		}
		w.Header().Set("Content-Type", m.mediaType)
		w.Header().Set("Docker-Content-Digest", digestOf(m.body))
		write(w, r, m.body)
	default:
		http.NotFound(w, r)
	}
}

// write writes a body, or of it only the length to who asks for that.
func write(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a caller that went away is no fault
	}
}

// refuse answers with an error in the form of the distribution specification.
func refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// Media types of what the runtimes can pull.
const (
	mediaOCIIndex       = "application/vnd.oci.image.index.v1+json"
	mediaOCIManifest    = "application/vnd.oci.image.manifest.v1+json"
	mediaOCIConfig      = "application/vnd.oci.image.config.v1+json"
	mediaDockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	mediaDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	mediaDockerConfig   = "application/vnd.docker.container.image.v1+json"
	mediaSchema1        = "application/vnd.docker.distribution.manifest.v1"
)

// document is an index or a manifest.
type document struct {
	SchemaVersion int             `json:"schemaVersion"`
	MediaType     string          `json:"mediaType"`
	Config        *descriptor     `json:"config"`
	Layers        []descriptor    `json:"layers"`
	Manifests     []descriptor    `json:"manifests"`
	FSLayers      json.RawMessage `json:"fsLayers"`
}

type descriptor struct {
	MediaType string    `json:"mediaType"`
	Digest    string    `json:"digest"`
	Size      int64     `json:"size"`
	URLs      []string  `json:"urls"`
	Platform  *platform `json:"platform"`
}

type platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

// open tells that an entry of an index does not say its platform.
func (p *platform) open() bool { return p == nil || *p == platform{} }

func (p platform) evidence() evidence.Platform {
	return evidence.Platform{OS: p.OS, Arch: p.Architecture, Variant: p.Variant}
}

// isIndex: it lists manifests, whatever it calls itself.
func (d document) isIndex() bool { return len(d.Manifests) > 0 || isIndexType(d.MediaType) }

func isIndexType(mediaType string) bool {
	return mediaType == mediaOCIIndex || mediaType == mediaDockerList
}

// Errors of readDocument.
var (
	errSchema1     = errors.New("is of schema 1, which the runtimes no longer take")
	errNotManifest = errors.New("is no manifest of an image")
	errTooLarge    = fmt.Errorf("is larger than %d MiB, which the runtimes refuse", maxManifestBytes>>20)
	errCompressed  = errors.New("came compressed though nobody asked for that")
)

// readDocument reads an index or a manifest out of an answer of status 200. Its
// errors fit after "the manifest".
func readDocument(a *answer) (document, error) {
	var d document
	switch encoding := a.header.Get("Content-Encoding"); {
	case a.cut:
		return d, errTooLarge
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return d, errCompressed
	}
	mediaType, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	mediaType = strings.TrimSpace(strings.ToLower(mediaType))
	if strings.HasPrefix(mediaType, mediaSchema1+"+") {
		return d, errSchema1
	}
	if err := json.Unmarshal(a.body, &d); err != nil {
		return d, errNotManifest
	}
	if d.SchemaVersion == 1 || d.FSLayers != nil {
		return d, errSchema1
	}
	if d.MediaType == "" {
		d.MediaType = mediaType
	}
	if d.isIndex() {
		return d, nil
	}
	if d.Config == nil || !isDigest(d.Config.Digest) {
		return d, errNotManifest
	}
	switch d.Config.MediaType {
	case mediaOCIConfig, mediaDockerConfig, "", "application/octet-stream": // the last two: images of old builders
	default:
		return d, errNotImage
	}
	for _, l := range d.Layers {
		if !isDigest(l.Digest) {
			return d, errNotManifest
		}
	}
	return d, nil
}

var errNotImage = errors.New("is of an artifact and not of an image")

// digestOf returns the digest of a body in the algorithm of another digest,
// sha256 if that is none.
func digestOf(body []byte, like string) string {
	if strings.HasPrefix(like, "sha512:") {
		sum := sha512.Sum512(body)
		return "sha512:" + hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// foreignLayer: its content lies elsewhere by design, and the runtimes do not
// ask the registry for it.
func foreignLayer(d descriptor) bool {
	return len(d.URLs) > 0 && (strings.Contains(d.MediaType, "foreign") || strings.Contains(d.MediaType, "nondistributable"))
}

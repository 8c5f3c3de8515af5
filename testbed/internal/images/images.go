// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package images makes the few small, real images that the testbed's registries
// hold, and writes them there. The same program gives the same digests.
package images

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// An Image is one repository of a registry.
type Image struct {
	Registry   string // layout's name
	Repository string
	Tags       []string
	Platforms  []string // architectures, all linux
	// Extra names a file in a first layer of the image's own; the layer of the
	// program is the same everywhere, so nodes have it already. The layer of
	// NotAnArchive is none, though its digest is right.
	Extra string
}

// NotAnArchive is the Extra of an image that cannot be unpacked, Large and
// LargeToo those of images with a layer of two megabytes that do not compress.
const (
	NotAnArchive = "not an archive"
	Large        = "large"
	LargeToo     = "large too"
)

var (
	amd64 = []string{"amd64"}
	arm64 = []string{"arm64"}
)

// All images that the registries hold. Whoever may pull what is said in
// registries.Policies.
var All = []Image{
	{registries.Plain, "acme/app", []string{"1.27.2", "1.27.3", "1.27.4", "1.28.0", "latest"}, amd64, ""},
	{registries.Plain, "acme/arm", []string{"1.0"}, arm64, ""},
	{registries.Plain, "acme/render", []string{"3.1"}, amd64, "scene"},
	{registries.Plain, "acme/slow", []string{"1.0"}, amd64, "slow"},
	{registries.Plain, "acme/torn", []string{"1.0"}, amd64, "torn"},
	{registries.Plain, "acme/short", []string{"1.0"}, amd64, "short"},
	{registries.Plain, "acme/multi", []string{"1.0"}, []string{"amd64", "arm64"}, ""},
	{registries.Quiet, "acme/app", []string{"1.27.4"}, amd64, ""},
	{registries.Edge, "acme/edge", []string{"1.0"}, amd64, ""},
	{registries.Edge, "acme/app", []string{"1.27.4"}, amd64, ""},
	{registries.Vault, "acme/app", []string{"1.27.4"}, amd64, ""},
	{registries.Hub, "acme/app", []string{"1.27.3", "1.27.4"}, amd64, ""},
	{registries.Hub, "acme/limited", []string{"2.1"}, amd64, ""},
	{registries.Hub, "acme/known", []string{"3.0"}, amd64, ""},
	{registries.Hub, "acme/private", []string{"3.0"}, amd64, ""},
	{registries.Hub, "library/tool", []string{"1.36"}, amd64, ""},
	{registries.Hub, "ratelimitpreview/test", []string{"latest"}, amd64, ""},
	{registries.GitHub, "acme/tool", []string{"0.9"}, amd64, ""},
	{registries.GitHub, "acme/private", []string{"0.9"}, amd64, ""},
	{registries.ECR, "acme/ledger", []string{"5.2"}, amd64, ""},
	{registries.ACR, "acme/app", []string{"1.27.4"}, amd64, ""},
	{registries.Harbor, "acme/app", []string{"1.27.3", "1.27.4"}, amd64, ""},
	{registries.Harbor, "other/app", []string{"1.0"}, amd64, ""},
	{registries.Harbor, "acme/verified", []string{"1.0"}, amd64, "verified"},
	{registries.Harbor, "acme/provided", []string{"1.0"}, amd64, ""},
	{registries.Harbor, "acme/unprovided", []string{"1.0"}, amd64, ""},
	{registries.Locked, "acme/app", []string{"1.27.4"}, amd64, ""},
	{registries.Strict, "acme/app", []string{"1.27.4"}, amd64, ""},
	{registries.Strict, "acme/arm", []string{"1.0"}, arm64, ""},
	{registries.Content, "acme/map", []string{"4.0"}, amd64, "map"},
	{registries.Plain, "acme/family", []string{"1.0"}, amd64, "family"},
	{registries.Plain, "acme/broken", []string{"1.0"}, amd64, NotAnArchive},
	{registries.Plain, "acme/cached", []string{"1.0"}, amd64, "cached"},
	{registries.Plain, "acme/kept", []string{"1.0"}, amd64, "kept"},
	{registries.Plain, "acme/stock", []string{"1.0"}, amd64, "stock"},
	{registries.Plain, "acme/unsigned", []string{"1.0"}, amd64, ""},
	{registries.Plain, "acme/lost", []string{"1.0"}, amd64, "lost"},
	{registries.Plain, "acme/large", []string{"1.0"}, amd64, Large},
	{registries.Quiet, "acme/large", []string{"2.0"}, amd64, LargeToo},
	{registries.Quiet, "acme/arm", []string{"1.0"}, arm64, ""},
	{registries.Quiet, "acme/render", []string{"3.1"}, amd64, "quiet scene"},
	{registries.Plain, "acme/late", []string{"1.0"}, amd64, "late"},
	{registries.GitHub, "acme/busy", []string{"1.0"}, amd64, ""},
}

// Push writes all images to distribution, whose unix socket is given. program
// is the static program that each of them runs. Images that are there already
// cost one HEAD each.
func Push(ctx context.Context, socket, program string) error {
	text, err := os.ReadFile(program)
	if err != nil {
		return fmt.Errorf("reading the program of the images: %w", err)
	}
	return push(ctx, registries.StorageTransport(socket), text, All)
}

func push(ctx context.Context, storage http.RoundTripper, program []byte, images []Image) error {
	built := map[string]v1.ImageIndex{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, image := range images {
		key := fmt.Sprint(image.Platforms, image.Extra)
		if built[key] == nil {
			index, err := build(program, image.Platforms, image.Extra)
			if err != nil {
				return err
			}
			built[key] = index
		}
		index := built[key]
		group.Go(func() error { return image.push(ctx, storage, index) })
	}
	return group.Wait()
}

// stored is where distribution keeps an image of a registry.
func stored(registry, repository, reference string) (name.Reference, error) {
	at := slices.IndexFunc(layout.Registries, func(r layout.Registry) bool { return r.Name == registry })
	if at < 0 {
		return nil, fmt.Errorf("there is no registry %s in the testbed", registry)
	}
	path := "distribution.local/" + registries.StoragePrefix(layout.Registries[at]) + "/" + repository
	separator := ":"
	if _, err := v1.NewHash(reference); err == nil {
		separator = "@"
	}
	found, err := name.ParseReference(path+separator+reference, name.Insecure)
	if err != nil {
		return nil, fmt.Errorf("naming an image of registry %s: %w", registry, err)
	}
	return found, nil
}

func (i Image) push(ctx context.Context, storage http.RoundTripper, index v1.ImageIndex) error {
	digest, err := index.Digest()
	if err != nil {
		return fmt.Errorf("building %s/%s: %w", i.Registry, i.Repository, err)
	}
	for _, tag := range i.Tags {
		reference, err := stored(i.Registry, i.Repository, tag)
		if err != nil {
			return err
		}
		options := []remote.Option{remote.WithTransport(storage), remote.WithContext(ctx)}
		if there, err := remote.Head(reference, options...); err == nil && there.Digest == digest {
			continue
		}
		if err := remote.WriteIndex(reference, index, options...); err != nil {
			return fmt.Errorf("writing image %s/%s:%s: %w", i.Registry, i.Repository, tag, err)
		}
	}
	return nil
}

// Digest is the digest of an image that a registry holds.
func Digest(ctx context.Context, socket, registry, repository, tag string) (string, error) {
	reference, err := stored(registry, repository, tag)
	if err != nil {
		return "", err
	}
	there, err := remote.Head(reference, remote.WithTransport(registries.StorageTransport(socket)), remote.WithContext(ctx))
	if err != nil {
		return "", fmt.Errorf("asking for the digest of %s/%s:%s: %w", registry, repository, tag, err)
	}
	return there.Digest.String(), nil
}

// Layer is the digest of the first layer of the first platform of an image that
// a registry holds.
func Layer(ctx context.Context, socket, registry, repository, tag string) (string, error) {
	reference, err := stored(registry, repository, tag)
	if err != nil {
		return "", err
	}
	image, err := remote.Image(reference, remote.WithTransport(registries.StorageTransport(socket)), remote.WithContext(ctx), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"}))
	if err != nil {
		return "", fmt.Errorf("reading image %s/%s:%s: %w", registry, repository, tag, err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		return "", fmt.Errorf("reading image %s/%s:%s: %w", registry, repository, tag, err)
	}
	if len(manifest.Layers) == 0 {
		return "", fmt.Errorf("reading image %s/%s:%s: it has no layer", registry, repository, tag)
	}
	return manifest.Layers[0].Digest.String(), nil
}

// epoch is the time of everything inside the images.
var epoch = time.Unix(1767225600, 0).UTC()

// build makes an index with one image for each architecture. All of them hold
// the same program: who runs the wrong one never gets that far.
func build(program []byte, architectures []string, extra string) (v1.ImageIndex, error) {
	if len(architectures) == 0 {
		return nil, errors.New("building an image for no platform")
	}
	var layers []v1.Layer
	switch content := []byte(extra); extra {
	case "":
	case NotAnArchive:
		layers = append(layers, static.NewLayer(content, types.OCILayer))
	default:
		if extra == Large || extra == LargeToo {
			content = make([]byte, 2<<20)
			_, _ = rand.NewChaCha8([32]byte{byte(len(extra))}).Read(content) // never fails, and gives the same each time
		}
		layer, err := layerOf(extra, content)
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	layer, err := layerOf("app", program)
	if err != nil {
		return nil, err
	}
	layers = append(layers, layer)
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range architectures {
		image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
		image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
		for _, layer := range layers {
			image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{Created: v1.Time{Time: epoch}, CreatedBy: "testbed"}})
			if err != nil {
				return nil, fmt.Errorf("building an image: %w", err)
			}
		}
		config, err := image.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("building an image: %w", err)
		}
		config = config.DeepCopy()
		config.OS, config.Architecture, config.Created = "linux", architecture, v1.Time{Time: epoch}
		config.Config.Entrypoint = []string{"/app"}
		if image, err = mutate.ConfigFile(image, config); err != nil {
			return nil, fmt.Errorf("building an image: %w", err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	return index, nil
}

func layerOf(path string, content []byte) (v1.Layer, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	header := &tar.Header{Name: path, Mode: 0o755, Size: int64(len(content)), ModTime: epoch}
	if err := w.WriteHeader(header); err != nil {
		return nil, fmt.Errorf("writing a layer: %w", err)
	}
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("writing a layer: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing a layer: %w", err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("writing a layer: %w", err)
	}
	return layer, nil
}

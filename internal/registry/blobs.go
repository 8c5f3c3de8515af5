// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

// blobsAtOnce is how many blobs are asked for at the same time.
const blobsAtOnce = 6

// maxLayerBytes is the largest size of a layer that is believed (32 TiB).
const maxLayerBytes = 1 << 45

// blobs asks for the config with GET, because its platform counts and because a
// GET goes the way of the layers, to the blob store; and for the layers with
// HEAD.
func (l *ladder) blobs(ctx context.Context, a attempt, d document) {
	layers := d.ownLayers()
	if most := l.prober.options.MaxBlobs; len(layers) > most {
		l.gap(evidence.CheckBlobs, l.imageSubject(), fmt.Sprintf("only %d of its %d layers were asked for", most, len(layers)), "")
		layers = layers[:most]
	}
	start := time.Now()
	replies, asked := make([]reply, len(layers)), make([]bool, len(layers))
	var config reply
	var configAsked bool
	var all sync.WaitGroup
	places := make(chan struct{}, blobsAtOnce)
	all.Go(func() {
		config, configAsked = l.prober.ask(ctx, l.base.blob(http.MethodGet, l.reference.Repository, d.Config.Digest, maxManifestBytes), a.auth)
	})
	for i, layer := range layers {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			replies[i], asked[i] = l.layer(ctx, a, layer.Digest)
		})
	}
	all.Wait()
	took := time.Since(start)

	if !configAsked {
		l.outOfTime(evidence.CheckConfig, l.imageSubject())
		return
	}
	if !l.readConfig(a, *d.Config, config) || !l.readLayers(a, layers, replies, asked) {
		return
	}
	var size int64
	var largest descriptor
	for _, layer := range layers {
		size += min(max(layer.Size, 0), maxLayerBytes) // sizes are what the registry says
		if layer.Size > largest.Size {
			largest = layer
		}
	}
	stores := blobStores(l.base.host, slices.Concat(replies, []reply{config}))
	from := ""
	if stores != "" {
		from = ", at " + stores
	}
	l.tell(evidence.CheckBlobs, evidence.BlobsPresent, l.imageSubject(), config, details{"layers": strconv.Itoa(len(layers)), "bytes": strconv.FormatInt(size, 10), "largest": strconv.FormatInt(largest.Size, 10), "stores": stores},
		"the config and %s of %s (%s compressed) are there%s", counted(len(layers), "layer"), l.imageName(), bytesOf(size), from)
	l.findings[len(l.findings)-1].Took = took
	if l.target.Measure {
		l.measure(ctx, a, largest, size)
	}
}

// ownLayers are the layers that the registry has to give, each once.
func (d document) ownLayers() []descriptor {
	var layers []descriptor
	known := map[string]bool{} // a manifest of 4 MiB can name 50,000 layers
	for _, layer := range d.Layers {
		if !foreignLayer(layer) && !known[layer.Digest] {
			known[layer.Digest] = true
			layers = append(layers, layer)
		}
	}
	return layers
}

// layer asks for one layer. A refused HEAD is asked again as a GET of one byte:
// a blob store's signed URL may allow GET alone, and a refusal has words.
func (l *ladder) layer(ctx context.Context, a attempt, digest string) (reply, bool) {
	r, ok := l.prober.ask(ctx, l.base.blob(http.MethodHead, l.reference.Repository, digest, 0), a.auth)
	switch r.status() {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
	default:
		return r, ok
	}
	c := l.base.blob(http.MethodGet, l.reference.Repository, digest, 1)
	c.first = 1
	return l.prober.ask(ctx, c, a.auth)
}

// readConfig checks that the config is what the manifest names, and of an image
// that the node runs.
func (l *ladder) readConfig(a attempt, want descriptor, r reply) bool {
	if !l.readBlob(evidence.CheckConfig, a, want, r, "config") {
		return false
	}
	if r.answer.cut {
		l.tell(evidence.CheckConfig, evidence.ManifestNotSupported, l.imageSubject(), r, nil, "the config of %s is larger than %d MiB", l.imageName(), maxManifestBytes>>20)
		return false
	}
	if got := digestOf(r.answer.body, want.Digest); got != want.Digest {
		l.tell(evidence.CheckConfig, evidence.ContentDiffers, l.imageSubject(), r, details{"wanted": want.Digest, "got": got, "host": r.answer.host},
			"%s sends a config of %s with the digest %s, not %s", r.answer.host, l.imageName(), shortDigest(got), shortDigest(want.Digest))
		return false
	}
	var image platform
	if json.Unmarshal(r.answer.body, &image) != nil || image.OS == "" || image.Architecture == "" {
		return true // some builders leave it out, and the runtimes let them
	}
	node := l.target.Platform
	if node.OS == "" || node.Arch == "" || slices.ContainsFunc(l.findings, func(f evidence.Finding) bool { return f.Check == evidence.CheckPlatform }) {
		return true
	}
	built := platformName(image.evidence())
	d := details{"platform": built, "platforms": built}
	switch {
	case takes(node, image.evidence()):
	case l.byConfig:
		d["platform"] = platformName(node)
		l.tell(evidence.CheckPlatform, evidence.PlatformAbsent, l.imageSubject(), r, d, "%s has nothing for %s, only %s", l.imageName(), platformName(node), built)
		return false
	default:
		// No runtime looks at the platform of a manifest that no index leads to:
		// containerd (images.Manifest, the unpacker of a pull) and
		// containers/image (copy/single.go) pull it, and what is in it does not start.
		d["platform"] = platformName(node)
		l.tell(evidence.CheckPlatform, evidence.PlatformDiffers, l.imageSubject(), r, d, "%s is built for %s alone; %s pulls it, and may be unable to run it", l.imageName(), built, platformName(node))
		return true
	}
	l.tell(evidence.CheckPlatform, evidence.PlatformPresent, l.imageSubject(), r, d, "%s is an image for %s", l.imageName(), built)
	return true
}

// readLayers tells the first layer that is not as it should be, and how many.
func (l *ladder) readLayers(a attempt, layers []descriptor, replies []reply, asked []bool) bool {
	for i, layer := range layers {
		if !asked[i] {
			l.outOfTime(evidence.CheckBlobs, l.imageSubject())
			return false
		}
		if !l.readBlob(evidence.CheckBlobs, a, layer, replies[i], "layer") {
			missing := 0
			for _, r := range replies {
				if r.status() == http.StatusNotFound {
					missing++
				}
			}
			if last := &l.findings[len(l.findings)-1]; last.Outcome == evidence.BlobAbsent {
				last.Details["missing"] = strconv.Itoa(missing)
			}
			return false
		}
	}
	return true
}

// readBlob reads the answer to the question for one blob.
func (l *ladder) readBlob(check evidence.Check, a attempt, want descriptor, r reply, what string) bool {
	if r.failure != nil {
		l.tellFailure(check, l.imageOrStore(r), r, "the question for a "+what)
		return false
	}
	why := readRefusal(r.answer)
	d := l.refused(r, why, a.auth.secrets)
	d["digest"] = want.Digest
	host := r.answer.host
	switch status := r.status(); {
	case status == http.StatusOK || status == http.StatusPartialContent:
		if sent := r.answer.length; status == http.StatusOK && sent > 0 && want.Size > 0 && sent != want.Size {
			d["wanted"], d["got"] = strconv.FormatInt(want.Size, 10), strconv.FormatInt(sent, 10)
			l.tell(check, evidence.ContentDiffers, l.imageSubject(), r, d, "%s has the %s %s of %s with %d bytes instead of %d", host, what, shortDigest(want.Digest), l.imageName(), sent, want.Size)
			return false
		}
		return true
	case status == http.StatusNotFound:
		l.tell(check, evidence.BlobAbsent, l.imageSubject(), r, d, "%s has no %s %s of %s (404)", host, what, shortDigest(want.Digest), l.imageName())
	case status == http.StatusTooManyRequests || status >= 500:
		l.tellUnable(check, l.registrySubject(), r, why, a.auth.secrets)
	case l.prober.words.saysPolicy(status, why):
		l.tell(check, evidence.RegistryPolicy, l.imageSubject(), r, d, "%s refuses the %s %s of %s by a rule of its own (%d)", host, what, shortDigest(want.Digest), l.imageName(), status)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		l.tell(check, evidence.AccessDenied, l.imageOrStore(r), r, d, "%s refuses the %s %s of %s (%d)", host, what, shortDigest(want.Digest), l.imageName(), status)
	default:
		l.tell(check, evidence.RegistryNotV2, l.imageOrStore(r), r, d, "%s answers %d to the question for a %s", host, status, what)
	}
	return false
}

// imageOrStore is the blob store where a redirect led to one, else the image.
func (l *ladder) imageOrStore(r reply) evidence.Subject {
	if r.answer != nil && r.answer.hops > 0 && r.answer.host != l.base.host {
		return evidence.Subject{Kind: evidence.SubjectBlobStore, Name: r.answer.host}
	}
	if r.failure != nil && r.failure.hops > 0 && r.failure.host != l.base.host {
		return evidence.Subject{Kind: evidence.SubjectBlobStore, Name: r.failure.host}
	}
	if r.failure != nil {
		return l.registrySubject()
	}
	return l.imageSubject()
}

// blobStores names the hosts that redirects led to.
func blobStores(registry string, replies []reply) string {
	var hosts []string
	for _, r := range replies {
		if r.answer != nil && r.answer.host != registry && !slices.Contains(hosts, r.answer.host) && len(hosts) < 3 {
			hosts = append(hosts, r.answer.host)
		}
	}
	slices.Sort(hosts)
	return strings.Join(hosts, " ")
}

// bytesOf writes a size for a person.
func bytesOf(n int64) string {
	switch {
	case n < 1<<20:
		return strconv.FormatInt((n+1023)>>10, 10) + " KiB"
	case n < 1<<30:
		return strconv.FormatInt((n+1<<19)>>20, 10) + " MiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<30), 'f', 1, 64) + " GiB"
}

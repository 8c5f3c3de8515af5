// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

// nodeWords are what a runtime says about its own node: its socket, its
// configuration, its disk and content store, unpacking, platforms, manifest
// types and signatures.
var nodeWords = []group{
	// The runtime cannot be reached or lacks the CRI service: a refused unix
	// socket is not a refused registry.
	{rank: asSpeaker, sign: RuntimeUnavailable, words: []string{
		"dial unix", "read unix", "write unix", "error while dialing", "failed to dial", "connection error: desc", "error reading from server",
		"all SubConns are in TransientFailure", "addrConn.createTransport", "transport is closing", "grpc: the client connection is closing",
		"grpc: the connection is unavailable", "unknown service runtime", "unknown service containerd", "server is not initialized yet",
		"connect to the docker daemon", "connect to the docker api", "docker daemon running", "error during connect:", "docker_engine:",
		"validate service connection", "validate cri v1", "getting runtime connection", "unable to determine runtime api version",
		"ListContainers failed", "ListPodSandbox", "container runtime status check", "container runtime is down",
		"PLEG is not healthy", "unable to connect to containerd", "failed to connect to containerd",
		// Docker and whoever speaks its API are too many versions apart.
		"minimum supported API version", "maximum supported API version",
	}},
	{rank: asHint, sign: RuntimeUnavailable, words: []string{
		"code = Unavailable", "code = Unimplemented", "container runtime is not running",
		callFailed, // with which the kubelet logs whatever a call met
	}},
	// A part of it that did not come up: what it met is its affair.
	{rank: asStore, sign: RuntimeUnavailable, words: []string{"failed to load plugin"}},

	// Its configuration: hosts.toml, registries.conf, policy.json, and the
	// certificates that these name (remotes/docker/config/hosts.go of containerd,
	// which only logs that a hosts.toml cannot be read).
	{rank: asSpeaker, sign: RuntimeConfigInvalid, words: []string{
		"hosts.toml", "failed to parse hosts file", "failed to load hosts", "failed to load certs", "failed to parse TOML",
		"unable to read CA cert", "unable to load CA cert", "unable to initialize cert pool", "unable to read CERT file",
		"mirrors cannot be set when", "get TLSConfig for registry", "get registry endpoints", "parse registry endpoint",
		"failed to update http client", "no resolve hosts", "no pull hosts", "failed to load X509 key pair", "can not find snapshotter",
		"snapshotter not loaded", "failed to parse image_pull_progress_timeout",
		"unsupported protocol scheme", // of an endpoint or proxy that is set without one
		// A layer is encrypted, and the node was given no key for it (ocicrypt).
		"needed for decryption", "used for decryption",
		"unable to initialize unpacker", // a snapshotter or differ that is not there
		"loading registries configuration", "loading registries.conf", "invalid policy in", "no policy.json", "loading trust policy",
	}},
	// A file of it that cannot be used. In a layer there may be a file of that
	// name too (settle), and advice mentions them.
	{rank: asStore, sign: RuntimeConfigInvalid, words: []string{
		"unable to parse server", "unknown capability", "failed to decode {config}", "|open {config}", "|stat {config}", "|read {config}", "|reading {config}", "|parse {config}", "|parsing {config}", "|loading {config}",
		"missing key {config}", "missing client certificate {config}", "is blocked in {config}",
	}},

	// The disk. ENOSPC comes wrapped in every kind of unpacking error.
	{rank: asSpeaker, sign: DiskFull, words: []string{
		"no space left", "disk quota exceeded", "out of space", "not enough space on the disk", "insufficient free disk space", "not enough disk space",
		"free data blocks which is less than minimum", // a thin pool of the device mapper
		"failed to garbage collect required amount",   // the kubelet's own collector: all that is left is in use
	}},

	// The content store. "Not found" about local content is damage: containerd's
	// metadata and content packages, containers/storage, Docker's layer store.
	{rank: asStore, sign: CacheCorrupted, words: []string{
		"content digest", "from content store", "expected at {path}: blob not found", "missing parent", "parent snapshot", "snapshot does not exist", "failed to stat parent",
		"failed to stat snapshot", "target snapshot", "from containerd image store", "stat {path}: no such file", "{digest} does not exist: not found",
		"bucket: not found", "failed to resolve rootfs", "failed to get diff ids",
		"image not known", "layer not known", "locating image with id", "locating item named", "unable to find data directory",
		"does not resolve to an image ID", "layer does not exist", "unrecognized image ID",
		"readlink {path}: invalid argument", "readlink {path}: no such file", "file integrity checksum",
	}},
	// A file system or disk that fails. Where a layer was being unpacked, this is
	// how that failed (settle); else it is the store that cannot be read.
	{rank: asUnpack, sign: CacheCorrupted, words: []string{"input/output error", "structure needs cleaning", "stale file handle"}},
	// What was received is not what was asked for, on the way or in the store, or
	// its layers are not those that the image's configuration lists (DiffIDs).
	{rank: asStore, sign: ContentDiffers, words: []string{
		"unexpected commit digest", "unexpected commit size", "failed size validation", "wrong diff id", "filesystem layer verification failed",
		"manifest verification failed", "verification failed for digest", "digest did not match", "did not match digest", "digests did not match",
		"digest mismatch", "does not match expected digest", "does not match provided manifest digest", "content does not match digest",
		"layers from manifest don't match", "match config's DiffID", "blob size mismatch", "size mismatch when copying", "expected {digest}", "verifying sha256 checksum",
	}},
	// Any other words for that, about a digest.
	{rank: asStore, sign: ContentDiffers, digest: true, words: []string{"not match", "mismatch", "unexpected digest", "unexpected DiffID"}},

	// The platform. "exec format error" shows after a pull that went well, so it
	// is told beside another sign or none.
	{rank: asStore, sign: PlatformNotFound, words: []string{
		"no match for platform", "no matching manifest for", "no image found in manifest list", "no image found in image index",
		"no manifest found for platform", "matching platform",
		"cannot be used on this platform", "does not match the specified platform", "does not match the expected platform",
		"does not match the detected host platform", "was found but does not match", "no suitable manifest", "no child with platform",
		"container operating system does not match", "-based image is incompatible with", "unsupported platform",
	}},
	{rank: asSpeaker, sign: elsewhere, beside: PlatformNotFound, words: []string{"exec format error"}},

	// What is there is no image that this runtime takes: Docker schema 1, charts
	// and other artifacts, attestations, layer types newer than the runtime.
	{rank: asStore, sign: ManifestNotSupported, words: []string{
		"unsupported media type", "unknown media type", "unrecognised mediatype", "unrecognized media type", "unhandled media type", "invalid media type", "unsupported content type", "media type is not supported",
		"mediaType in manifest should be", "v1+prettyjws", "no longer supported since containerd", "unsupported docker v2s2",
		"no processor for media-type", "stream processor for", "reference for unknown type", "encountered unknown type",
		"unsupported manifest", "not a supported manifest", "unsupported schema version", "unsupported diff media type", "unsupported MIME",
		"unsupported image-specific operation", "unsupported compression", "unsupported artifact", "unsupported config media type",
		"schema version 1", "schema 1", "schema v1", "no signatures|", "missing signature key", "manifest invalid",
		"invalid rootfs in image configuration", "mismatched image rootfs", "number of layers and diffids",
		"byte manifest for", "reports content size of zero", // of a size that containerd does not take
		"unexpected media type", "target is unknown", "encountered remote", // go-containerregistry, Docker
	}},
	{rank: asHint, sign: ManifestNotSupported, words: []string{"not supported|"}},

	// Signatures: containers/image's policy, containerd's verifiers, Docker's
	// content trust, sigstore clients.
	{rank: asSpeaker, sign: SignatureRejected, runtime: "crio", words: []string{
		"source image rejected", "SignatureValidationFailed", "a signature was required", "invalid GPG signature", "is rejected by policy",
	}},
	{rank: asSpeaker, sign: SignatureRejected, words: []string{
		"signature verification failed", "image verification failed", "failed to verify signature", "unable to verify signature",
		"could not verify image signature", "no signatures found", "no matching signatures", "no valid signatures", "signature mismatch",
		"image verifier", "trust data", "image policy rejected", "image security validation failed",
	}},

	// Unpacking as such: the errno is the detail. Beside a word of the content
	// store or the disk this is only where it showed.
	{rank: asUnpack, sign: UnpackFailed, stage: StageUnpack, runtime: "containerd", words: []string{
		"failed to extract layer", "failed to unpack image", "error unpacking image", "extraction snapshot", "mount callback failed",
		"apply failure", "failed to prepare snapshot", "failed to commit snapshot",
	}},
	{rank: asUnpack, sign: UnpackFailed, stage: StageUnpack, runtime: "docker", words: []string{
		"failed to register layer", "ApplyLayer", "untar re-exec", "hcsshim::ImportLayer",
	}},
	{rank: asUnpack, sign: UnpackFailed, stage: StageUnpack, runtime: "crio", words: []string{
		"adding layer with blob", "creating layer with ID", "creating read-write layer", "error committing", "insufficient UIDs or GIDs",
	}},
	{rank: asUnpack, sign: UnpackFailed, stage: StageUnpack, words: []string{
		"processing tar file", "hcsshim::", "lchown", "tar header", "unpigz", "gzip: invalid", "zstd:", "magic number mismatch", "subuid",
		"failed to chown", "failed to setxattr", "mknod", "failed to mount", "error creating overlay",
		"mount options is too long", "max depth exceeded", "attach and mount",
		"failed to unpack layer", "convert whiteout", "failed to decode layer", "failed to handle layer",
	}},
	// What the system refuses whoever writes a layer, and others too (settle).
	{rank: asUnpack, sign: UnpackFailed, words: []string{
		"operation not permitted", "read-only file system", "{path}: permission denied", "too many levels of symbolic links", "file name too long",
	}},
	// What the system says of a file that the runtime writes. Files are named
	// in other places, too, so this is a hint, and taken of a pull only.
	{rank: asHint, sign: UnpackFailed, words: []string{
		"{path}: no such file", "{path}: file exists", "{path}: device or resource busy", "{path}: directory not empty", "{path}: not a directory",
		"{path}: is a directory", "{path}: invalid argument", "{path}: operation not supported", "{path}: too many open files",
		"{path}: no such device", "{path}: bad message", "{path}: invalid cross-device link",
	}},

	// Cancelled, or out of time. Where a request was outstanding, settle makes
	// it a matter of the network.
	{rank: asLimit, sign: PullTimeout, words: []string{
		"context deadline exceeded", "code = DeadlineExceeded", "code = 4 desc", "operation timeout", "pull timed out", "timed out pulling",
		"timed out while pulling",
	}},
	{rank: asLimit, sign: PullTimeout, cancelled: true, words: []string{
		"context canceled", "context cancelled", "net/http: request canceled", "because of no progress", "cancel pulling image", "for image pull progress", "code = Canceled",
	}},
}

// stepWords tell by their wrappers who writes and at which step it failed. The
// last step counts: the innermost.
var stepWords = []group{
	{pull: true, stage: StageResolve, runtime: "containerd", words: []string{
		"failed to pull and unpack image", "failed to resolve reference", "failed to resolve image", "failed to resolve source metadata",
		"no available registry endpoint",
	}},
	{pull: true, stage: StageAuthorize, runtime: "containerd", words: []string{"failed to authorize"}},
	{pull: true, stage: StageAuthorize, runtime: "containerd", sent: "no", words: []string{"failed to fetch anonymous token"}},
	{pull: true, stage: StageAuthorize, runtime: "containerd", sent: "yes", words: []string{"failed to fetch oauth token"}},
	{pull: true, stage: StageFetch, runtime: "containerd", words: []string{
		"failed to copy", "httpReadSeeker", "httpReaderSeeker", "failed commit on ref", "failed to refresh URL",
	}},
	{stage: StageResolve, runtime: "containerd", words: []string{"trying next host"}},
	{runtime: "containerd", words: []string{"failed to do request", "|ctr:"}},

	{pull: true, stage: StageResolve, runtime: "crio", words: []string{
		"initializing source", "pinging container registry", "pinging docker registry", "reading manifest", "determining manifest MIME type",
		"unable to pull image or OCI artifact", "copying system image", "choosing image instance", "choosing an image from manifest list",
		"reading signatures",
	}},
	{pull: true, stage: StageAuthorize, runtime: "crio", words: []string{"requesting bear token", "requesting bearer token", "unable to retrieve auth token"}},
	{pull: true, stage: StageFetch, runtime: "crio", words: []string{"writing blob", "reading blob", "fetching blob", "storing blob", "parsing image configuration"}},

	{runtime: "docker", words: []string{
		"response from daemon", "api error (", "(http code", "images/create", "server error for {name}", "server error for url: {name}",
		"received unexpected http status", "error parsing http", "while pulling image:", "trying to pull repository",
	}},
	{stage: StageAuthorize, sent: "yes", words: []string{"login attempt to"}},
	{pull: true, stage: StageFetch, runtime: "docker", words: []string{
		"error pulling image configuration", "download failed after attempts", "while fetching image layer",
	}},
}

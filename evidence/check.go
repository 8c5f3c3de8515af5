// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

// A Check is one question to the cluster, a registry or a node.
type Check string

// The checks, in the order in which they are asked: cheap before dear.
const (
	CheckPods           Check = "pods"            // which pods are there, and what do they wait for?
	CheckMessage        Check = "message"         // the runtime's own words (status and events)
	CheckReference      Check = "reference"       // is the image's name well-formed?
	CheckPolicy         Check = "policy"          // imagePullPolicy and presence
	CheckPullSecrets    Check = "pull-secrets"    // do the named secrets exist, in the right type and form?
	CheckKeyring        Check = "keyring"         // which credentials will the kubelet try?
	CheckServiceAccount Check = "service-account" // does it carry a secret, and did it when the pod was made?
	CheckNode           Check = "node"            // the node's platform, runtime and conditions
	CheckSameImage      Check = "same-image"      // how does the same image fare elsewhere in the cluster?
	CheckSameRegistry   Check = "same-registry"   // how does the same registry fare elsewhere?
	CheckHistory        Check = "history"         // what did this workload run before?
	CheckImpact         Check = "impact"          // what does it do to the workload, and what depends on that?
	CheckScope          Check = "scope"           // who else fails, and who does not?
	CheckResolve        Check = "resolve"
	CheckConnect        Check = "connect"
	CheckTLS            Check = "tls"
	CheckPing           Check = "ping"  // GET /v2/
	CheckToken          Check = "token" // the token service
	CheckManifest       Check = "manifest"
	CheckPlatform       Check = "platform" // the index's child for the node's platform
	CheckConfig         Check = "config"
	CheckBlobs          Check = "blobs"
	CheckAnonymous      Check = "anonymous" // may anybody pull it?
	CheckTags           Check = "tags"      // which tags are there?
	CheckRateLimit      Check = "rate-limit"
	CheckMirrors        Check = "mirrors" // which other hosts does the runtime ask, and what do they answer?
)

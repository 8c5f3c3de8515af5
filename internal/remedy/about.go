// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"maps"
	"slices"
)

// An About is what is told of a remedy without a plan: by explain, and by
// docs/remedies.md, which is made from it.
type About struct {
	ID   string
	Kind Kind
	// Changes says what it changes, Rights what that takes, and Undone how it is taken
	// back: in Markdown, without a full stop.
	Changes, Rights, Undone string
	// Options of fix that choose it, or that it needs.
	Options []string
}

// Describe tells of the remedy of that id, if there is one.
func Describe(id string) (About, bool) {
	for _, of := range []struct {
		kind Kind
		rows map[string]row
	}{{Applied, applied()}, {HandedOver, beside()}, {HandedOver, byHandRows()}} {
		r, ok := of.rows[id]
		if !ok {
			continue
		}
		kind := of.kind
		if slices.Contains([]string{"wait", "wait-for-window", nextAttempt}, id) {
			kind = Wait
		}
		return About{ID: id, Kind: kind, Changes: r.changes, Rights: r.rights, Undone: r.undone, Options: optionsOf(id, kind)}, true
	}
	return About{}, false
}

// Known are the ids of all remedies, in order.
func Known() []string {
	all := applied()
	maps.Copy(all, beside())
	maps.Copy(all, byHandRows())
	return slices.Sorted(maps.Keys(all))
}

// optionsOf are the flags of fix that a remedy has to do with.
func optionsOf(id string, kind Kind) []string {
	switch id {
	case Rollback, Restart, Recreate:
		return []string{"--" + id, "--force"}
	case "login":
		return []string{"--copy-from NAMESPACE/NAME", "--docker-config FILE", "--credential-helper NAME", "--login", "--via secret, service-account or template"}
	}
	if kind == Wait {
		return nil
	}
	more := map[string][]string{
		"set-image": {"--to IMAGE", "--container NAME"}, "debug-again": {"--to IMAGE"}, "replace-job": {"--to IMAGE"},
		"login-secret": {"--via secret"}, "login-service-account": {"--via service-account"}, "login-template": {"--via template"},
		"use-secret-service-account": {"--via service-account"}, "use-secret-template": {"--via template"},
		"replace-pod-with-secret": {"--copy-from NAMESPACE/NAME"},
		"hosts-toml-mirror":       {"--mirror HOST"}, "hosts-toml-ca": {"--ca FILE"}, "system-ca": {"--ca FILE"}, "proxy-drop-in": {"--proxy URL"},
	}
	return append([]string{"--with " + id}, more[id]...)
}

// A row is what is told of a remedy.
type row struct{ changes, rights, undone string }

// What rows often say.
const (
	patchOwner  = "patch of the owner (deployments, statefulsets, daemonsets, cronjobs, jobs; pods for a bare one)"
	patchSecret = "get, create, patch of secrets, and patch of what names them"
	byUndo      = "`kubectl pullmedic undo`"
	root        = "root on the node"
	noRights    = "none in the cluster"
)

// applied are remedies that change objects: their causes stand in the plan's table.
func applied() map[string]row {
	return map[string]row{
		"previous-image":             {"the image, to one that this workload ran before", patchOwner, byUndo},
		"follow-template":            {"nothing but which pods there are: those of an old template are made anew", "create of pods/eviction", "not at all: it makes pods anew"},
		"set-image":                  {"the image, to the one that `--to` names", patchOwner, byUndo},
		"moved-image":                {"the image, to its new address, if the digest is equal; else only with `--with moved-image`", patchOwner, byUndo},
		"copy-elsewhere":             {"the image, to the same digest elsewhere", patchOwner, byUndo},
		"held-image":                 {"the image, to the digest that the node holds", patchOwner, byUndo},
		"node-selector":              {"the node selector, to the platform that the image has, or the required node affinity, if it has several; where ready pods of a DaemonSet would go for good, only with `--with node-selector`", patchOwner, byUndo},
		"allow-pull":                 {"the pull policy, to IfNotPresent", patchOwner, byUndo},
		"login":                      {"nothing before a login is brought (`--copy-from`, `--docker-config`, `--credential-helper`)", patchSecret, byUndo},
		"rollout-undo":               {"the whole template, to an earlier one, where more than the image differs", patchOwner, byUndo},
		"login-secret":               {"one entry of a pull secret that the pods name; or that secret is made, if it is missing", patchSecret, byUndo},
		"login-service-account":      {"a new pull secret with one entry, which the service account names", "get, create of secrets, and patch of serviceaccounts", byUndo},
		"login-template":             {"a new pull secret with one entry, which the pod template names", "get, create of secrets, and " + patchOwner, byUndo},
		"use-secret-service-account": {"who names a secret of the namespace that works: the service account", "get of secrets, and patch of serviceaccounts", byUndo},
		"use-secret-template":        {"who names a secret of the namespace that works: the pod template", "get of secrets, and " + patchOwner, byUndo},
		"correct-secret-name":        {"the name of the pull secret, to one that exists", patchOwner + " or of serviceaccounts", byUndo},
		"repair-pull-secret":         {"the contents of a pull secret that cannot be read", patchSecret, byUndo},
		"rekey-pull-secret":          {"the key of one entry, as the image writes its host", patchSecret, byUndo},
		"narrow-pull-secret":         {"the key of one entry, to the paths that other pods pull with it; by hand where not all of them are known, or more than 10 are needed", patchSecret, byUndo},
		"retype-pull-secret":         {"a secret of the right type beside the other, and who names it", patchSecret, byUndo},
		"recreate-for-account":       {"nothing but which pods there are", "create of pods/eviction", "not at all: it makes pods anew"},
		"fresh-back-off":             {"nothing but which pods there are", "create of pods/eviction", "not at all: it makes pods anew"},
		"rollback":                   {"the whole template, to the revision before", patchOwner, byUndo},
		"restart":                    {"an annotation of the template, as `kubectl rollout restart` does", patchOwner, byUndo},
		"recreate":                   {"nothing but which pods there are", "create of pods/eviction", "not at all: it makes pods anew"},
	}
}

// beside are handed over by the families that change objects, where an object
// cannot be changed.
func beside() map[string]row {
	return map[string]row{
		"static-pod":              {"the file of a static pod, or the kubelet's own file of logins", root, "by hand"},
		"replace-pod":             {"a bare pod, which is made anew", "get, create, delete of pods", "by hand: the old pod is kept in a file"},
		"debug-again":             {"another ephemeral container", "patch of pods/ephemeralcontainers", "not at all: it goes with the pod"},
		"login-by-hand":           {"a pull secret", "create of secrets", "by deleting the secret, or by its former contents"},
		"replace-pod-with-secret": {"a bare pod, which is made anew with a secret", "get, create, delete of pods; create, patch of secrets", "by hand: the old pod is kept in a file"},
	}
}

// byHandRows are what is handed over, and waited for.
func byHandRows() map[string]row {
	return map[string]row{
		"hosts-toml-mirror":      {"the registry's `hosts.toml` on a node (CRI-O: a drop-in of `registries.conf`)", root, "the file is kept, and put back by one command"},
		"hosts-toml-direct":      {"the same, without a mirror", root, "the file is kept, and put back by one command"},
		"hosts-toml-ca":          {"the same, with an authority from the file of `--ca`", root, "the file is kept, and put back by two commands"},
		"hosts-toml-http":        {"the same, for plain HTTP", root, "the file is kept, and put back by one command"},
		"hosts-toml-client":      {"the same, with a client certificate", root, "the file is kept, and put back by one command"},
		"proxy-drop-in":          {"the runtime's environment, by a drop-in of systemd", root, "the file is kept, and put back by three commands"},
		"remove-image":           {"one image of a node's store", root, "not at all: it is pulled again"},
		"free-disk":              {"images that no container of the node uses", root, "not at all: they are pulled again"},
		"pull-qps":               {"registryPullQPS and registryBurst of a kubelet", root, "the file is kept, and put back by two commands"},
		"restart-runtime":        {"nothing: the runtime is started", root, "nothing to be undone"},
		"replace-job":            {"a Job, which is deleted and made anew", "get, create, delete of jobs; list of pods", "the old Job is kept in a file, and one command makes it again"},
		"helm-rollback":          {"every object and value of a Helm release", "what the release's objects need; get, list, create, update of secrets", "`helm rollback` to the revision that was left"},
		"parallel-pulls":         {"serializeImagePulls and maxParallelImagePulls of a kubelet", root, "the file is kept, and put back by two commands"},
		"image-gc":               {"when a kubelet frees images", root, "the file is kept, and put back by two commands"},
		"renew-store":            {"a node's whole store of images and containers", root + "; patch of nodes, create of pods/eviction", "the old store is kept beside it"},
		"restart-kubelet":        {"nothing: the kubelet reads its files", root, "nothing to be undone"},
		"verification-allowlist": {"which images need no login of each pod, by a file of the kubelet", root, "the file is taken away"},
		"progress-timeout":       {"when the runtime gives up a pull without progress", root, "the file is kept, and put back by two commands"},
		"set-clock":              {"a node's clock", root, "nothing to be undone"},
		"load-image":             {"an image more in a node's store", root, "`crictl rmi`"},
		"runtime-config":         {"what a person corrects in a file", root, "by hand"},
		"unpack-space":           {"what a person corrects on a node", root, "by hand"},
		"ask-node":               {"nothing", root, "nothing to be undone"},
		"check-way":              {"nothing on the node; firewalls and routes by a person", root, "by hand"},
		"check-dns":              {"nothing on the node; resolvers by a person", root, "by hand"},
		"egress-list":            {"rules of a firewall, security group or proxy, by a person", noRights, "by hand"},
		"system-ca":              {"a node's whole trust store", root, "three commands"},
		"tls-at-registry":        {"the registry's certificate, by who runs it", noRights, "by hand"},
		"registry-status":        {"nothing", noRights, "nothing to be undone"},
		"write-secret":           {"one pull secret, whole", "create, get, patch of secrets", "by the old contents, which nobody else keeps"},
		"pull-account":           {"an account at the registry", noRights, "by deleting it"},
		"grant-pull":             {"IAM, a repository's policy or a role binding", noRights, "by taking the right away"},
		"audit-log":              {"nothing", noRights, "nothing to be undone"},
		"ask-who-may-see":        {"nothing", noRights, "nothing to be undone"},
		"credential-provider":    {"the kubelet's credential providers", root, "two flags are taken away"},
		"external-secret":        {"an ExternalSecret, and the secret that it makes", "create, patch, delete of externalsecrets", "`kubectl delete -f`"},
		"push-again":             {"a tag, by a build", noRights, "by pushing what was there"},
		"push-from-node":         {"a tag or digest, from a node's store", root, "by deleting it"},
		"build-platform":         {"a tag, by a build", noRights, "by pushing what was there"},
		"convert-image":          {"a new tag beside the old one", noRights, "by deleting it"},
		"create-repository":      {"a repository", noRights, "by deleting it"},
		"correct-source":         {"a chart's values, a kustomization or a pipeline, by a person", "get of the owner", "by hand"},
		"new-address":            {"a chart, by a person", "list of pods", "by hand"},
		"recreate-pods":          {"one pod, which its owner makes anew", "delete of pods", "not at all"},
		"registry-policy":        {"a rule of the registry", noRights, "by taking the exception away"},
		"cache-login":            {"what a pull-through cache logs in with", noRights, "by hand"},
		"sign-image":             {"a signature beside the image", noRights, "by deleting it"},
		"signature-policy":       {"what a node verifies", root, "by hand"},
		"admission-rule":         {"an image, or a rule by its owner", "list of events, policies and webhooks", "by hand"},
		"wait":                   {"nothing", noRights, "nothing to be undone"},
		"wait-for-window":        {"nothing", noRights, "nothing to be undone"},
		"next-attempt":           {"nothing", noRights, "nothing to be undone"},
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// updateDocs writes docs/remedies.md anew: go test ./internal/remedy -update.
var updateDocs = flag.Bool("update", false, "write docs/remedies.md anew")

const docsPath = "../../docs/remedies.md"

// A row is what the page tells of a remedy.
type row struct {
	changes, rights, undone string
	// tried says where the testbed carries it out, or why it cannot; "" for what
	// is applied.
	tried string
}

// What rows often say.
const (
	patchOwner  = "patch of the owner (deployments, statefulsets, daemonsets, cronjobs, jobs; pods for a bare one)"
	patchSecret = "get, create, patch of secrets, and patch of what names them"
	byUndo      = "`kubectl pullmedic undo`"
	toTheLetter = "**yes, to the letter**: `testbed handover "
	rendered    = "rendered, each command read by `bash -n` and run with stand-ins; not carried out: "
	noCloud     = rendered + "the testbed has no cloud account"
	// Debian's azure-cli takes 667 MB, and Google's is in no Debian.
	amazonReads = rendered + "the testbed has no cloud account; Amazon's commands are read by its own command line, Azure's and Google's are not, as these are too large or not to be had there"
	noSuchTool  = rendered + "the testbed has no image builder"
	looksOnly   = rendered + "it looks, and changes nothing by itself"
	root        = "root on the node"
	noRights    = "none in the cluster"
)

// applied are remedies that change objects: their causes stand in the plan's table.
func applied() map[string]row {
	return map[string]row{
		"previous-image":             {"the image, to one that this workload ran before", patchOwner, byUndo, ""},
		"follow-template":            {"nothing but which pods there are: those of an old template are made anew", "create of pods/eviction", "not at all: it makes pods anew", ""},
		"set-image":                  {"the image, to the one that `--to` names", patchOwner, byUndo, ""},
		"moved-image":                {"the image, to its new address, if the digest is equal", patchOwner, byUndo, ""},
		"copy-elsewhere":             {"the image, to the same digest elsewhere", patchOwner, byUndo, ""},
		"held-image":                 {"the image, to the digest that the node holds", patchOwner, byUndo, ""},
		"node-selector":              {"the node selector, to a platform that the image has", patchOwner, byUndo, ""},
		"allow-pull":                 {"the pull policy, to IfNotPresent", patchOwner, byUndo, ""},
		"login":                      {"nothing before a login is brought (`--copy-from`, `--docker-config`, `--credential-helper`)", patchSecret, byUndo, ""},
		"rollout-undo":               {"the whole template, to an earlier one, where more than the image differs", patchOwner, byUndo, ""},
		"login-secret":               {"one entry of a pull secret that the pods name; or that secret is made, if it is missing", patchSecret, byUndo, ""},
		"login-service-account":      {"a new pull secret with one entry, which the service account names", "get, create of secrets, and patch of serviceaccounts", byUndo, ""},
		"login-template":             {"a new pull secret with one entry, which the pod template names", "get, create of secrets, and " + patchOwner, byUndo, ""},
		"use-secret-service-account": {"who names a secret of the namespace that works: the service account", "get of secrets, and patch of serviceaccounts", byUndo, ""},
		"use-secret-template":        {"who names a secret of the namespace that works: the pod template", "get of secrets, and " + patchOwner, byUndo, ""},
		"correct-secret-name":        {"the name of the pull secret, to one that exists", patchOwner + " or of serviceaccounts", byUndo, ""},
		"repair-pull-secret":         {"the contents of a pull secret that cannot be read", patchSecret, byUndo, ""},
		"rekey-pull-secret":          {"the key of one entry, as the image writes its host", patchSecret, byUndo, ""},
		"narrow-pull-secret":         {"the key of one entry, to the path that needs it", patchSecret, byUndo, ""},
		"retype-pull-secret":         {"a secret of the right type beside the other, and who names it", patchSecret, byUndo, ""},
		"recreate-for-account":       {"nothing but which pods there are", "create of pods/eviction", "not at all: it makes pods anew", ""},
		"fresh-back-off":             {"nothing but which pods there are", "create of pods/eviction", "not at all: it makes pods anew", ""},
		"rollback":                   {"the whole template, to the revision before", patchOwner, byUndo, ""},
		"restart":                    {"an annotation of the template, as `kubectl rollout restart` does", patchOwner, byUndo, ""},
		"recreate":                   {"nothing but which pods there are", "create of pods/eviction", "not at all: it makes pods anew", ""},
	}
}

// beside are handed over by the families that change objects, where an object
// cannot be changed.
func beside() map[string]row {
	return map[string]row{
		"static-pod":              {"the file of a static pod", root, "by hand", rendered + "the testbed's nodes have no static pods"},
		"replace-pod":             {"a bare pod, which is made anew", "get, create, delete of pods", "by hand: the old pod is kept in a file", rendered + "its parts are those of replace-job"},
		"debug-again":             {"another ephemeral container", "patch of pods/ephemeralcontainers", "not at all: it goes with the pod", rendered + "it opens a terminal"},
		"login-by-hand":           {"a pull secret", "create of secrets", "by deleting the secret", looksOnly},
		"replace-pod-with-secret": {"a bare pod, which is made anew with a secret", "get, create, delete of pods; create, patch of secrets", "by hand: the old pod is kept in a file", rendered + "its parts are those of replace-job"},
	}
}

// byHandRows are what this page tells of what is handed over and waited for.
func byHandRows() map[string]row {
	return map[string]row{
		"hosts-toml-mirror":      {"the registry's `hosts.toml` on a node (CRI-O: a drop-in of `registries.conf`)", root, "the file is kept, and put back by one command", toTheLetter + "hosts-toml-mirror`, containerd 2 and 1.7; the files of CRI-O and of other systems are parsed"},
		"hosts-toml-direct":      {"the same, without a mirror", root, "the file is kept, and put back by one command", toTheLetter + "hosts-toml-direct`, containerd 2 (1.7 asks the registry by itself)"},
		"hosts-toml-ca":          {"the same, with an authority from the file of `--ca`", root, "the file is kept, and put back by two commands", toTheLetter + "hosts-toml-ca`, containerd 2 and 1.7"},
		"hosts-toml-http":        {"the same, for plain HTTP", root, "the file is kept, and put back by one command", toTheLetter + "hosts-toml-http`, containerd 2 and 1.7"},
		"hosts-toml-client":      {"the same, with a client certificate", root, "the file is kept, and put back by one command", rendered + "no registry of the testbed gives nodes a certificate"},
		"proxy-drop-in":          {"the runtime's environment, by a drop-in of systemd", root, "the file is kept, and put back by three commands", toTheLetter + "proxy-drop-in`, containerd 2 and 1.7, with a stand-in for systemctl"},
		"remove-image":           {"one image of a node's store", root, "not at all: it is pulled again", toTheLetter + "remove-image`, containerd 2 and 1.7"},
		"free-disk":              {"images that no container of the node uses", root, "not at all: they are pulled again", toTheLetter + "free-disk`, containerd 2 and 1.7"},
		"pull-qps":               {"registryPullQPS and registryBurst of a kubelet", root, "the file is kept, and put back by two commands", toTheLetter + "pull-qps`, with a stand-in for systemctl"},
		"restart-runtime":        {"nothing: the runtime is started", root, "nothing to be undone", toTheLetter + "restart-runtime`, containerd 2 and 1.7, with stand-ins for systemctl and journalctl"},
		"replace-job":            {"a Job, which is deleted and made anew", "get, create, delete of jobs; list of pods", "the old Job is kept in a file, and one command makes it again", toTheLetter + "replace-job`, with kubectl alone"},
		"helm-rollback":          {"every object and value of a Helm release", "what the release's objects need; get, list, create, update of secrets", "`helm rollback` to the revision that was left", "**yes, to the letter**: by the tests in testbed/integration, with Helm 3 and 4"},
		"parallel-pulls":         {"serializeImagePulls and maxParallelImagePulls of a kubelet", root, "the file is kept, and put back by two commands", rendered + "its parts are those of pull-qps; the testbed's kubelets pull side by side already"},
		"image-gc":               {"when a kubelet frees images", root, "the file is kept, and put back by two commands", rendered + "its parts are those of pull-qps, and a disk takes days to fill"},
		"renew-store":            {"a node's whole store of images and containers", root + "; patch of nodes, create of pods/eviction", "the old store is kept beside it", rendered + "the testbed's nodes have their store elsewhere"},
		"restart-kubelet":        {"nothing: the kubelet reads its files", root, "nothing to be undone", rendered + "pull-qps restarts a kubelet by the same command"},
		"verification-allowlist": {"which images need no login of each pod, by a file of the kubelet", root, "the file is taken away", rendered + "the kubelets of the testbed have no folder of drop-ins"},
		"progress-timeout":       {"when the runtime gives up a pull without progress", root, "the file is kept, and put back by two commands", rendered + "the line itself is written by a person"},
		"set-clock":              {"a node's clock", root, "nothing to be undone", rendered + "all nodes of the testbed share the machine's clock"},
		"load-image":             {"an image more in a node's store", root, "`crictl rmi`", toTheLetter + "load-image`, with skopeo"},
		"runtime-config":         {"what a person corrects in a file", root, "by hand", looksOnly},
		"unpack-space":           {"what a person corrects on a node", root, "by hand", looksOnly},
		"ask-node":               {"nothing", root, "nothing to be undone", looksOnly},
		"check-way":              {"nothing on the node; firewalls and routes by a person", root, "by hand", looksOnly},
		"check-dns":              {"nothing on the node; resolvers by a person", root, "by hand", looksOnly},
		"egress-list":            {"rules of a firewall, security group or proxy, by a person", noRights, "by hand", looksOnly},
		"system-ca":              {"a node's whole trust store", root, "three commands", rendered + "the nodes of the testbed share the machine's files of authorities"},
		"tls-at-registry":        {"the registry's certificate, by who runs it", noRights, "by hand", looksOnly},
		"registry-status":        {"nothing", noRights, "nothing to be undone", looksOnly},
		"write-secret":           {"one pull secret, whole", "create, get, patch of secrets", "by the old contents, which nobody else keeps", toTheLetter + "write-secret`, with skopeo, which asks for the password; the tokens of clouds, which are piped into it, are not, as the testbed has no cloud account"},
		"pull-account":           {"an account at the registry", noRights, "by deleting it", noCloud},
		"grant-pull":             {"IAM, a repository's policy or a role binding", noRights, "by taking the right away", amazonReads},
		"audit-log":              {"nothing", noRights, "nothing to be undone", amazonReads},
		"ask-who-may-see":        {"nothing", noRights, "nothing to be undone", looksOnly},
		"credential-provider":    {"the kubelet's credential providers", root, "two flags are taken away", rendered + "the providers are their clouds'; the file is parsed strictly"},
		"external-secret":        {"an ExternalSecret, and the secret that it makes", "create, patch, delete of externalsecrets", "`kubectl delete -f`", "its commands, on an API server with External Secrets' own definitions, which take it; without its operator, so that no secret comes of it: that is too large to be built from its modules"},
		"push-again":             {"a tag, by a build", noRights, "by pushing what was there", noSuchTool},
		"push-from-node":         {"a tag or digest, from a node's store", root, "by deleting it", rendered + "no fault leaves an image on a node alone; a test has skopeo push what ctr writes, and looks that no tag moves"},
		"build-platform":         {"a tag, by a build", noRights, "by pushing what was there", noSuchTool},
		"convert-image":          {"a new tag beside the old one", noRights, "by deleting it", rendered + "a test has skopeo carry its commands out, on an image that needs no conversion"},
		"create-repository":      {"a repository", noRights, "by deleting it", amazonReads},
		"correct-source":         {"a chart's values, a kustomization or a pipeline, by a person", "get of the owner", "by hand", looksOnly},
		"new-address":            {"a chart, by a person", "list of pods", "by hand", looksOnly},
		"recreate-pods":          {"one pod, which its owner makes anew", "delete of pods", "not at all", rendered + "what is applied does the same by eviction, and is"},
		"registry-policy":        {"a rule of the registry", noRights, "by taking the exception away", amazonReads},
		"cache-login":            {"what a pull-through cache logs in with", noRights, "by hand", amazonReads},
		"sign-image":             {"a signature beside the image", noRights, "by deleting it", rendered + "cosign also writes into a public log, which the testbed cannot reach"},
		"signature-policy":       {"what a node verifies", root, "by hand", looksOnly},
		"admission-rule":         {"an image, or a rule by its owner", "list of events, policies and webhooks", "by hand", looksOnly},
		"wait":                   {"nothing", noRights, "nothing to be undone", "yes: `testbed backoff` holds the times against the kubelet's"},
		"wait-for-window":        {"nothing", noRights, "nothing to be undone", rendered + "a registry's window is hours long"},
		"next-attempt":           {"nothing", noRights, "nothing to be undone", "yes: `testbed backoff` holds the times against the kubelet's"},
	}
}

func TestDocsListEveryRemedy(t *testing.T) {
	t.Parallel()
	listed := listedRemedies(t)
	t.Run("and the catalogue those of each cause", func(t *testing.T) { catalogueLists(t, listed) })
	c, ids := causes(t)
	rows := byHandRows()
	others := applied()
	maps.Copy(others, beside())
	causesOf := map[string][]string{}
	for _, id := range ids {
		for _, s := range situations(t, id) {
			p := planner{catalog: c, Case: s.k, d: s.d, cause: s.d.Causes[0], o: s.o}
			for _, r := range append(p.handOver(), p.wait()...) {
				if !slices.Contains(causesOf[r.ID], id) {
					causesOf[r.ID] = append(causesOf[r.ID], id)
				}
				if _, ok := rows[r.ID]; !ok {
					t.Errorf("%s has no row in byHandRows", r.ID)
				}
			}
			for _, r := range s.plan(t, c) {
				_, own := rows[r.ID]
				_, other := others[r.ID]
				if !own && !other {
					t.Errorf("%s has no row in applied or beside", r.ID)
				}
			}
		}
	}
	for id := range rows {
		if causesOf[id] == nil {
			t.Errorf("%s has a row, and no cause", id)
		}
	}
	made := page(t, rows, causesOf, listed)
	if *updateDocs {
		if err := os.WriteFile(docsPath, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if data, err := os.ReadFile(docsPath); err != nil || string(data) != made {
		t.Errorf("docs/remedies.md is stale (%v): run go test ./internal/remedy -update", err)
	}
}

func page(t *testing.T, rows map[string]row, causesOf, listed map[string][]string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# Remedies

<!-- Made by go test ./internal/remedy -update. -->

What ` + "`kubectl pullmedic fix`" + ` applies, hands over or waits for, by the id that its JSON has. ` + "`fix --dry-run=client`" + ` shows the plan, with every value
filled in, and changes nothing. The causes are those of [causes.md](causes.md); ` + "`explain CAUSE`" + ` lists the remedies of one. In a plan comes
first what can be applied as it is, and of that what restarts no healthy pod.

A value gets into a command or a file only if it has the grammar of what it is (a host, a repository, a tag, the name of an object), and then
quoted; otherwise the step says in words what to do. A test runs every command with stand-ins for its programs and with hostile values in
every place, and compares how each program was called with what the command says.

## Applied: Pullmedic changes objects

` + "`testbed e2e`" + ` applies what a plan puts first for each of its faults, and judges by what the kubelet shows.

`)
	table := func(rows map[string]row, causesOf map[string][]string, tried bool) {
		columns := []string{"remedy"}
		if causesOf != nil {
			columns = append(columns, "for")
		}
		columns = append(columns, "what it changes", "rights", "undone by")
		if tried {
			columns = append(columns, "tried on a real cluster")
		}
		fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
		for _, id := range slices.Sorted(maps.Keys(rows)) {
			r := rows[id]
			fmt.Fprintf(&b, "| %s ", id)
			if causesOf != nil {
				slices.Sort(causesOf[id])
				fmt.Fprintf(&b, "| %s ", strings.Join(causesOf[id], ", "))
			}
			fmt.Fprintf(&b, "| %s | %s | %s |", r.changes, r.rights, r.undone)
			if tried {
				b.WriteString(" " + r.tried + " |")
			}
			b.WriteString("\n")
		}
	}
	of := map[string][]string{}
	for id := range applied() {
		for _, cause := range slices.Sorted(maps.Keys(listed)) {
			if slices.Contains(listed[cause], id) {
				of[id] = append(of[id], cause)
			}
		}
		switch {
		case slices.Contains([]string{Rollback, Restart, Recreate}, id):
			of[id] = []string{"any, by name: `--" + id + "`"}
		case id == "fresh-back-off":
			of[id] = []string{"any that works again"}
		case of[id] == nil:
			t.Errorf("%s has a row, and no cause", id)
		}
	}
	table(applied(), of, false)
	b.WriteString("\n## Handed over where an object cannot be changed\n\n")
	table(beside(), nil, true)
	b.WriteString(`
## Handed over: a person runs commands and writes files

Each step says where it is done and what to look at afterwards. Those of the last column's *to the letter* are carried out by the testbed as the
built plugin prints them, on real kubelets and containerds, until the kubelet has pulled the image, and then taken back by the steps that
the plugin prints for that. The testbed's nodes have no systemd: a stand-in for ` + "`systemctl`" + ` starts the node's programs anew, reads drop-ins at
` + "`daemon-reload`" + ` and lets them count at the next restart, as systemd does.

What is done on a node is told for the system that it runs, which its kubelet's version, its runtime, its operating system and its roles tell:

| system | told by | what differs from containerd or CRI-O with kubeadm |
| --- | --- | --- |
| k3s, RKE2 | ` + "`+k3s`, `+rke2`" + ` in the kubelet's version | ` + "`registries.yaml`" + ` instead of ` + "`hosts.toml`" + `; the kubelet's flags in ` + "`config.yaml.d`" + `; their own unit, ` + "`crictl` and `ctr`" + ` |
| MicroK8s | its nodes' labels | ` + "`certs.d`" + `, the kubelet's flags and the proxy below ` + "`/var/snap/microk8s/current/args`" + `; its own units and ` + "`microk8s ctr`" + ` |
| Docker behind cri-dockerd | ` + "`docker://`" + ` | ` + "`daemon.json`" + ` (a mirror for Docker Hub alone) and ` + "`/etc/docker/certs.d`" + `; its store is never set aside |
| EKS | ` + "`-eks-`" + ` | the kubelet's settings, which are the node group's |
| Talos | its image | patches of the machine configuration with ` + "`talosctl`" + `; what has none in words |
| Bottlerocket, GKE, OpenShift, k0s, Windows | their images, ` + "`-gke.`, `+k0s`" + `, the platform | words alone: where it is set there |

A test has nodes of each describe themselves as these do, and looks that no command or file of one system is handed over for another. Of these
systems the testbed has none: their commands are read by ` + "`bash -n`" + ` and run with stand-ins, and their files parsed.

Before a file is changed it is kept beside itself under the plan's time (` + "`.before-20261121-120000`" + `), which the commands that take the change back name.

`)
	table(without(rows, "wait", "wait-for-window", "next-attempt"), causesOf, true)
	b.WriteString("\n## Waited for\n\n`next-attempt` is for every cause whose pull was mended elsewhere: it says when the next attempt comes.\n\n")
	waits := map[string]row{}
	for _, id := range []string{"wait", "wait-for-window"} {
		waits[id] = rows[id]
	}
	table(waits, causesOf, true)
	return b.String()
}

func without(rows map[string]row, ids ...string) map[string]row {
	some := maps.Clone(rows)
	for _, id := range ids {
		delete(some, id)
	}
	return some
}

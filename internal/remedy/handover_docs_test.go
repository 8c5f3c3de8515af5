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

// Words of the column that says where the testbed carries a remedy out, or why it
// cannot.
const (
	toTheLetter = "**yes, to the letter**: `testbed handover "
	rendered    = "rendered, each command read by `bash -n` and run with stand-ins; not carried out: "
	noCloud     = rendered + "the testbed has no cloud account"
	// Debian's azure-cli takes 667 MB, and Google's is in no Debian.
	amazonReads = rendered + "the testbed has no cloud account; Amazon's commands are read by its own command line, Azure's and Google's are not, as these are too large or not to be had there"
	noSuchTool  = rendered + "the testbed has no image builder"
	looksOnly   = rendered + "it looks, and changes nothing by itself"
)

// tried says of what is handed over where the testbed carries it out, or why it
// cannot.
func tried() map[string]string {
	return map[string]string{
		"static-pod":              rendered + "the testbed's nodes have no static pods",
		"replace-pod":             rendered + "its parts are those of replace-job",
		"debug-again":             rendered + "it opens a terminal",
		"login-by-hand":           looksOnly,
		"replace-pod-with-secret": rendered + "its parts are those of replace-job",
		"hosts-toml-mirror":       toTheLetter + "hosts-toml-mirror`, containerd 2 and 1.7; the files of CRI-O and of other systems are parsed",
		"hosts-toml-direct":       toTheLetter + "hosts-toml-direct`, containerd 2 (1.7 asks the registry by itself)",
		"hosts-toml-ca":           toTheLetter + "hosts-toml-ca`, containerd 2 and 1.7",
		"hosts-toml-http":         toTheLetter + "hosts-toml-http`, containerd 2 and 1.7",
		"hosts-toml-client":       rendered + "no registry of the testbed gives nodes a certificate",
		"proxy-drop-in":           toTheLetter + "proxy-drop-in`, containerd 2 and 1.7, with a stand-in for systemctl",
		"remove-image":            toTheLetter + "remove-image`, containerd 2 and 1.7",
		"free-disk":               toTheLetter + "free-disk`, containerd 2 and 1.7",
		"pull-qps":                toTheLetter + "pull-qps`, with a stand-in for systemctl",
		"restart-runtime":         toTheLetter + "restart-runtime`, containerd 2 and 1.7, with stand-ins for systemctl and journalctl",
		"replace-job":             toTheLetter + "replace-job`, with kubectl alone",
		"helm-rollback":           "**yes, to the letter**: by the tests in testbed/integration, with Helm 3 and 4",
		"parallel-pulls":          rendered + "its parts are those of pull-qps; the testbed's kubelets pull side by side already",
		"image-gc":                rendered + "its parts are those of pull-qps, and a disk takes days to fill",
		"renew-store":             rendered + "the testbed's nodes have their store elsewhere",
		"restart-kubelet":         rendered + "pull-qps restarts a kubelet by the same command",
		"verification-allowlist":  rendered + "the kubelets of the testbed have no folder of drop-ins",
		"progress-timeout":        rendered + "the line itself is written by a person",
		"set-clock":               rendered + "all nodes of the testbed share the machine's clock",
		"load-image":              toTheLetter + "load-image`, with skopeo",
		"runtime-config":          looksOnly,
		"unpack-space":            looksOnly,
		"ask-node":                looksOnly,
		"check-way":               looksOnly,
		"check-dns":               looksOnly,
		"egress-list":             looksOnly,
		"system-ca":               rendered + "the nodes of the testbed share the machine's files of authorities",
		"tls-at-registry":         looksOnly,
		"registry-status":         looksOnly,
		"write-secret":            toTheLetter + "write-secret`, with skopeo, which asks for the password; the tokens of clouds, which are piped into it, are not, as the testbed has no cloud account",
		"pull-account":            noCloud,
		"grant-pull":              amazonReads,
		"audit-log":               amazonReads,
		"ask-who-may-see":         looksOnly,
		"credential-provider":     rendered + "the providers are their clouds'; the file is parsed strictly",
		"external-secret":         "its commands, on an API server with External Secrets' own definitions, which take it; without its operator, so that no secret comes of it: that is too large to be built from its modules",
		"push-again":              noSuchTool,
		"push-from-node":          rendered + "no fault leaves an image on a node alone; a test has skopeo push what ctr writes, and looks that no tag moves",
		"build-platform":          noSuchTool,
		"convert-image":           rendered + "a test has skopeo carry its commands out, on an image that needs no conversion",
		"create-repository":       amazonReads,
		"correct-source":          looksOnly,
		"new-address":             looksOnly,
		"recreate-pods":           rendered + "what is applied does the same by eviction, and is",
		"registry-policy":         amazonReads,
		"cache-login":             amazonReads,
		"sign-image":              rendered + "cosign also writes into a public log, which the testbed cannot reach",
		"signature-policy":        looksOnly,
		"admission-rule":          looksOnly,
		"wait":                    "yes: `testbed backoff` holds the times against the kubelet's",
		"wait-for-window":         rendered + "a registry's window is hours long",
		"next-attempt":            "yes: `testbed backoff` holds the times against the kubelet's",
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
filled in, and changes nothing. The causes are those of [causes.md](causes.md); ` + "`explain CAUSE`" + ` lists the remedies of one, ` + "`explain REMEDY`" + ` tells of a remedy. In a plan comes
first what can be applied as it is, and of that what restarts no healthy pod.

A value gets into a command or a file only if it has the grammar of what it is (a host, a repository, a tag, the name of an object), and then
quoted; otherwise the step says in words what to do. A test runs every command with stand-ins for its programs and with hostile values in
every place, and compares how each program was called with what the command says.

## Applied: Pullmedic changes objects

` + "`testbed e2e`" + ` applies what a plan puts first for each of its faults, and judges by what the kubelet shows.

`)
	table := func(rows map[string]row, causesOf map[string][]string, carriedOut bool) {
		columns := []string{"remedy"}
		if causesOf != nil {
			columns = append(columns, "for")
		}
		columns = append(columns, "what it changes", "rights", "undone by")
		if carriedOut {
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
			if carriedOut {
				b.WriteString(" " + tried()[id] + " |")
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

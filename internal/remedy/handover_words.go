// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import "strings"

// The systems that are told in words alone, as people call them.
const (
	onWindows      = "Windows"
	onBottlerocket = "Bottlerocket"
	onGKE          = "a node of GKE"
	onOpenShift    = "OpenShift"
	onK0s          = "k0s"
)

// A topic is what a remedy on a node is about.
type topic int

const (
	ofNothing  topic = iota // what holds for no such node
	ofMirrors               // where a registry is asked for
	ofTrust                 // whose certificates are taken
	ofProxy                 // which way out
	ofKubelet               // the kubelet's settings
	ofRuntime               // the runtime itself and its settings
	ofImages                // what its store has
	ofLooking               // what can be seen of it
	ofIdentity              // how it logs in by itself
	ofTime                  // its clock
)

// topicOf a remedy, by its id.
func topicOf(id string) topic {
	switch id {
	case "hosts-toml-mirror", "hosts-toml-direct", "hosts-toml-http":
		return ofMirrors
	case "hosts-toml-ca", "hosts-toml-client", "system-ca":
		return ofTrust
	case "proxy-drop-in":
		return ofProxy
	case "pull-qps", "parallel-pulls", "image-gc", "verification-allowlist", "restart-kubelet":
		return ofKubelet
	case "restart-runtime", "runtime-config", "progress-timeout", "unpack-space", "signature-policy":
		return ofRuntime
	case "remove-image", "free-disk", "load-image", "push-from-node":
		return ofImages
	case "ask-node", "check-way", "check-dns", "egress-list":
		return ofLooking
	case "credential-provider":
		return ofIdentity
	case "set-clock":
		return ofTime
	}
	return ofNothing
}

// how a thing is done on the system, in words; "" if it cannot be.
func (s system) how(id string) string {
	t := topicOf(id)
	switch {
	case s.kind == talos && id == "push-from-node":
		return "" // nothing gets out of its store
	case s.kind == talos && id == "load-image":
		return "nothing gets into its store but by a pull: put the image into a registry that the node reaches (or into Talos's own image cache), and let the pod pull it"
	case id == "hosts-toml-client" && s.kind == talos:
		return "set clientIdentity (crt and key) under machine.registries.config, tls, in its machine configuration (talosctl edit machineconfig)"
	case id == "hosts-toml-client" && (s.name == onBottlerocket || s.name == onGKE || s.name == onOpenShift):
		return "it has no setting for a certificate that a registry asks for: have a mirror inside the network ask the registry with that certificate, or run the pod on nodes of another system"
	}
	if s.kind == talos {
		return talosWords()[t]
	}
	how := otherWords()[s.name][t]
	if id == "restart-kubelet" && s.name != onWindows && s.name != onK0s {
		how = strings.Join([]string{"restart its kubelet from a shell of the node", "or replace the node"}, ", ")
	}
	return how
}

// talosWords are for what no patch of a machine's configuration does: Talos has no
// shell, and all is asked through its API.
func talosWords() map[topic]string {
	const patch = " in its machine configuration (talosctl edit machineconfig)"
	return map[topic]string{
		ofMirrors:  "set it under machine.registries.mirrors" + patch + ", which counts at once",
		ofTrust:    "set it under machine.registries.config, tls" + patch + ", or give the authority to the whole machine as a document of the kind TrustedRootsConfig",
		ofProxy:    "set http_proxy, https_proxy and no_proxy under machine.env" + patch,
		ofKubelet:  "set it under machine.kubelet.extraConfig" + patch + "; Talos restarts the kubelet by itself, and talosctl service kubelet restart does so by hand",
		ofRuntime:  "read what talosctl logs cri and talosctl dmesg say, correct the machine configuration, and reboot the node (talosctl reboot) once it is drained: its runtime is not restarted alone",
		ofImages:   "talosctl image list shows what its store has; what no container uses the kubelet frees by itself once image-gc is set, and a node that is drained and reset begins with an empty store",
		ofLooking:  "read talosctl logs kubelet, talosctl logs cri and talosctl dmesg; talosctl get resolvers, routes and addresses show its network",
		ofIdentity: "install the provider as a system extension, and set machine.kubelet.credentialProviderConfig" + patch,
		ofTime:     "set machine.time.servers" + patch + ", and see talosctl time",
	}
}

// otherWords say for each system where what is meant is set.
func otherWords() map[string]map[topic]string {
	return map[string]map[topic]string{
		onWindows: {
			ofMirrors:  "containerd reads hosts.toml from the registry's folder below the config_path of its config.toml (C:\\Program Files\\containerd), with the colon of a port written as an underscore",
			ofTrust:    "import the authority's certificate into the machine's store of trusted roots, and restart the service containerd",
			ofProxy:    "set the variables for the machine (the service containerd reads them when it starts), and restart it",
			ofKubelet:  "set it in the file that the service kubelet names with --config, and restart that service",
			ofRuntime:  "look at the services containerd and kubelet and at their logs, correct config.toml, and restart the service containerd",
			ofImages:   "crictl and ctr of the folder of containerd do the same as on Linux; what no container uses the kubelet frees by itself",
			ofLooking:  "read the logs of the services kubelet and containerd; Resolve-DnsName, Test-NetConnection and netsh winhttp show proxy show the way",
			ofIdentity: "put the provider's program for Windows beside the kubelet, and give the service kubelet the two flags for it",
			ofTime:     "w32tm /query /status shows the clock, and w32tm /resync sets it",
		},
		onBottlerocket: {
			ofMirrors:  "set settings.container-registry.mirrors, in the node group's user data or with apiclient set",
			ofTrust:    "set settings.pki, with the authority's certificate in data and trusted = true, in the node group's user data or with apiclient set",
			ofProxy:    "set settings.network.https-proxy and settings.network.no-proxy, in the node group's user data or with apiclient set",
			ofKubelet:  "set it under settings.kubernetes (registry-qps, registry-burst, image-gc-high-threshold-percent, image-gc-low-threshold-percent), in the node group's user data or with apiclient set",
			ofRuntime:  "read its log from the admin container (sheltie, then journalctl), and replace the node: its own files are read-only",
			ofImages:   "use ctr from the admin container (sheltie); what no container uses the kubelet frees by itself, and a new node begins with an empty store",
			ofLooking:  "look from the admin container (sheltie), with journalctl for the logs of kubelet and containerd",
			ofIdentity: "set settings.kubernetes.credential-providers, in the node group's user data",
			ofTime:     "set settings.ntp.time-servers",
		},
		onGKE: {
			ofMirrors:  "set it in the node pool's containerd configuration (gcloud container node-pools update with --containerd-config-from-file): files that are changed on a node go with its next start",
			ofTrust:    "set the authority in the node pool's containerd configuration, under privateRegistryAccessConfig (gcloud container node-pools update with --containerd-config-from-file)",
			ofProxy:    "its nodes have no setting for a proxy: let them out by Cloud NAT, or to Google's registries by Private Google Access",
			ofKubelet:  "set it in the node pool's system configuration (gcloud container node-pools update with --system-config-from-file), as far as that has the field",
			ofRuntime:  "replace the node: cordon and drain it, and delete its virtual machine; the node pool makes another",
			ofImages:   "crictl is there after gcloud compute ssh; what no container uses the kubelet frees by itself, and a new node begins with an empty store",
			ofLooking:  "after gcloud compute ssh, journalctl has the logs of kubelet and containerd; Cloud Logging has them as well",
			ofIdentity: "its nodes log in by themselves: give their service account the right (grant-pull)",
			ofTime:     "its clock is set by Google's time server: replace the node",
		},
		onOpenShift: {
			ofMirrors:  "make an ImageDigestMirrorSet or an ImageTagMirrorSet; plain HTTP is registrySources of image.config.openshift.io/cluster. The operator brings it to all nodes, and files that are changed by hand stop it",
			ofTrust:    "name a ConfigMap with the authority in additionalTrustedCA of image.config.openshift.io/cluster",
			ofProxy:    "set it in proxy.config.openshift.io/cluster; the operator brings it to all nodes",
			ofKubelet:  "make a KubeletConfig for the node's pool; the operator restarts the kubelets one after the other",
			ofRuntime:  "make a ContainerRuntimeConfig or a MachineConfig for the node's pool; a shell on the node is oc debug node/NAME, then chroot /host",
			ofImages:   "crictl is there after oc debug node/NAME and chroot /host",
			ofLooking:  "oc adm node-logs NAME -u kubelet and -u crio show the logs; a shell on the node is oc debug node/NAME, then chroot /host",
			ofIdentity: "its nodes bring their cloud's provider with them: give their identity the right (grant-pull)",
			ofTime:     "set chrony by a MachineConfig",
		},
		onK0s: {
			ofMirrors:  "have a file below /etc/k0s/containerd.d set the registry's config_path, and put hosts.toml into the registry's folder there; then restart k0sworker (on a controller k0scontroller)",
			ofTrust:    "have a file below /etc/k0s/containerd.d set the registry's config_path, and name the authority in hosts.toml there; then restart k0sworker (on a controller k0scontroller)",
			ofProxy:    "set the variables in a drop-in of the unit k0sworker (on a controller k0scontroller), and restart it",
			ofKubelet:  "set it in a worker profile (spec.workerProfiles of the k0s configuration)",
			ofRuntime:  "the unit k0sworker (on a controller k0scontroller) runs containerd and the kubelet: read its journal, correct the files below /etc/k0s/containerd.d, and restart it",
			ofImages:   "k0s ctr -n k8s.io images has what ctr has elsewhere",
			ofLooking:  "the journal of the unit k0sworker (on a controller k0scontroller) has the words of kubelet and containerd",
			ofIdentity: "give k0s worker the two flags with --kubelet-extra-args",
			ofTime:     "set it by the system's time service",
		},
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"strings"
)

// credentialProvider has the kubelet log in with the node's own identity, where
// the registry belongs to a cloud (https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/).
func (p byHand) credentialProvider() []Remedy {
	provider := map[string]struct {
		name, args string
		patterns   []string
		life       string
	}{
		"ecr":               {"ecr-credential-provider", "", []string{"*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr.*.amazonaws.com.cn", "*.dkr.ecr-fips.*.amazonaws.com"}, "12h0m0s"},
		"artifact-registry": {"gcp-credential-provider", "  args:\n  - get-credentials\n  - --v=3\n", []string{"gcr.io", "*.gcr.io", "*.pkg.dev"}, "1m0s"},
		"acr":               {"acr-credential-provider", "  args:\n  - /etc/kubernetes/azure.json\n", []string{"*.azurecr.io", "*.azurecr.cn", "*.azurecr.us"}, "10m0s"},
	}[p.family().ID]
	if provider.name == "" {
		if p.cause.Cause != "CredentialProviderFailure" {
			return nil
		}
		return []Remedy{{
			ID: "credential-provider", Title: "Mend the kubelet's credential provider on " + orWords(p.node(), "the node"),
			Steps: append(p.providerLook(), Step{What: "Mend what its log names: the program's path and mode, its arguments, its configuration, the node's rights", Where: p.onNode(), Afterwards: "no such line at the next attempt"}),
		}}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n- name: %s\n  matchImages:\n", provider.name)
	for _, pattern := range provider.patterns {
		fmt.Fprintf(&text, "  - %q\n", pattern)
	}
	fmt.Fprintf(&text, "  defaultCacheDuration: %s\n  apiVersion: credentialprovider.kubelet.k8s.io/v1\n%s", provider.life, provider.args)
	if k := p.system().kind; k == k3s || k == rke2 || k == microK8s || k == eks {
		return p.providerElsewhere(provider.name, text.String())
	}
	const file = "/etc/kubernetes/credential-provider.yaml"
	return []Remedy{{
		ID: "credential-provider", Title: "Have the kubelet log in to " + orWords(p.host(), "the registry") + " with the node's own identity",
		Because: "it asks for a new token by itself, so that no secret runs out; nodes of EKS, GKE and AKS are set up so already, and need the right alone (grant-pull)",
		Risks:   []string{"Every pod of the node can pull what the node may pull", "The file holds all providers of the node: add what is there already"},
		Steps: append(p.providerLook(),
			Step{
				What: "Put " + provider.name + " of the cloud's provider into /usr/local/bin/credential-providers, and write the file", Where: p.onNode(),
				File: &File{Path: file, Content: text.String()}, Commands: printable(sh("ls", "-l", "/usr/local/bin/credential-providers/"+provider.name)), Afterwards: "the program is there and can be run",
			},
			Step{
				What: "Give the kubelet --image-credential-provider-config=" + file + " and --image-credential-provider-bin-dir=/usr/local/bin/credential-providers (in KUBELET_EXTRA_ARGS, where kubeadm set it up), and restart it", Where: p.onNode(),
				Commands: printable(sh("systemctl", "restart", "kubelet"), sh("journalctl", "--no-pager", "-n", "50", "-u", "kubelet")), Afterwards: "the node is Ready, and no line of the log names the provider",
			}),
		Undo: []Step{{What: "Take the two flags away, and restart the kubelet", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", "kubelet")), Afterwards: "the kubelet uses pods' secrets alone"}},
	}}
}

// providerElsewhere is where a kubelet that is no unit of its own finds its providers:
// k3s and RKE2 look into a folder of theirs when they start.
func (p byHand) providerElsewhere(name, text string) []Remedy {
	s := p.system()
	r := Remedy{
		ID: "credential-provider", Title: "Have the kubelet log in to " + orWords(p.host(), "the registry") + " with the node's own identity",
		Because: "it asks for a new token by itself, so that no secret runs out",
		Risks:   []string{"Every pod of the node can pull what the node may pull"},
	}
	if s.registries == "" {
		r.Steps = append(p.providerLook(), Step{
			What:  "Give the kubelet " + name + " with --image-credential-provider-config and --image-credential-provider-bin-dir, where " + s.name + " keeps its flags, and restart it; the nodes of a cloud's own clusters have it already, and need the right alone (grant-pull)",
			Where: p.onNode(), Afterwards: "the node is Ready, and no line of the log names the provider",
		})
		return []Remedy{r}
	}
	const home = rancher + "credentialprovider"
	r.Risks = append(append(r.Risks, "The file holds all providers of the node: add what is there already"), s.restartRisks()...)
	r.Steps = append(p.providerLook(),
		Step{What: "Make the folder that " + s.name + " looks into", Where: p.onNode(), Commands: printable(sh("mkdir", "-p", home+"/bin"), p.keepCopy(home+"/config.yaml")), Afterwards: "it is there"},
		Step{What: "Put " + name + " of the cloud's provider into " + home + "/bin, and write the file", Where: p.onNode(), File: &File{Path: home + "/config.yaml", Content: text}, Commands: printable(sh("ls", "-l", home+"/bin/"+name)), Afterwards: "the program is there and can be run"},
		p.kubeletAnew())
	r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(p.putBack(home+"/config.yaml"), sh("systemctl", "restart", s.kubelet)), Afterwards: "the kubelet uses pods' secrets alone"}}
	return []Remedy{r}
}

// kubeletFlags shows the kubelet's flags, where it is a program of its own.
func (p byHand) kubeletFlags() string {
	if p.system().kubelet != "kubelet" {
		return ""
	}
	return sh("ps", "-ww", "-o", "args=", "-C", "kubelet")
}

// providerLook shows what the kubelet has and says: a provider that fails is
// told in its log alone.
func (p byHand) providerLook() []Step {
	return []Step{{
		What: "See which providers the kubelet has, and what they said", Where: p.onNode(),
		Commands:   printable(p.kubeletFlags(), pipe(journal("2000", p.system().kubelet), sh("grep", "-i", "credential"))),
		Afterwards: "--image-credential-provider-config and --image-credential-provider-bin-dir, and lines such as Failed getting credential from external registry credential provider",
	}}
}

// externalSecret has the External Secrets Operator keep the pull secret
// (https://external-secrets.io/latest/guides/common-k8s-secret-types/).
func (p byHand) externalSecret() []Remedy {
	name, namespace, host := orWords(p.secret(), "pull-secret"), p.namespace(), p.host()
	r := Remedy{
		ID: "external-secret", Title: "Have External Secrets keep " + name + " fresh",
		Because: "a token that somebody writes by hand runs out again",
		Risks:   []string{"External Secrets takes the secret over, and replaces its whole content"},
	}
	if namespace == "" || host == "" {
		r.Steps = []Step{{What: "Write an ExternalSecret that makes the pull secret from where the registry's login is kept", Where: withKubectl, Afterwards: "kubectl get externalsecret says SecretSynced"}}
		return []Remedy{r}
	}
	text, what := p.externalManifest(name, namespace, host)
	r.Steps = []Step{
		{What: what, Where: withKubectl, File: &File{Path: "external-secret.yaml", Content: text}, Afterwards: "the file is there"},
		{What: "Try it, and apply it (the External Secrets Operator has to be in the cluster)", Where: withKubectl, Commands: printable(sh("kubectl", "apply", "--dry-run=server", "-f", "external-secret.yaml"), sh("kubectl", "apply", "-f", "external-secret.yaml"), sh("kubectl", "get", "externalsecret", name, "-n", namespace)), Afterwards: "SecretSynced; the kubelet uses it at its next attempt"},
	}
	r.Undo = []Step{{What: "Take it away; the secret that it made goes with it", Where: withKubectl, Commands: printable(sh("kubectl", "delete", "-f", "external-secret.yaml")), Afterwards: "the ExternalSecret is gone"}}
	return []Remedy{r}
}

func (p byHand) externalManifest(name, namespace, host string) (text, what string) {
	key := host
	if host == "docker.io" {
		key = "https://index.docker.io/v1/"
	}
	const head = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: %q\n  namespace: %q\nspec:\n  refreshInterval: %s\n  target:\n    name: %q\n    template:\n      type: kubernetes.io/dockerconfigjson\n      data:\n        .dockerconfigjson: |\n          {\"auths\":{%q:{\"username\":\"{{ .username }}\",\"password\":\"{{ .password }}\"}}}\n"
	if c, ok := p.ecr(); ok {
		text = fmt.Sprintf("apiVersion: generators.external-secrets.io/v1alpha1\nkind: ECRAuthorizationToken\nmetadata:\n  name: %q\n  namespace: %q\nspec:\n  region: %q\n---\n", name, namespace, c.region) +
			fmt.Sprintf(head, name, namespace, "6h", name, key) +
			fmt.Sprintf("  dataFrom:\n  - sourceRef:\n      generatorRef:\n        apiVersion: generators.external-secrets.io/v1alpha1\n        kind: ECRAuthorizationToken\n        name: %q\n", name)
		return text, "Write the file: it asks ECR for a token with the operator's own identity, twice in a token's life"
	}
	text = fmt.Sprintf(head, name, namespace, "15m", name, key) +
		"  secretStoreRef:\n    kind: ClusterSecretStore\n    name: registry-logins\n  data:\n" +
		fmt.Sprintf("  - secretKey: username\n    remoteRef: {key: %q, property: username}\n  - secretKey: password\n    remoteRef: {key: %q, property: password}\n", host, host)
	return text, "Write the file; registry-logins stands for your store, and " + host + " for the entry in it that has username and password"
}

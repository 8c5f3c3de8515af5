// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

// registryPolicy has the registry let the image through, by the registry's kind.
func (p byHand) registryPolicy() []Remedy {
	r := Remedy{
		ID: "registry-policy", Title: "Have the rule at " + orWords(p.host(), "the registry") + " let " + orWords(p.image(), "the image") + " through, or mend the image",
		Risks: []string{"An exception lets through what the rule was made to keep out: with an end, for one image or CVE, by the rule's owner"},
	}
	const afterwards = "nothing in the cluster changes, and the next attempt succeeds"
	if name, ok := p.azure(); ok {
		r.Steps = []Step{
			{What: "See the registry's network rules", Where: withCloud, Commands: printable(sh("az", "acr", "network-rule", "list", "--name", name)), Afterwards: "the addresses that may come, and what holds for the others"},
			{What: "Add the address that the nodes leave by: set ADDRESS to it first", Where: withCloud, Commands: printable(asking(sh("az", "acr", "network-rule", "add", "--name", name), "--ip-address", "", "ADDRESS")), Afterwards: afterwards},
		}
		return []Remedy{r}
	}
	what := map[string]string{
		"harbor":            "Rebuild the image without the CVE; or add the CVE to the project's allow-list, with an end (Project, Configuration, CVE allow-list); or sign it, if the rule wants that",
		"artifactory":       "Read the policy that Xray or Curation names in its answer; rebuild the image, or have its owner add an ignore rule with an end",
		"quay":              "Read the repository's security scan, and rebuild the image; or have the organisation's owner lift the rule for it",
		"artifact-registry": "Read which organisation policy or service perimeter refuses (VPC Service Controls name an id in the audit log), and add the nodes' project to it",
		"ecr":               "Read the repository's and the registry's policy for a Deny with a condition (network, organisation, scan), and have its owner add the nodes",
		"docker-hub":        "Read the organisation's Image Access Management, and allow the publisher or repository",
	}[p.family().ID]
	r.Steps = []Step{{What: orWords(what, "Ask the rule's owner: the registry's answer names the rule; mend the image, or have it allowed with an end"), Where: atRegistry, Afterwards: afterwards}}
	if c, ok := p.ecr(); ok {
		r.Steps[0].Where = withCloud
		r.Steps[0].Commands = printable(
			sh("aws", "ecr", "get-repository-policy", "--registry-id", c.account, "--region", c.region, "--repository-name", p.repository()),
			sh("aws", "ecr", "get-registry-policy", "--region", c.region))
	}
	return []Remedy{r}
}

// cacheLogin renews what a pull-through cache logs in with at its source.
func (p byHand) cacheLogin() []Remedy {
	r := Remedy{ID: "cache-login", Title: "Have the cache " + orWords(p.host(), "in front of the registry") + " reach its source again"}
	const afterwards = "a pull of an image that it did not have yet succeeds; the next attempt does, too"
	if c, ok := p.ecr(); ok {
		prefix := matching(wordGrammar, firstPath(p.repository()))
		r.Steps = []Step{
			{What: "See the rule and have ECR check its login", Where: withCloud, Commands: printable(sh("aws", "ecr", "describe-pull-through-cache-rules", "--region", c.region), sh("aws", "ecr", "validate-pull-through-cache-rule", "--region", c.region, "--ecr-repository-prefix", prefix)), Afterwards: "isValid false, with the reason"},
			{What: "Write a good login into the rule's secret of Secrets Manager (its name begins with ecr-pullthroughcache/), in its console: there it stands on no command line", Where: withCloud, Afterwards: "validate-pull-through-cache-rule says isValid true; " + afterwards},
		}
		return []Remedy{r}
	}
	what := map[string]string{
		"harbor":            "Correct the login of the proxy-cache project's endpoint (Administration, Registries), and test the connection there",
		"artifactory":       "Correct the remote repository's login and URL, and test it there (Administration, Repositories, Remote)",
		"artifact-registry": "Correct the remote repository's upstream login, which is a secret of Secret Manager that Artifact Registry's service agent may read",
		"acr":               "Correct the credential set of the cache rule: its secrets in Key Vault, and the set's identity that may read them",
		"quay":              "Correct the organisation's proxy-cache configuration, its login above all",
	}[p.family().ID]
	r.Steps = []Step{{What: orWords(what, "Correct the cache's login at its source, and its way there; a login that is limited needs another"), Where: atRegistry, Afterwards: afterwards}}
	return []Remedy{r}
}

// firstPath is a path's first part.
func firstPath(path string) string {
	for i, c := range path {
		if c == '/' {
			return path[:i]
		}
	}
	return path
}

// signImage signs the digest with the key that the policy names.
func (p byHand) signImage() []Remedy {
	image := ""
	if d := matching(digestGrammar, p.d.Pull.Reference.Digest); d != "" && p.named() != "" {
		image = p.named() + "@" + d
	} else if d := matching(digestGrammar, p.Digests[p.image()]); d != "" && p.named() != "" {
		image = p.named() + "@" + d
	}
	steps := []Step{{What: "Sign the digest, never a tag, with the key that the policy names: set KEY to where that is (a file or a KMS address) first", Where: withSources, Commands: printable(signing(image)), Afterwards: "the signature is pushed beside the image; the next attempt succeeds"}}
	if image == "" {
		steps = append([]Step{{What: "Find the digest of what was meant", Where: withSources, Commands: printable(sh("skopeo", "inspect", "--format", "{{.Digest}}", withPrefix("docker://", p.image()))), Afterwards: "a line with sha256"}}, steps...)
	}
	return []Remedy{{ID: "sign-image", Title: "Sign " + orWords(image, orWords(p.image(), "the image")), Risks: []string{"A signature says that you vouch for these bytes: look at what they are first", "Unless told otherwise cosign also writes the digest and who signed it into a public log (Rekor)"}, Steps: steps}}
}

func signing(image string) string {
	command := asking(sh("cosign", "sign"), "--key", "", "KEY")
	if image == "" {
		return ""
	}
	return command + " " + sh(image)
}

// signaturePolicy corrects a policy that is wrong.
func (p byHand) signaturePolicy() []Remedy {
	s := p.system()
	step := Step{
		What: "See which verifier refused and with which key: containerd calls every program of the folder bin_dir of its image verifier", Where: p.onNode(),
		Commands: printable(pipe(sh("containerd", "config", "dump"), sh("grep", "-A5", "image-verifier"))), Afterwards: "the folder, and below it the program whose words the event has",
	}
	if p.runtime() == crio {
		step = Step{What: "See what the policy asks for this registry", Where: p.onNode(), Commands: printable(sh("cat", "/etc/containers/policy.json"), sh("find", "/etc/containers/registries.d", "-type", "f")), Afterwards: "the entry under transports, docker, with its keyPath"}
	}
	if s.log != "" || s.kind == microK8s {
		step.Commands = s.logs("100")
	}
	if s.kind == dockerd {
		return nil // it verifies nothing
	}
	return []Remedy{{
		ID: "signature-policy", Title: "Correct the signature policy, if it is what is wrong", Because: "an old key, or a name that moved; it is never loosened for one image",
		Risks: []string{"It holds for every image of the node"},
		Steps: []Step{step, {What: "Correct it where the nodes' configuration comes from, and reload the runtime", Where: p.onNode(), Commands: printable(sh("systemctl", p.reload(), s.unit)), Afterwards: "the next attempt gets past the verification"}},
	}}
}

// reload is how the runtime takes its files: containerd has to be restarted.
func (p byHand) reload() string {
	if p.runtime() == crio {
		return "reload"
	}
	return "restart"
}

// admissionRule says what to change where admission refused the pod.
func (p byHand) admissionRule() []Remedy {
	return []Remedy{{
		ID: "admission-rule", Title: "Give the image what the admission rule asks for",
		Because: "the pod was refused before a kubelet saw it; its controller tries again by itself",
		Risks:   []string{"An exception is the rule owner's to grant; switching a webhook off for one image lets everything in"},
		Steps: []Step{
			{What: "Read which rule refused and what it asks for", Where: withKubectl, Commands: printable(
				sh("kubectl", "get", "events", "-n", p.namespace(), "--field-selector", "reason=FailedCreate"),
				sh("kubectl", "get", "validatingadmissionpolicies,validatingadmissionpolicybindings,validatingwebhookconfigurations")), Afterwards: "the policy's or webhook's name stands in the event's message"},
			{What: "Change the image as it asks: the digest instead of the tag, a signature, the registry that is allowed", Where: withDocs, Afterwards: "kubectl apply --dry-run=server takes a pod with that image; the controller makes the pod within minutes"},
			{What: "A webhook that fails rather than refuses: mend it first, its failurePolicy decides whether everything stops meanwhile", Where: withKubectl, Afterwards: "its pods are ready, and it answers"},
		},
	}}
}

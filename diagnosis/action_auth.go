// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// account is the one that a finding about a credential is about: a registry's
// account has no name here but the secret that keeps its password.
func account(f evidence.Finding) string {
	if f.Subject.Kind == evidence.SubjectSecret || f.Subject.Kind == evidence.SubjectCredential {
		return "the account of secret " + f.Subject.Name
	}
	return "the account that the pod logs in with"
}

// inSecret is the secret that the cause is about, with the key of its entry where
// that is not the registry's own name: secret shop/hub, key *.example.
func (o *order) inSecret() string {
	name := ""
	for _, outcome := range []evidence.Outcome{evidence.CredentialRejected, evidence.CredentialExpired, evidence.CredentialExpiredByItself, evidence.KeyringMatches} {
		f, ok := o.find(outcome)
		if !ok {
			continue
		}
		if f.Subject.Kind == evidence.SubjectCredential || f.Subject.Kind == evidence.SubjectSecret {
			name = f.Subject.Name
		}
		if key := f.Details["key"]; key != "" && key != o.e.Pull.Reference.Host && name != "" {
			return "secret " + name + ", key " + key
		}
	}
	if secrets := o.e.Pull.PullSecrets; name == "" && len(secrets) == 1 {
		name = join(o.e.Pull.Namespace, secrets[0])
	}
	if name == "" {
		return ""
	}
	return "secret " + name
}

// key is how a secret has to name the image's registry for the kubelet to match
// it.
func (o *order) key() string {
	if host := o.e.Pull.Reference.Host; host != "docker.io" {
		return host
	}
	return "https://index.docker.io/v1/"
}

func (o *order) giveCredential() string {
	p, host := o.e.Pull, o.e.Pull.Reference.Host
	switch {
	case o.has(evidence.KeyringMatches):
		return "" // a credential is there, and another one is wanted
	case o.has(evidence.PodBringsNone):
		return "Give " + o.owner() + " a pull secret for " + host + ", or " + o.node() + " the right to pull from it (its cloud role and the kubelet's credential provider)."
	case len(p.PullSecrets) > 0 && o.keyringUnseen:
		return "Look whether secret " + join(p.Namespace, p.PullSecrets[0]) + " has a login for " + host + " under the key " + o.key() + ": none was sent."
	case len(p.PullSecrets) > 0:
		return "Add a login for " + host + " (key " + o.key() + ") to secret " + join(p.Namespace, p.PullSecrets[0]) + ", or name a secret that has one in " + o.owner() + o.anew() + "."
	}
	return "Put a login for " + host + " into a pull secret in namespace " + p.Namespace + " and name it in " + o.owner() + " (imagePullSecrets)" + o.anew() + "."
}

// emptyWords say what an entry lacks, by the reason of kubelet/keyring.
func emptyWords(reason string) string {
	switch reason {
	case "identity-token-only":
		return "it has an identity token only, which the kubelet does not read"
	case "registry-token-only":
		return "it has a registry token only, which the kubelet does not read"
	case "user-name-missing":
		return "it has no user name"
	case "password-missing":
		return "it has no password"
	}
	return "its entry is empty"
}

func (o *order) bringSecret() string {
	f, ok := o.findOf(evidence.SubjectSecret, evidence.SecretAbsent)
	if !ok {
		return ""
	}
	namespace, name, _ := strings.Cut(f.Subject.Name, "/")
	if from, ok := o.find(evidence.SecretElsewhere); ok && from.Details["namespaces"] != "" && from.Subject == f.Subject {
		where, _, _ := strings.Cut(from.Details["namespaces"], ",")
		return "Copy secret " + name + " from namespace " + where + " into " + namespace + ", or correct the name in " + o.owner() + o.anew() + "."
	}
	return "Make secret " + name + " in namespace " + namespace + " with a login for " + o.e.Pull.Reference.Host + ", or correct that name in " + o.owner() + " (imagePullSecrets)" + o.anew() + "."
}

// rewriteSecret mends what keeps the kubelet from using a secret: its type, the
// name of its data, or the key of an entry.
func (o *order) rewriteSecret() string {
	f, ok := o.findOf(evidence.SubjectSecret, evidence.SecretWrongType, evidence.KeyringEntryIgnored, evidence.KeyringEntryEmpty)
	if !ok {
		return ""
	}
	secret, host := f.Subject.Name, o.e.Pull.Reference.Host
	if f.Outcome == evidence.KeyringEntryEmpty {
		return "Write a user name and password for " + host + " into secret " + secret + ": " + emptyWords(f.Details["reason"]) + "."
	}
	switch f.Details["reason"] {
	case "type-ignored":
		kind := f.Details["type"]
		if kind != "" {
			kind = " (it is " + kind + ")"
		}
		return "Make secret " + secret + " anew with the type kubernetes.io/dockerconfigjson" + kind + ": a secret's type cannot be changed."
	case "data-key-missing":
		key := ".dockerconfigjson"
		if f.Details["type"] == "kubernetes.io/dockercfg" {
			key = ".dockercfg"
		}
		return "Put the login into secret " + secret + " under the name " + key + ", where the kubelet looks for it."
	case "not-wrapped":
		return "In secret " + secret + ", put the entry " + f.Details["key"] + " inside auths, where the kubelet looks for it."
	case "wrongly-wrapped":
		return "In secret " + secret + ", put the entries at the top and not inside auths, or make it anew with the type kubernetes.io/dockerconfigjson."
	case "helper-ignored":
		return "Write a user name and password for " + host + " into secret " + secret + ": it names a credential helper, which the kubelet does not run."
	}
	if f.Outcome == evidence.KeyringEntryIgnored && f.Details["key"] != "" && f.Details["key"] != o.key() {
		return "In secret " + secret + ", rename the key " + f.Details["key"] + " to " + o.key() + "."
	}
	return ""
}

func (o *order) rewriteMalformed() string {
	f, ok := o.findOf(evidence.SubjectSecret, evidence.SecretMalformed)
	if !ok {
		return ""
	}
	namespace, name, _ := strings.Cut(f.Subject.Name, "/")
	return "Make secret " + name + " in namespace " + namespace + " anew with kubectl create secret docker-registry, for --docker-server " + o.key() + "."
}

func (o *order) remakePod() string {
	p := o.e.Pull
	f, _ := o.find(evidence.ServiceAccountGotLate)
	secret := or(f.Details["secret"], "the secret")
	if p.Owner.Kind == "Pod" || p.Owner.Name == "" || p.Pod == "" {
		return "Delete pod " + p.Pod + " and make it anew: only a new pod gets secret " + secret + " from service account " + p.ServiceAccount + "."
	}
	return "Delete pod " + p.Pod + ": the next one that " + o.owner() + " makes gets secret " + secret + " from service account " + p.ServiceAccount + "."
}

func (o *order) renewPassword() string {
	where := o.inSecret()
	if where == "" {
		return ""
	}
	if f, ok := o.find(evidence.KeyringMatches); ok && f.Details["blank"] != "" {
		return "Take the blank or new line off the user name or password in " + where + "."
	}
	return "Make a new password or token at " + o.host() + ", log in with it once, and write it into " + where + "."
}

func (o *order) renewToken() string {
	where := o.inSecret()
	if where == "" {
		return ""
	}
	f, _ := o.find(evidence.CredentialExpiredByItself)
	kind, lasts := "token", ""
	switch f.Details["source"] {
	case "ecr-token", "ecr-token-unreadable":
		kind, lasts = "ECR token", ", as one lives 12 hours only"
	case "acr-refresh-token":
		kind = "ACR token"
	case "google-access-token":
		kind, lasts = "Google access token", ", as one lives an hour only"
	}
	return "Write a fresh " + kind + " into " + where + "; then have it refreshed by itself" + lasts + "."
}

func (o *order) dropCredential() string {
	if o.inSecret() == "" {
		return ""
	}
	return "Take the entry for " + o.e.Pull.Reference.Host + " out of " + o.inSecret() + ", or put a good login there: " + o.it() + " needs none."
}

func (o *order) grant() string {
	f, ok := o.find(evidence.CredentialAccepted, evidence.KeyringMatches)
	p := o.e.Pull.Reference
	where := ""
	switch {
	case strings.Contains(p.Host, ".dkr.ecr"):
		where = " (its IAM policy, and the repository's policy)"
	case strings.HasSuffix(p.Host, ".pkg.dev"), strings.HasSuffix(p.Host, "gcr.io"):
		where = " (role Artifact Registry Reader)"
	case strings.HasSuffix(p.Host, ".azurecr.io"):
		where = " (role AcrPull)"
	case p.Host == "ghcr.io":
		where = " (the package's settings, and read:packages in the token)"
	}
	if !ok {
		return "Grant the account that the kubelet sends pull access to " + join(p.Host, p.Repository) + where + "."
	}
	return "Grant " + account(f) + " pull access to " + join(p.Host, p.Repository) + where + "."
}

func (o *order) readProvider() string {
	o.run("journalctl", "--no-pager", "-n", "200", "-u", "kubelet")
	return "On " + o.node() + ", read what the kubelet's log says of its credential provider for " + o.e.Pull.Reference.Host + "."
}

func (o *order) bringClientCertificate() string {
	_, runtime := o.unit()
	if runtime == "CRI-O" {
		return "Put the client certificate and key for " + o.host() + " into /etc/containers/certs.d on " + o.node() + " and the other nodes."
	}
	return "Name the client certificate and key for " + o.host() + " in its hosts.toml on " + o.node() + " and the other nodes."
}

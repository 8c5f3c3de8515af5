// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// lastingLogin says what keeps the credential from failing again: the source
// that a tool writes the secret from, and for one that ends by itself, what
// renews it.
func (p *planner) lastingLogin(r Remedy) []Step {
	var steps []Step
	for _, c := range r.Changes {
		if s, ok := p.secretOf(c.Object.Name); ok && c.Object.Kind == "Secret" && !c.Creates() && s.Manager.Tool != "" {
			steps = append(steps, Step{What: "Change the credential where " + managerWords(s.Manager) + " takes secret " + s.Name + " from, or it is written back"})
		}
	}
	if r.Foresee == nil {
		return steps
	}
	for _, s := range r.Foresee.Secrets {
		login, ok := firstLogin(p.d.Pull.Image, s)
		if !ok {
			continue
		}
		var what string
		switch _, source, _ := login.Expiry(); source {
		case keyring.ExpiryECR, keyring.ExpiryECRUnreadable:
			what = "ECR tokens live 12 hours: give the nodes the ecr-credential-provider and a role that may pull, or have External Secrets renew the secret with its ECRAuthorizationToken generator"
		case keyring.ExpiryACR:
			what = "ACR tokens live some hours: give the kubelets' identity the role AcrPull, or have External Secrets renew the secret with its ACRAccessToken generator"
		case keyring.ExpiryGoogle:
			what = "Google access tokens live an hour: give the nodes' service account the role Artifact Registry Reader, or have External Secrets renew the secret with its GCRAccessToken generator"
		case keyring.ExpiryJWT:
			what = "This token ends by itself: have something renew it (External Secrets), or use a robot account whose end you know"
		}
		if what != "" && !slices.ContainsFunc(steps, func(s Step) bool { return s.What == what }) {
			steps = append(steps, Step{What: what})
		}
	}
	return steps
}

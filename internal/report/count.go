// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import "github.com/pullmedic/pullmedic/evidence"

// secretsRead counts the secrets whose content was seen.
func secretsRead(pulls []evidence.Evidence) int {
	read := map[string]bool{}
	for _, e := range pulls {
		for _, f := range e.Findings {
			if f.Check != evidence.CheckPullSecrets || f.Vantage != evidence.Cluster {
				continue
			}
			switch f.Outcome {
			case evidence.SecretPresent, evidence.SecretMalformed, evidence.SecretWrongType:
				read[f.Subject.Name] = true
			}
		}
	}
	return len(read)
}

// registriesAsked counts the registries to which anything was sent, by the
// hosts that images name.
func registriesAsked(s evidence.Survey) int {
	if s.Sent.Requests == 0 {
		return 0
	}
	asked := map[string]bool{}
	for _, e := range s.Pulls {
		for _, f := range e.Findings {
			if f.Vantage == evidence.Client && ofLadder(f.Check) {
				asked[e.Pull.Reference.Host] = true
			}
		}
	}
	return len(asked)
}

// ofLadder tells the checks that ask a registry.
func ofLadder(c evidence.Check) bool {
	switch c {
	case evidence.CheckResolve, evidence.CheckConnect, evidence.CheckTLS, evidence.CheckPing, evidence.CheckToken,
		evidence.CheckManifest, evidence.CheckPlatform, evidence.CheckConfig, evidence.CheckBlobs, evidence.CheckAnonymous,
		evidence.CheckTags, evidence.CheckRateLimit, evidence.CheckMirrors:
		return true
	}
	return false
}

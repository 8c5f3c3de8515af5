// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
)

// TakesLogin tells whether a credential could mend the first cause of a
// diagnosis: whoever brings one brings it for the image of such a pull.
func TakesLogin(d diagnosis.Diagnosis) bool {
	if len(d.Causes) == 0 || d.Pull.ContainerKind == evidence.Sandbox {
		return false // the runtime pulls the pause image, and no pod's secrets count
	}
	switch d.Causes[0].Cause {
	case catalog.CredentialsMissing, catalog.SecretMissing, catalog.SecretNotUsed, catalog.ServiceAccountRace,
		catalog.CredentialsInvalid, catalog.CredentialsExpired, catalog.CredentialsBreakPublicImage, catalog.SecretMalformed,
		catalog.PermissionDenied, catalog.AccessDeniedAmbiguous, catalog.CredentialProviderFailure, catalog.RateLimited,
		catalog.CredentialReverification:
		return true
	}
	return false
}

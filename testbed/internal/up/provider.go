// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// Each kubelet has two credential providers for one repository each: one gives
// a good login, the other fails.
const providersConfig = `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: gives
  matchImages: ["` + registries.Harbor + `/acme/provided"]
  defaultCacheDuration: 1m
  apiVersion: credentialprovider.kubelet.k8s.io/v1
- name: fails
  matchImages: ["` + registries.Harbor + `/acme/unprovided"]
  defaultCacheDuration: 1m
  apiVersion: credentialprovider.kubelet.k8s.io/v1
`

// verifier is asked by containerd 2 about each image that it pulls, and refuses
// those whose name says that they are not signed.
const verifier = `#!/bin/sh
case "$*" in
*/unsigned:*|*/unsigned@*) echo "no signature by a key of acme"; exit 1 ;;
esac
`

// writePrograms writes what a node's programs call, which are shell scripts.
func writePrograms(dir string) error {
	account := registries.AccountOf(registries.Harbor)
	answer, err := json.Marshal(map[string]any{
		"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderResponse", "cacheKeyType": "Image",
		"auth": map[string]any{registries.Harbor: map[string]string{"username": account.User, "password": account.Password}},
	})
	if err != nil {
		return err
	}
	for name, script := range map[string]string{
		"verifiers/signed": verifier,
		"providers/gives":  fmt.Sprintf("#!/bin/sh\ncat >/dev/null\ncat <<'END'\n%s\nEND\n", answer),
		"providers/fails":  "#!/bin/sh\necho 'no role is attached to this node' >&2\nexit 1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			return err
		}
	}
	return nil
}

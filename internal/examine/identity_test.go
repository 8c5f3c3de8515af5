// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// What a person's docker has for a password can be an identity token; what a
// kubelet sends never is, whatever its user is called.
func TestOnlyThePersonsOwnLoginCanBeAnIdentityToken(t *testing.T) {
	for user, want := range map[string]bool{keyring.IdentityUser: true, "me": false} {
		h := newHouse(t, account("shop"))
		template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example/acme/api:1"}}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "hub"}}}}
		hub := keyring.Secret{Namespace: "shop", Name: "hub", Type: keyring.TypeDockerConfigJSON, Data: map[string][]byte{".dockerconfigjson": []byte(`{"auths":{"registry.example":{"username":"<token>","password":"` + canary + `"}}}`)}}
		seen := h.x.Foresee(t.Context(), examine.Prospect{
			Wants: []examine.Want{examine.Templated("Deployment", "shop", "api", template)}, Secrets: []keyring.Secret{hub},
			Me: &examine.Me{Platform: evidence.Platform{OS: "linux", Arch: "arm64"}, Login: func(context.Context, evidence.Reference) (keyring.Credential, bool, error) {
				return keyring.Credential{Username: user, Password: keyring.NewPassword(canary)}, true, nil
			}},
		})
		if len(seen.Pulls) != 1 || seen.Pulls[0].Mine == nil || !seen.Pulls[0].Mine.Login || seen.Pulls[0].Mine.Same {
			t.Fatalf("%s: %+v", user, seen.Pulls)
		}
		own, pods := 0, 0
		for _, target := range h.prober.targets {
			if target.Credentials[0].Secret == examine.MyLogin {
				own++
				if target.IdentityTokens != want {
					t.Errorf("%s: as an identity token: %t", user, target.IdentityTokens)
				}
				continue
			}
			pods++
			if target.IdentityTokens {
				t.Errorf("%s: the pod's login is taken for an identity token", user)
			}
		}
		if own != 1 || pods != 1 {
			t.Errorf("%s: %d of mine, %d of the pod's", user, own, pods)
		}
	}
}

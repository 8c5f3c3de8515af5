// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// logins is the namespace with the good secret.
const logins = "pm-logins"

// helperName is what docker-credential- is followed by.
const helperName = "testbed"

// everyLogin is a good login for each registry that wants one.
func everyLogin() Secret {
	entries := map[string]Entry{
		"https://index.docker.io/v1/": good(registries.Hub),
		registries.ECR:                {User: "AWS", Password: registries.ECRPassword(time.Now().Add(10*time.Hour), "logins")},
	}
	for _, registry := range []string{registries.GitHub, registries.ACR, registries.Harbor, registries.Locked, registries.Strict} {
		entries[registry] = good(registry)
	}
	return Secret{Name: "all", Entries: entries}
}

// MakeTools makes what a person has at hand who mends: a good secret in another
// namespace and, in dir, a Docker config and a credential helper. The helper is
// found if dir is in PATH.
func MakeTools(ctx context.Context, bed Bed, dir string) (Tools, error) {
	if err := makeNamespace(ctx, bed, logins); err != nil {
		return Tools{}, err
	}
	secret := everyLogin()
	if err := makeSecret(ctx, bed, logins, secret); err != nil {
		return Tools{}, err
	}
	object, err := secret.object()
	if err != nil {
		return Tools{}, err
	}
	config := filepath.Join(dir, "config.json")
	if err := os.WriteFile(config, object.Data[corev1.DockerConfigJsonKey], 0o600); err != nil {
		return Tools{}, fmt.Errorf("writing a Docker config: %w", err)
	}
	if err := writeHelper(filepath.Join(dir, "docker-credential-"+helperName), secret); err != nil {
		return Tools{}, err
	}
	return Tools{Login: logins + "/" + secret.Name, Config: config, Helper: helperName}, nil
}

func writeHelper(file string, secret Secret) error {
	if err := os.WriteFile(file, []byte(helperScript(secret)), 0o700); err != nil {
		return fmt.Errorf("writing a credential helper: %w", err)
	}
	return nil
}

// helperScript speaks the protocol of Docker's credential helpers: get, with the
// registry on standard input.
func helperScript(secret Secret) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n[ \"$1\" = get ] || exit 1\nread -r server\ncase $server in\n")
	for key, entry := range secret.Entries {
		fmt.Fprintf(&b, "%s|https://%s) echo '{\"ServerURL\":\"%s\",\"Username\":\"%s\",\"Secret\":\"%s\"}' ;;\n", key, key, key, entry.User, entry.Password)
	}
	b.WriteString("*) echo 'credentials not found in native keychain'; exit 1 ;;\nesac\n")
	return b.String()
}

// RemoveTools deletes what MakeTools made in the cluster.
func RemoveTools(ctx context.Context, bed Bed) error {
	err := bed.Kube.CoreV1().Namespaces().Delete(ctx, logins, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return errors.Join(fmt.Errorf("deleting namespace %s", logins), err)
	}
	return nil
}

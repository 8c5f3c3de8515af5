// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package agreement compares the pure core's account of the kubelet with the
// kubelet's own code, on generated cases: which credentials it tries for an
// image and in which order, and when it pulls again.
//
// It is tests only, and lies in the testbed because the product must not
// depend on k8s.io/kubernetes.
package agreement

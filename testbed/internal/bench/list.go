// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// pageLimit is the plugin's: how many pods a list asks for at once.
const pageLimit = 500

// A listing is what a bare list of all pods gave.
type listing struct {
	Pods, Bytes, Pages int
}

// List is the reference: it lists all pods with a client that is set up like the
// plugin's (protobuf, pages of 500, no limit of its own) from KUBECONFIG, decodes
// them, counts, and keeps nothing.
func List(ctx context.Context, out io.Writer) error {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.QPS = -1
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client of the API server: %w", err)
	}
	var l listing
	for next := ""; ; {
		page, err := kube.CoreV1().Pods("").List(ctx, metav1.ListOptions{Limit: pageLimit, Continue: next})
		if err != nil {
			return fmt.Errorf("listing pods: %w", err)
		}
		l.Pages++
		l.Pods += len(page.Items)
		if l.Pages == 1 {
			// One page tells the size of them all: to count costs time.
			for i := range page.Items {
				l.Bytes += page.Items[i].Size()
			}
			l.Bytes /= max(1, len(page.Items))
		}
		if next = page.Continue; next == "" {
			return json.NewEncoder(out).Encode(l)
		}
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"net/http"

	"k8s.io/client-go/rest"
)

// errNone is what a client without a cluster gets for each question.
var errNone = errors.New("there is no cluster")

// None returns a client that has no cluster: each question is answered with an
// *Error of the reason NoCluster, and nothing is connected to.
func None() (*Client, error) {
	return New(&rest.Config{Host: "https://cluster.invalid", Transport: none{}}, Options{})
}

type none struct{}

func (none) RoundTrip(*http.Request) (*http.Response, error) { return nil, errNone }

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package cluster asks the Kubernetes API server what it knows about failing
// pulls: pods, events, secrets, service accounts, nodes, owners.
//
// It only reads, and reads little: lists come in pages, secrets one by one and
// only those that a failing pod names. Every question has a deadline and is
// asked once; a refused one ends in an *Error that says what was asked and
// which right it needs, so that what may not be read degrades one part of the
// answer. The secret half of a credential never leaves it other than as a
// keyring.Password.
package cluster

import (
	"context"
	"fmt"
	"net/http"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/pullmedic/pullmedic/internal/trace"
)

// pageLimit is how many objects a list asks for at once.
const pageLimit = 500

// defaultTimeout bounds one question to the API server.
const defaultTimeout = 10 * time.Second

// A Client asks one API server. It is safe for concurrent use.
type Client struct {
	core, apps, batch, autoscaling, discovery rest.Interface
	timeout                                   time.Duration
}

// Options of a Client. The zero value is good.
type Options struct {
	// Timeout of one question, 10 s if 0.
	Timeout time.Duration
}

// Connect returns a connection to the API server of config, and a copy of config
// that goes with it. Nothing is asked yet. The limits on the client's own side are
// switched off (the server has its own); each request is a span of the recorder in
// its context, ends with its context whatever a credential plugin does, and takes
// nothing but an API server for one.
func Connect(config *rest.Config) (*rest.Config, *http.Client, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.RateLimiter = -1, nil
	config.WarningHandler, config.WarningHandlerWithContext = rest.NoWarnings{}, nil
	config.Wrap(guarded)
	config.Wrap(trace.Transport)
	if config.UserAgent == "" {
		config.UserAgent = "pullmedic"
	}
	connection, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, nil, fmt.Errorf("making a client for the API server: %w", err)
	}
	connection.Transport = prompt(config, connection.Transport)
	return config, connection, nil
}

// New returns a client for the API server of config. It asks nothing yet. Objects
// travel as protobuf.
func New(config *rest.Config, o Options) (*Client, error) {
	config, connection, err := Connect(config)
	if err != nil {
		return nil, err
	}
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	c := &Client{timeout: o.Timeout}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	for _, g := range []struct {
		into *rest.Interface
		gv   schema.GroupVersion
		path string
	}{
		{&c.core, corev1.SchemeGroupVersion, "/api"},
		{&c.apps, appsv1.SchemeGroupVersion, "/apis"},
		{&c.batch, batchv1.SchemeGroupVersion, "/apis"},
		{&c.autoscaling, autoscalingv2.SchemeGroupVersion, "/apis"},
		{&c.discovery, discoveryv1.SchemeGroupVersion, "/apis"},
	} {
		if *g.into, err = group(config, connection, g.gv, g.path); err != nil {
			return nil, fmt.Errorf("making a client for the API server: %w", err)
		}
	}
	return c, nil
}

func group(config *rest.Config, connection *http.Client, gv schema.GroupVersion, path string) (rest.Interface, error) {
	one := rest.CopyConfig(config)
	one.GroupVersion, one.APIPath = &gv, path
	return rest.RESTClientForConfigAndClient(one, connection)
}

// A question names what is asked, for requests and errors.
type question struct {
	client    rest.Interface
	verb      string // get or list
	resource  string // pods, replicasets.apps: as in RBAC rules
	namespace string
	name      string
}

// request is the question as it is sent; o is nil for one object.
func (q question) request(o *metav1.ListOptions, accept string) *rest.Request {
	r := q.client.Get().MaxRetries(0).Resource(plain(q.resource))
	if q.namespace != "" {
		r = r.Namespace(q.namespace)
	}
	if q.name != "" {
		r = r.Name(q.name)
	}
	if o != nil {
		r = r.VersionedParams(o, scheme.ParameterCodec)
	}
	if accept != "" {
		r = r.SetHeader("Accept", accept)
	}
	return r
}

// do asks and decodes the answer into out.
func (c *Client) do(ctx context.Context, q question, o *metav1.ListOptions, accept string, out runtime.Object) error {
	call, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := q.request(o, accept).Do(call).Into(out); err != nil {
		return newAnswerError(ctx, q, err)
	}
	return nil
}

// plain cuts the API group off a resource's name.
func plain(resource string) string {
	for i := range len(resource) {
		if resource[i] == '.' {
			return resource[:i]
		}
	}
	return resource
}

// A list is what every Kubernetes list type offers.
type list interface {
	runtime.Object
	metav1.ListInterface
}

// pages lists in pages and calls each after every one, with out filled anew,
// until there are no more, maxPages were read (0: no bound) or each returns
// false. It tells whether it came to the end. A list that grew older than the
// server remembers goes on from where it is, on newer data.
func (c *Client) pages(ctx context.Context, q question, o metav1.ListOptions, maxPages int, fresh func() list, each func(list) bool) (complete bool, err error) {
	o.Limit = pageLimit
	for n := 1; ; n++ {
		out := fresh()
		if err := c.do(ctx, q, &o, "", out); err != nil {
			next, ok := continueAfter(err)
			if !ok || next == o.Continue {
				return false, err
			}
			o.Continue = next
			continue
		}
		more := each(out)
		o.Continue = out.GetContinue()
		switch {
		case o.Continue == "":
			return true, nil
		case !more || maxPages > 0 && n >= maxPages:
			return false, nil
		}
	}
}

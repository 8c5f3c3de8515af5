// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// A Reason says why the API server gave no answer, by what one does about it.
type Reason string

// The reasons.
const (
	NotFound     Reason = "not-found"     // there is no such object
	Forbidden    Reason = "forbidden"     // the user may not ask this
	Unauthorized Reason = "unauthorized"  // the server does not know the user
	Unreachable  Reason = "unreachable"   // no server there, or no way to it
	Untrusted    Reason = "untrusted"     // its certificate is not trusted
	TimedOut     Reason = "timed-out"     // no answer within the time
	NoAPIServer  Reason = "no-api-server" // something else answers in its place
	NoCluster    Reason = "no-cluster"    // there is none to ask, by None
	Failed       Reason = "failed"        // anything else
)

// An Error is a question that the API server did not answer.
type Error struct {
	Reason Reason
	// Verb and Resource as in an RBAC rule: get, secrets; with the API group
	// for other groups than the core (replicasets.apps).
	Verb, Resource string
	// Namespace, "" for all; Name, "" for a list.
	Namespace, Name string
	// Everywhere tells that all namespaces were asked for before, and refused.
	Everywhere bool
	// Err is the cause. Its text may hold the server's own words.
	Err error
}

// noCredential is how client-go begins the error of a credential plugin.
const noCredential = "getting credentials: "

// newError classifies what client-go returned. The outer context tells a
// question that ran out of its own time from a run that ended.
func newError(ctx context.Context, q question, err error) *Error {
	e := &Error{Verb: q.verb, Resource: q.resource, Namespace: q.namespace, Name: q.name, Err: err, Reason: Failed}
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var network net.Error
	var address *url.Error
	switch {
	case errors.Is(err, errNone):
		e.Reason = NoCluster
	case errors.Is(err, errNoAPIServer):
		e.Reason = NoAPIServer
	case apierrors.IsNotFound(err):
		e.Reason = NotFound
	case apierrors.IsForbidden(err):
		e.Reason = Forbidden
	case apierrors.IsUnauthorized(err):
		e.Reason = Unauthorized
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &host):
		e.Reason = Untrusted
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err),
		errors.As(err, &network) && network.Timeout():
		e.Reason = TimedOut
	case errors.As(err, &address) && strings.HasPrefix(address.Err.Error(), noCredential):
		e.Reason = Unauthorized // the kubeconfig's own helper failed
	case errors.As(err, &address):
		e.Reason = Unreachable
	}
	return e
}

// newAnswerError is newError of an answer that came and may be one that cannot
// be read.
func newAnswerError(ctx context.Context, q question, err error) *Error {
	e := newError(ctx, q, err)
	var status apierrors.APIStatus
	if e.Reason == Failed && !errors.As(err, &status) && !errors.Is(err, io.ErrUnexpectedEOF) {
		e.Reason = NoAPIServer
	}
	return e
}

// Error says in one line what was asked, why there is no answer and what to do.
func (e *Error) Error() string {
	switch e.Reason {
	case NotFound:
		if e.Resource == "namespaces" {
			return fmt.Sprintf("there is no %s; look at its name", e.what())
		}
		return fmt.Sprintf("there is no %s; look at the name and the namespace", e.what())
	case Forbidden:
		needs := e.Needs()
		if e.Everywhere {
			needs = Right(e.Verb, e.Resource, "", true) + ", nor in namespace " + foreign.Text(e.Namespace, 253)
		}
		return fmt.Sprintf("you may not %s; ask for that right, or name a namespace that you may read with -n", needs)
	case NoCluster:
		return fmt.Sprintf("no cluster is asked in this run, so %s was not read", e.what())
	case TimedOut:
		return fmt.Sprintf("reading %s: no answer from the API server in time; try again, or look at its load", e.what())
	}
	if why := e.noAnswers(); why != "" {
		return "reading " + e.what() + ": " + why
	}
	switch {
	case apierrors.IsTooManyRequests(e.Err):
		return fmt.Sprintf("reading %s: the API server turns questions away for now (429: %s); try again in a while", e.what(), e.words())
	case apierrors.IsInternalError(e.Err), apierrors.IsServiceUnavailable(e.Err), apierrors.IsUnexpectedServerError(e.Err):
		return fmt.Sprintf("reading %s: the API server fails: %s; try again, or look at its log", e.what(), e.words())
	case errors.Is(e.Err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("reading %s: the API server's answer broke off; try again", e.what())
	}
	return fmt.Sprintf("reading %s: %s", e.what(), e.words())
}

// noAnswers says why the API server answers no question at all, whatever is
// asked; "" if it answers others.
func (e *Error) noAnswers() string {
	switch e.Reason {
	case NoAPIServer:
		text := "its answer cannot be read"
		if errors.Is(e.Err, errNoAPIServer) {
			text = strings.TrimPrefix(e.words(), errNoAPIServer.Error()+": ")
		}
		return fmt.Sprintf("%s: %s; look at the kubeconfig's server, and at a proxy on the way (HTTPS_PROXY, NO_PROXY)", errNoAPIServer, text)
	case Unauthorized:
		if why, ok := strings.CutPrefix(e.words(), noCredential); ok {
			if strings.HasPrefix(why, "decoding stdout: ") {
				why = "what the credential plugin printed is none"
			}
			return fmt.Sprintf("there is no credential for the API server: %s; log in again or look at the kubeconfig's user", why)
		}
		return fmt.Sprintf("the API server does not know you (%s); log in again or look at the kubeconfig's user", e.words())
	case Untrusted:
		return fmt.Sprintf("the API server's certificate is not trusted: %s; look at the kubeconfig's certificate-authority", e.words())
	case Unreachable:
		return fmt.Sprintf("the API server cannot be reached: %s; look at the kubeconfig's server and at the network", e.words())
	}
	return ""
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Needs is the right that the question needs: "get secrets in shop".
func (e *Error) Needs() string {
	return Right(e.Verb, e.Resource, e.Namespace, e.Resource != "nodes" && e.Resource != "namespaces")
}

// Right words a right: the verb, the resource as in an RBAC rule and where.
func Right(verb, resource, namespace string, namespaced bool) string {
	right := verb + " " + resource
	switch {
	case namespace != "":
		right += " in namespace " + namespace
	case namespaced:
		right += " in all namespaces"
	}
	return right
}

// what names the object or list.
func (e *Error) what() string {
	if e.Name == "" {
		if e.Namespace == "" {
			return e.Resource
		}
		return e.Resource + " in namespace " + e.Namespace
	}
	what := strings.TrimSuffix(plain(e.Resource), "s") + " " + foreign.Text(e.Name, 253)
	if e.Namespace != "" {
		what += " in namespace " + e.Namespace
	}
	return what
}

// words are those of the innermost cause that still says something, without
// the address with its query.
func (e *Error) words() string {
	var address *url.Error
	if errors.As(e.Err, &address) {
		return foreign.Text(address.Err.Error(), 300)
	}
	return foreign.Text(e.Err.Error(), 300)
}

// ReasonOf returns the reason of an *Error in err's chain, or "".
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// continueAfter returns the token with which the server offers to go on after
// a list's token expired.
func continueAfter(err error) (string, bool) {
	var status apierrors.APIStatus
	if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) {
		return "", false
	}
	next := status.Status().Continue
	return next, next != ""
}

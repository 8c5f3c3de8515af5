// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// A Reason says why a write was refused, by what one does about it.
type Reason string

// The reasons.
const (
	Forbidden Reason = "forbidden" // the user lacks the right
	Quota     Reason = "quota"     // a ResourceQuota is used up
	Admission Reason = "admission" // a webhook or policy says no
	Changed   Reason = "changed"   // the object is not as it was read
	NotFound  Reason = "not-found"
	Exists    Reason = "exists"
	Immutable Reason = "immutable" // a field that may not change
	Budget    Reason = "budget"    // a PodDisruptionBudget holds the pod
	TimedOut  Reason = "timed-out"
	Failed    Reason = "failed"
)

// An Error is a write that the API server refused.
type Error struct {
	Reason Reason
	Verb   string
	Object remedy.Object
	// Says are the server's own words, cleaned.
	Says string
	Err  error
}

// newError classifies what client-go returned. The server's words tell a quota
// and an admission policy from a missing right: all three are 403.
func newError(verb string, o remedy.Object, err error) *Error {
	e := &Error{Verb: verb, Object: o, Err: err, Reason: Failed, Says: words(err)}
	if o.Kind == "Secret" { // a test that failed, or a field that is not valid, would quote what the secret keeps
		e.Err, e.Says = nil, "the server's own words are left out, as they may quote the secret"
	}
	var status apierrors.APIStatus
	code := int32(0)
	if errors.As(err, &status) {
		code = status.Status().Code
	}
	text := err.Error()
	switch {
	case apierrors.IsNotFound(err):
		e.Reason = NotFound
	case apierrors.IsAlreadyExists(err):
		e.Reason = Exists
	case verb == "evict" && code == http.StatusTooManyRequests:
		e.Reason = Budget
	case strings.Contains(text, "exceeded quota"):
		e.Reason = Quota
	case strings.Contains(text, "admission webhook") || strings.Contains(text, "ValidatingAdmissionPolicy") || strings.Contains(text, "MutatingAdmissionPolicy"):
		e.Reason = Admission
	case apierrors.IsForbidden(err):
		e.Reason = Forbidden
	case apierrors.IsConflict(err), strings.Contains(text, "testing value") || strings.Contains(text, "test failed") || strings.Contains(text, "the server rejected our request due to an error in our request"):
		e.Reason = Changed
	case strings.Contains(text, "immutable") || strings.Contains(text, "may not change fields"):
		e.Reason = Immutable
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		e.Reason = TimedOut
	}
	return e
}

// Error says in one line what was refused, why, and what to do.
func (e *Error) Error() string {
	what := e.Object.String()
	if e.Object.Namespace != "" {
		what += " in namespace " + e.Object.Namespace
	}
	switch e.Reason {
	case Forbidden:
		right := Right{Verb: e.Verb, Group: e.Object.Group(), Resource: e.Object.Resource, Namespace: e.Object.Namespace}
		if e.Verb == "evict" {
			right.Verb, right.Subresource = "create", "eviction"
		}
		return fmt.Sprintf("you may not %s; ask for that right", right)
	case Quota:
		return fmt.Sprintf("a quota does not let %s be written: %s; free some of it or have it raised", what, e.Says)
	case Admission:
		return fmt.Sprintf("a rule of the cluster refuses the change of %s: %s", what, e.Says)
	case Changed:
		return fmt.Sprintf("%s was changed by somebody else meanwhile, so nothing was written; look at it and run this again", what)
	case NotFound:
		return fmt.Sprintf("%s is no longer there", what)
	case Exists:
		return fmt.Sprintf("%s is there already", what)
	case Immutable:
		return fmt.Sprintf("%s cannot be changed so: %s", what, e.Says)
	case Budget:
		return fmt.Sprintf("a PodDisruptionBudget does not let %s go now: %s; try again once more of its pods are ready", what, e.Says)
	case TimedOut:
		return fmt.Sprintf("%s %s: no answer from the API server in time; whether it was done is not known", e.Verb, what)
	}
	return fmt.Sprintf("%s %s: %s", e.Verb, what, e.Says)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf returns the reason of an *Error in err's chain, or "".
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// words of the innermost cause, without an address.
func words(err error) string {
	var address *url.Error
	if errors.As(err, &address) {
		return foreign.Text(address.Err.Error(), 300)
	}
	return foreign.Text(err.Error(), 300)
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// An Error is a write that the API server refused, or gave no answer to.
type Error struct {
	Reason Reason
	Verb   string
	Object remedy.Object
	// Says are the server's own words, cleaned.
	Says string
	// Unsure: no answer came from the API server itself, so that whether it was done is
	// not known, and it may still be.
	Unsure bool
	Err    error
}

// newError classifies what client-go returned, by the status where it tells and
// by the server's words only within one status: a quota, an admission policy and a
// missing right are all 403.
func newError(verb string, o remedy.Object, err error) *Error {
	e := &Error{Verb: verb, Object: o, Err: err, Reason: reasonOf(verb, err), Says: words(err), Unsure: unsure(err)}
	if e.Reason == Budget {
		e.Says = budgetWords(err, e.Says)
	}
	if o.Kind == "Secret" && !errors.Is(err, context.Canceled) { // a field that is not valid would be quoted, with what the secret keeps
		e.Err, e.Says = nil, "the server's own words are left out, as they may quote the secret"
		switch {
		case e.Reason == Immutable && causeOf(err, "type"):
			e.Says = "the type of a secret stays as it was made"
		case e.Reason == Immutable:
			e.Says = "it is marked as immutable"
		}
	}
	return e
}

// unsure tells the errors that are no refusal: of the connection, a deadline, somebody
// who interrupts, and what a server or a proxy before it says of its own trouble.
func unsure(err error) bool {
	var answer apierrors.APIStatus
	return !errors.As(err, &answer) || answer.Status().Code >= http.StatusInternalServerError
}

func reasonOf(verb string, err error) Reason {
	var answer apierrors.APIStatus
	if !errors.As(err, &answer) {
		if errors.Is(err, context.DeadlineExceeded) {
			return TimedOut
		}
		return Failed
	}
	status := answer.Status()
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(status.Message, w) })
	}
	switch {
	case apierrors.IsNotFound(err):
		return NotFound
	case apierrors.IsAlreadyExists(err):
		return Exists
	case verb == "evict" && status.Code == http.StatusTooManyRequests:
		return Budget
	case apierrors.IsConflict(err), verb == "patch" && patchFailed(status):
		return Changed
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return TimedOut
	case says("admission webhook ", "ValidatingAdmissionPolicy ", "MutatingAdmissionPolicy "):
		return Admission
	case apierrors.IsInvalid(err) && says("immutable", "may not change fields", "updates to statefulset spec for fields other than"):
		return Immutable
	case !apierrors.IsForbidden(err):
		return Failed
	case says("exceeded quota:", "failed quota:"):
		return Quota
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause), !says(`User "`):
		// Only the authorizer names the user; the rest are rules that the server
		// has built in, such as pod security.
		return Admission
	}
	return Forbidden
}

// budgetWords are what the server says of the budget itself: its name, and how many
// pods it needs; says if that is not there.
func budgetWords(err error, says string) string {
	var answer apierrors.APIStatus
	if errors.As(err, &answer) && answer.Status().Details != nil {
		for _, c := range answer.Status().Details.Causes {
			if c.Type == policyv1.DisruptionBudgetCause && c.Message != "" {
				return foreign.Text(c.Message, 300)
			}
		}
	}
	return says
}

// patchFailed tells the answer to a JSON Patch that does not apply to the object
// as it is: a test failed, or a path leads nowhere. What the server does not find
// valid has the same status and reason, but names the object and the fields; this
// one has no details at all. (apiserver v1.36: endpoints/handlers/patch.go makes
// it of http.StatusUnprocessableEntity alone.)
func patchFailed(s metav1.Status) bool {
	return s.Reason == metav1.StatusReasonInvalid && s.Code == http.StatusUnprocessableEntity &&
		(s.Details == nil || s.Details.Name == "" && s.Details.Kind == "" && len(s.Details.Causes) == 0)
}

// causeOf tells whether the server names that field.
func causeOf(err error, field string) bool {
	var answer apierrors.APIStatus
	if !errors.As(err, &answer) || answer.Status().Details == nil {
		return false
	}
	return slices.ContainsFunc(answer.Status().Details.Causes, func(c metav1.StatusCause) bool { return c.Field == field })
}

// Error says in one line what was refused, why, and what to do.
func (e *Error) Error() string {
	what := e.Object.String()
	if e.Object.Name == "" { // a list
		what = e.Object.Resource
	}
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
		if e.Verb == "get" {
			return fmt.Sprintf("there is no %s; look at the name and the namespace", what)
		}
		return fmt.Sprintf("%s is no longer there", what)
	case Exists:
		return fmt.Sprintf("%s is there already", what)
	case Immutable:
		return fmt.Sprintf("%s cannot be changed so: %s", what, e.Says)
	case Budget:
		return fmt.Sprintf("a PodDisruptionBudget does not let %s go now: %s; try again once more of its pods are ready", what, e.Says)
	case TimedOut:
		if e.Verb == "get" || e.Verb == "list" {
			return fmt.Sprintf("%s %s: no answer from the API server in time; try again, or look at its load", e.Verb, what)
		}
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

// Unsure tells whether err is of a write that may have been done, or may still be.
func Unsure(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Unsure
}

// words of the innermost cause, without an address.
func words(err error) string {
	var address *url.Error
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	if errors.As(err, &address) {
		return foreign.Text(address.Err.Error(), 300)
	}
	return foreign.Text(err.Error(), 300)
}

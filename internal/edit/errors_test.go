// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

// The answers are those of kube-apiserver v1.36.3, as it gave them.
func TestAnswersOfTheAPIServerAreClassified(t *testing.T) {
	details := func(causes ...metav1.StatusCause) *metav1.StatusDetails {
		return &metav1.StatusDetails{Name: "web", Group: "apps", Kind: "Deployment", Causes: causes}
	}
	for name, c := range map[string]struct {
		verb   string
		status metav1.Status
		want   Reason
		says   string
	}{
		"a test of a patch that failed": {"patch", metav1.Status{Code: 422, Reason: "Invalid", Message: "the server rejected our request due to an error in our request", Details: &metav1.StatusDetails{}}, Changed, "was changed by somebody else meanwhile, so nothing was written"},
		"a field that is not valid": {"patch", metav1.Status{Code: 422, Reason: "Invalid", Message: `Deployment.apps "web" is invalid: spec.template.spec.containers[0].image: Required value`,
			Details: details(metav1.StatusCause{Type: "FieldValueRequired", Field: "spec.template.spec.containers[0].image"})}, Failed, "Required value"},
		"a field that is immutable": {"patch", metav1.Status{Code: 422, Reason: "Invalid", Message: `Deployment.apps "web" is invalid: spec.selector: Invalid value: {}: field is immutable`,
			Details: details(metav1.StatusCause{Type: "FieldValueInvalid", Field: "spec.selector"})}, Immutable, "cannot be changed so"},
		"another UID":         {"delete", metav1.Status{Code: 409, Reason: "Conflict", Message: "the UID in the precondition (x) does not match"}, Changed, ""},
		"it is there already": {"create", metav1.Status{Code: 409, Reason: "AlreadyExists", Message: `secrets "hub" already exists`}, Exists, "is there already"},
		"it is not there":     {"patch", metav1.Status{Code: 404, Reason: "NotFound"}, NotFound, "is no longer there"},
		"a right that lacks":  {"patch", metav1.Status{Code: 403, Reason: "Forbidden", Message: `deployments.apps "web" is forbidden: User "eve" cannot patch resource "deployments" in API group "apps" in the namespace "shop"`}, Forbidden, "you may not patch deployments.apps in namespace shop; ask for that right"},
		"a quota":             {"create", metav1.Status{Code: 403, Reason: "Forbidden", Message: `configmaps "c0" is forbidden: exceeded quota: q, requested: count/configmaps=1`}, Quota, "a quota does not let"},
		"a policy": {"patch", metav1.Status{Code: 422, Reason: "Invalid", Message: `deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'no-latest' denied request: no more than 2`,
			Details: details(metav1.StatusCause{})}, Admission, "no more than 2"},
		"a webhook":    {"patch", metav1.Status{Code: 403, Reason: "Forbidden", Message: `admission webhook "x.example" denied the request: no`}, Admission, "a rule of the cluster refuses"},
		"pod security": {"create", metav1.Status{Code: 403, Reason: "Forbidden", Message: `pods "x" is forbidden: violates PodSecurity "restricted:latest"`}, Admission, "violates PodSecurity"},
		"a namespace that goes": {"create", metav1.Status{Code: 403, Reason: "Forbidden", Message: `configmaps "late" is forbidden: unable to create new content in namespace errs because it is being terminated`,
			Details: details(metav1.StatusCause{Type: "NamespaceTerminating"})}, Admission, "being terminated"},
		"a disruption budget": {"evict", metav1.Status{Code: 429, Reason: "TooManyRequests", Message: "Cannot evict pod as it would violate the pod's disruption budget."}, Budget, "a PodDisruptionBudget does not let"},
		"too many requests":   {"patch", metav1.Status{Code: 429, Reason: "TooManyRequests", Message: "slow down"}, Failed, "slow down"},
		"no answer of a part": {"patch", metav1.Status{Code: 504, Reason: "Timeout", Message: "timeout"}, TimedOut, "whether it was done is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			o := remedy.Object{APIVersion: "apps/v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web"}
			err := fmt.Errorf("x: %w", newError(c.verb, o, &apierrors.StatusError{ErrStatus: c.status}))
			if got := ReasonOf(err); got != c.want || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
		})
	}
	everywhere := newError("list", remedy.Object{APIVersion: "v1", Kind: "ConfigMap", Resource: "configmaps"}, &apierrors.StatusError{ErrStatus: metav1.Status{Code: 403, Reason: "Forbidden", Message: `User "eve" cannot list`}})
	if !strings.HasSuffix(everywhere.Error(), "list configmaps in all namespaces; ask for that right") {
		t.Errorf("without a namespace: %v", everywhere)
	}
	list := newError("list", remedy.Object{APIVersion: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespace: "shop"}, &url.Error{Op: "Get", URL: "https://x", Err: context.DeadlineExceeded})
	if want := "list configmaps in namespace shop: no answer from the API server in time; try again, or look at its load"; list.Error() != want {
		t.Errorf("a list without an answer says %q", list.Error())
	}
	if got := ReasonOf(newError("patch", remedy.Object{}, &url.Error{Op: "Patch", URL: "https://x", Err: context.DeadlineExceeded})); got != TimedOut {
		t.Errorf("a deadline is %s", got)
	}
	for name, c := range map[string]struct {
		err    error
		unsure bool
	}{
		"a refusal":                   {&apierrors.StatusError{ErrStatus: metav1.Status{Code: 403, Reason: "Forbidden"}}, false},
		"too many requests":           {&apierrors.StatusError{ErrStatus: metav1.Status{Code: 429, Reason: "TooManyRequests"}}, false},
		"a server that gives up":      {&apierrors.StatusError{ErrStatus: metav1.Status{Code: 504, Reason: "Timeout"}}, true},
		"a proxy that lost the other": {&apierrors.StatusError{ErrStatus: metav1.Status{Code: 502, Reason: "InternalError"}}, true},
		"a connection that is cut":    {&url.Error{Op: "Patch", URL: "https://x", Err: errors.New("EOF")}, true},
		"somebody who interrupts":     {&url.Error{Op: "Patch", URL: "https://x", Err: context.Canceled}, true},
	} {
		if got := Unsure(fmt.Errorf("x: %w", newError("patch", remedy.Object{Kind: "Secret", Name: "hub"}, c.err))); got != c.unsure {
			t.Errorf("%s: unsure is %t", name, got)
		}
	}
	interrupted := newError("evict", remedy.Object{Kind: "Pod", Namespace: "shop", Name: "web-1"}, &url.Error{Op: "Post", URL: "https://x", Err: context.Canceled})
	if got := interrupted.Error(); got != "evict pod/web-1 in namespace shop: interrupted" {
		t.Errorf("an interrupted write says %q", got)
	}
}

func TestAnErrorAboutASecretQuotesNothing(t *testing.T) {
	o := remedy.Object{APIVersion: "v1", Kind: "Secret", Resource: "secrets", Namespace: "shop", Name: "hub"}
	for _, message := range []string{`Secret "hub" is invalid: data: Invalid value: "canary"`, `Secret "hub" is invalid: data: Forbidden: field is immutable when canary`} {
		err := newError("patch", o, &apierrors.StatusError{ErrStatus: metav1.Status{Code: 422, Reason: "Invalid", Message: message, Details: &metav1.StatusDetails{Name: "hub"}}})
		for e := error(err); e != nil; e = errors.Unwrap(e) {
			if text := fmt.Sprintf("%v %+v %#v %q", e, e, e, e); strings.Contains(text, "canary") {
				t.Errorf("it shows %s", text)
			}
		}
	}
}

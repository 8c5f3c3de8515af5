// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package clustertest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	authorizationv1 "k8s.io/api/authorization/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
)

// maxBody bounds what a write may bring.
const maxBody = 1 << 20

// A Write is one that the server took: patch, create, delete or evict.
type Write struct {
	Verb, Resource, Namespace, Name string
	Dry                             bool
}

// React has f called after each write that is no dry run, as a controller would
// be: it may Put and Remove objects.
func (s *Server) React(f func(Write)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.react = f
}

// Guard has a PodDisruptionBudget hold pods, by their names: their evictions are
// refused, dry ones too.
func (s *Server) Guard(budget string, pods ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pod := range pods {
		s.guarded[pod] = budget
	}
}

// Writes are all writes so far, dry runs too.
func (s *Server) Writes() []Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.writes)
}

// Put adds an object, or puts it in the place of the one of its name.
func (s *Server) Put(o runtime.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(o)
}

func (s *Server) put(o runtime.Object) {
	s.remove(resourceOf(o), key(o))
	s.objects = append(s.objects, o)
}

// Remove takes an object away.
func (s *Server) Remove(resource, namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(resource, namespace+"/"+name)
}

func (s *Server) remove(resource, key_ string) {
	s.objects = slices.DeleteFunc(s.objects, func(o runtime.Object) bool { return resourceOf(o) == resource && key(o) == key_ })
}

// Object is the one of that name as it is now, nil if there is none.
func (s *Server) Object(resource, namespace, name string) runtime.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.find(resource, namespace, name, "", "")
	if err != nil || len(found) == 0 {
		return nil
	}
	return found[0].DeepCopyObject()
}

// write handles PATCH, POST and DELETE.
func (s *Server) write(w http.ResponseWriter, r *http.Request) {
	is := Write{Resource: r.PathValue("resource"), Namespace: r.PathValue("namespace"), Name: r.PathValue("name"), Dry: r.URL.Query().Get("dryRun") == metav1.DryRunAll}
	is.Verb = map[string]string{http.MethodPatch: "patch", http.MethodPost: "create", http.MethodDelete: "delete"}[r.Method]
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		fail(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error(), "")
		return
	}
	if strings.HasSuffix(r.URL.Path, "/eviction") {
		is.Verb = "evict"
		is.Dry = strings.Contains(string(body), metav1.DryRunAll)
	}
	s.mu.Lock()
	denied := s.denied[is.Verb+" "+is.Resource] || s.denied[is.Verb+" "+is.Resource+" "+is.Namespace]
	answer, status := s.apply(is, body, denied)
	if status == nil {
		s.writes = append(s.writes, is)
	}
	react := s.react
	s.mu.Unlock()
	if status != nil {
		refused(w, status)
		return
	}
	if react != nil && !is.Dry {
		react(is)
	}
	write(w, r, answer)
}

func refuse(code int32, reason metav1.StatusReason, format string, args ...any) *metav1.Status {
	return &metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func (s *Server) apply(is Write, body []byte, denied bool) (runtime.Object, *metav1.Status) {
	if denied {
		return nil, refuse(http.StatusForbidden, metav1.StatusReasonForbidden, `%s %q is forbidden: User "x" cannot %s resource`, is.Resource, is.Name, is.Verb)
	}
	if is.Verb == "create" {
		made, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest, "%v", err)
		}
		m, err := meta.Accessor(made)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest, "%v", err)
		}
		m.SetNamespace(is.Namespace)
		if found, _ := s.find(is.Resource, is.Namespace, m.GetName(), "", ""); len(found) > 0 && m.GetName() != "" {
			return nil, refuse(http.StatusConflict, metav1.StatusReasonAlreadyExists, "%s %q already exists", is.Resource, m.GetName())
		}
		s.made++
		m.SetUID(types.UID(fmt.Sprintf("made-%d", s.made)))
		if !is.Dry {
			s.put(made)
		}
		return made, nil
	}
	found, err := s.find(is.Resource, is.Namespace, is.Name, "", "")
	if err != nil || len(found) == 0 {
		return nil, refuse(http.StatusNotFound, metav1.StatusReasonNotFound, "%s %q not found", is.Resource, is.Name)
	}
	if budget := s.guarded[is.Name]; is.Verb == "evict" && budget != "" {
		status := refuse(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "Cannot evict pod as it would violate the pod's disruption budget.")
		status.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: policyv1.DisruptionBudgetCause, Message: "The disruption budget " + budget + " needs 1 healthy pods and has 0 currently"}}}
		return nil, status
	}
	if is.Verb != "patch" {
		if !is.Dry {
			s.remove(is.Resource, is.Namespace+"/"+is.Name)
		}
		return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess}, nil
	}
	changed, status := patched(found[0], body)
	if status == nil && !is.Dry {
		s.put(changed)
	}
	return changed, status
}

// patched applies a JSON Patch as the API server does; a test that fails is 422.
func patched(o runtime.Object, body []byte) (runtime.Object, *metav1.Status) {
	invalid := func(err error) *metav1.Status {
		return refuse(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "the server rejected our request due to an error in our request: %v", err)
	}
	o = o.DeepCopyObject()
	o.GetObjectKind().SetGroupVersionKind(kindOf(o))
	before, err := json.Marshal(o)
	if err != nil {
		return nil, invalid(err)
	}
	patch, err := jsonpatch.DecodePatch(body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest, "%v", err)
	}
	after, err := patch.Apply(before)
	if err != nil {
		return nil, invalid(err)
	}
	changed, _, err := scheme.Codecs.UniversalDeserializer().Decode(after, nil, nil)
	if err != nil {
		return nil, invalid(err)
	}
	if m, err := meta.Accessor(changed); err == nil && m.GetGeneration() > 0 {
		m.SetGeneration(m.GetGeneration() + 1)
	}
	return changed, nil
}

// review answers whether the user may do something: all that is not denied.
func (s *Server) review(w http.ResponseWriter, r *http.Request) {
	var review authorizationv1.SelfSubjectAccessReview
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(body, nil, &review)
	}
	if err != nil || review.Spec.ResourceAttributes == nil {
		fail(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, fmt.Sprint(err), "")
		return
	}
	a := review.Spec.ResourceAttributes
	verb := a.Verb
	if a.Subresource == "eviction" {
		verb = "evict"
	}
	s.mu.Lock()
	review.Status.Allowed = !s.denied[verb+" "+a.Resource] && !s.denied[verb+" "+a.Resource+" "+a.Namespace]
	s.mu.Unlock()
	write(w, r, &review)
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package clustertest is a small API server for unit tests: real HTTP, TLS,
// protobuf, pages, selectors, refusals, JSON patches, evictions and access
// reviews over a set of objects. What a real API server makes of a question or
// a write shows in the testbed.
package clustertest

import (
	"cmp"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// A Server answers for the objects that it was made with.
type Server struct {
	// Config reaches it.
	Config *rest.Config

	mu      sync.Mutex
	objects []runtime.Object
	denied  map[string]bool
	guarded map[string]string // budgets, by the pod that they hold
	asked   []string
	writes  []Write
	made    int
	react   func(Write)
}

// New starts a server that ends with the test.
func New(t testing.TB, objects ...runtime.Object) *Server {
	t.Helper()
	s := &Server{objects: objects, denied: map[string]bool{}, guarded: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/{version}/{resource}", s.serve)
	mux.HandleFunc("GET /api/{version}/{resource}/{name}", s.serve)
	mux.HandleFunc("GET /api/{version}/namespaces/{namespace}/{resource}", s.serve)
	mux.HandleFunc("GET /api/{version}/namespaces/{namespace}/{resource}/{name}", s.serve)
	mux.HandleFunc("GET /api/{version}", s.resources)
	mux.HandleFunc("GET /apis/{group}/{version}", s.resources)
	mux.HandleFunc("GET /apis/{group}/{version}/{resource}", s.serve)
	mux.HandleFunc("GET /apis/{group}/{version}/{resource}/{name}", s.serve)
	mux.HandleFunc("GET /apis/{group}/{version}/namespaces/{namespace}/{resource}", s.serve)
	mux.HandleFunc("GET /apis/{group}/{version}/namespaces/{namespace}/{resource}/{name}", s.serve)
	for _, method := range []string{"PATCH", "POST", "DELETE"} {
		mux.HandleFunc(method+" /api/{version}/namespaces/{namespace}/{resource}", s.write)
		mux.HandleFunc(method+" /api/{version}/namespaces/{namespace}/{resource}/{name}", s.write)
		mux.HandleFunc(method+" /apis/{group}/{version}/namespaces/{namespace}/{resource}", s.write)
		mux.HandleFunc(method+" /apis/{group}/{version}/namespaces/{namespace}/{resource}/{name}", s.write)
	}
	mux.HandleFunc("POST /api/{version}/namespaces/{namespace}/{resource}/{name}/eviction", s.write)
	mux.HandleFunc("POST /apis/authorization.k8s.io/{version}/selfsubjectaccessreviews", s.review)
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	s.Config = &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
	return s
}

// Deny refuses a question as RBAC would: "list pods" everywhere, "list pods *"
// over all namespaces only, "get secrets shop" in one namespace.
func (s *Server) Deny(rules ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rules {
		s.denied[r] = true
	}
}

// Asked returns the questions so far: verb, resource, namespace, name, and the
// field selector of a list.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	resource, namespace, name := r.PathValue("resource"), r.PathValue("namespace"), r.PathValue("name")
	q := r.URL.Query()
	verb := "get"
	if name == "" {
		verb = "list"
	}
	s.mu.Lock()
	s.asked = append(s.asked, strings.Join(strings.Fields(strings.Join([]string{verb, resource, namespace, name, q.Get("fieldSelector")}, " ")), " "))
	denied := s.denied[verb+" "+resource] || s.denied[verb+" "+resource+" "+cmp.Or(namespace, "*")]
	s.mu.Unlock()
	if denied {
		fail(w, http.StatusForbidden, metav1.StatusReasonForbidden, fmt.Sprintf("%s is forbidden: User \"x\" cannot %s resource", resource, verb), "")
		return
	}
	s.mu.Lock()
	found, err := s.find(resource, namespace, name, q.Get("labelSelector"), q.Get("fieldSelector"))
	s.mu.Unlock()
	switch {
	case err != nil:
		fail(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error(), "")
	case verb == "get" && len(found) == 0:
		fail(w, http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("%s %q not found", resource, name), "")
	case verb == "get":
		write(w, r, found[0].DeepCopyObject()) // encoding writes into it
	default:
		list(w, r, resource, found)
	}
}

// find returns the objects of a resource, by namespace and name.
func (s *Server) find(resource, namespace, name, labelSelector, fieldSelector string) ([]runtime.Object, error) {
	byLabel, err := labels.Parse(labelSelector)
	if err != nil {
		return nil, err
	}
	byField, err := fields.ParseSelector(fieldSelector)
	if err != nil {
		return nil, err
	}
	var found []runtime.Object
	for _, o := range s.objects {
		m, err := meta.Accessor(o)
		if err != nil {
			return nil, err
		}
		if resourceOf(o) == resource && (namespace == "" || m.GetNamespace() == namespace) && (name == "" || m.GetName() == name) &&
			byLabel.Matches(labels.Set(m.GetLabels())) && byField.Matches(fieldsOf(o, m)) {
			found = append(found, o)
		}
	}
	slices.SortStableFunc(found, func(a, b runtime.Object) int { return strings.Compare(key(a), key(b)) })
	return found, nil
}

func key(o runtime.Object) string {
	m, err := meta.Accessor(o)
	if err != nil {
		return ""
	}
	return m.GetNamespace() + "/" + m.GetName()
}

// resources answers discovery: the kinds of a group's version that there are
// objects of.
func (s *Server) resources(w http.ResponseWriter, r *http.Request) {
	gv := schema.GroupVersion{Group: r.PathValue("group"), Version: r.PathValue("version")}
	s.mu.Lock()
	s.asked = append(s.asked, "discover "+gv.String())
	s.mu.Unlock()
	found := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv.String()}
	for _, o := range s.objects {
		kind := kindOf(o)
		m, err := meta.Accessor(o)
		if err != nil || kind.GroupVersion() != gv {
			continue
		}
		found.APIResources = append(found.APIResources,
			metav1.APIResource{Name: resourceOf(o) + "/status", Kind: kind.Kind, Namespaced: m.GetNamespace() != ""},
			metav1.APIResource{Name: resourceOf(o), Kind: kind.Kind, Namespaced: m.GetNamespace() != ""})
	}
	if len(found.APIResources) == 0 {
		fail(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource", "")
		return
	}
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	_ = json.NewEncoder(w).Encode(found)
}

func kindOf(o runtime.Object) schema.GroupVersionKind {
	if custom, ok := o.(*metav1.PartialObjectMetadata); ok { // one of a kind that the scheme has not
		return custom.GroupVersionKind()
	}
	kinds, _, err := scheme.Scheme.ObjectKinds(o)
	if err != nil || len(kinds) == 0 {
		return schema.GroupVersionKind{}
	}
	return kinds[0]
}

func resourceOf(o runtime.Object) string {
	plural, _ := meta.UnsafeGuessKindToResource(kindOf(o))
	return plural.Resource
}

// fieldsOf are the fields that the real server selects by.
func fieldsOf(o runtime.Object, m metav1.Object) fields.Set {
	set := fields.Set{"metadata.name": m.GetName(), "metadata.namespace": m.GetNamespace()}
	if e, ok := o.(*corev1.Event); ok {
		set["involvedObject.uid"], set["involvedObject.kind"] = string(e.InvolvedObject.UID), e.InvolvedObject.Kind
		set["type"], set["reason"] = e.Type, e.Reason
	}
	if secret, ok := o.(*corev1.Secret); ok {
		set["type"] = string(secret.Type)
	}
	return set
}

// list writes one page; the token is where the next one begins.
func list(w http.ResponseWriter, r *http.Request, resource string, found []runtime.Object) {
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	rest := found[min(from, len(found)):]
	next := ""
	if limit > 0 && len(rest) > limit {
		rest, next = rest[:limit], strconv.Itoa(from+limit)
	}
	kind, ok := listKind(resource)
	if !ok {
		fail(w, http.StatusNotFound, metav1.StatusReasonNotFound, "no such resource", "")
		return
	}
	out, err := scheme.Scheme.New(kind)
	if err == nil {
		err = meta.SetList(out, rest)
	}
	if err != nil {
		fail(w, http.StatusInternalServerError, metav1.StatusReasonInternalError, err.Error(), "")
		return
	}
	if m, err := meta.ListAccessor(out); err == nil {
		m.SetContinue(next)
	}
	write(w, r, out)
}

// listKind finds the list's kind of a resource among all that are registered.
func listKind(resource string) (schema.GroupVersionKind, bool) {
	for _, gv := range []schema.GroupVersion{
		{Version: "v1"}, {Group: "apps", Version: "v1"}, {Group: "batch", Version: "v1"},
		{Group: "autoscaling", Version: "v2"}, {Group: "discovery.k8s.io", Version: "v1"},
	} {
		for kind := range scheme.Scheme.KnownTypes(gv) {
			if plural, _ := meta.UnsafeGuessKindToResource(gv.WithKind(kind)); plural.Resource == resource {
				return gv.WithKind(kind + "List"), true
			}
		}
	}
	return schema.GroupVersionKind{}, false
}

func write(w http.ResponseWriter, r *http.Request, o runtime.Object) {
	accept := r.Header.Get("Accept")
	if strings.Contains(accept, "as=PartialObjectMetadata") {
		metadata(w, o)
		return
	}
	media := runtime.ContentTypeJSON
	if strings.Contains(accept, runtime.ContentTypeProtobuf) {
		media = runtime.ContentTypeProtobuf
	}
	info, ok := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), media)
	if !ok {
		fail(w, http.StatusNotAcceptable, metav1.StatusReasonNotAcceptable, accept, "")
		return
	}
	w.Header().Set("Content-Type", media)
	_ = scheme.Codecs.EncoderForVersion(info.Serializer, kindOf(o).GroupVersion()).Encode(o, w)
}

// metadata writes an object or list without anything but its metadata.
func metadata(w http.ResponseWriter, o runtime.Object) {
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	type partial struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
	}
	one := func(o runtime.Object) partial {
		m, err := meta.Accessor(o)
		if err != nil {
			return partial{}
		}
		return partial{metav1.ObjectMeta{
			Namespace: m.GetNamespace(), Name: m.GetName(), UID: m.GetUID(), Labels: m.GetLabels(), Annotations: m.GetAnnotations(),
			OwnerReferences: m.GetOwnerReferences(), ManagedFields: m.GetManagedFields(),
		}}
	}
	if !meta.IsListType(o) {
		_ = json.NewEncoder(w).Encode(one(o))
		return
	}
	items, _ := meta.ExtractList(o)
	all := make([]partial, len(items))
	for i, item := range items {
		all[i] = one(item)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": all})
}

func fail(w http.ResponseWriter, code int, reason metav1.StatusReason, message, next string) {
	refused(w, &metav1.Status{ListMeta: metav1.ListMeta{Continue: next}, Status: metav1.StatusFailure, Reason: reason, Message: message, Code: int32(code)})
}

// refused answers with a status.
func refused(w http.ResponseWriter, status *metav1.Status) {
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	w.WriteHeader(int(status.Code))
	_ = json.NewEncoder(w).Encode(status)
}

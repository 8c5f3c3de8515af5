// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// Bounds on what a file can make us do.
const (
	maxFile      = 16 << 20
	maxDocuments = 2000
	maxPods      = 100
)

// A Manifest is what a file says about pods to come.
type Manifest struct {
	Wants    []examine.Want
	Secrets  []keyring.Secret
	Accounts []*corev1.ServiceAccount
	// Passed are the kinds of objects in which no pod template was found, each once.
	Passed []string
}

// A Namespace says into which namespace objects go.
type Namespace struct {
	Name string
	// Fixed: it was asked for, so that an object of another one is an error, as
	// it is for kubectl.
	Fixed bool
}

// ReadManifest reads the pods out of a file of YAML or JSON documents: Pods,
// whatever has a pod template (Deployment, StatefulSet, DaemonSet, ReplicaSet,
// Job, CronJob, kinds that are not known), and Lists of them. Pull secrets and
// service accounts of the file come along. name is the file's, for errors; these
// name the document by its number and never show what it holds.
func ReadManifest(r io.Reader, name string, in Namespace) (Manifest, error) {
	name = foreign.Text(name, 200)
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // its name is said already
	}
	switch {
	case err != nil:
		return Manifest{}, fmt.Errorf("reading %s: %w", name, err)
	case len(data) > maxFile:
		return Manifest{}, fmt.Errorf("reading %s: it is larger than %d MiB; give only the objects that make pods", name, maxFile>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return Manifest{}, fmt.Errorf("reading %s: it is empty; give a pod or a workload", name)
	case bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data):
		return Manifest{}, fmt.Errorf("reading %s: it is no text but binary data; give YAML or JSON", name)
	}
	m := manifest{in: in}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for n := 1; ; n++ {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && n > maxDocuments {
			return Manifest{}, fmt.Errorf("reading %s: it has more than %d documents", name, maxDocuments)
		}
		if err == nil {
			err = m.document(text)
		}
		if err != nil {
			return Manifest{}, fmt.Errorf("reading %s, document %d: %w", name, n, err)
		}
	}
	if len(m.Wants) == 0 {
		if len(m.Passed) > 0 {
			return Manifest{}, fmt.Errorf("reading %s: no pod template was found in %s; give a pod or a workload", name, strings.Join(m.Passed, ", "))
		}
		return Manifest{}, fmt.Errorf("reading %s: nothing in it makes pods; give a pod or a workload", name)
	}
	return m.Manifest, nil
}

type manifest struct {
	Manifest
	in Namespace
}

// head is what all objects share.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name         string `json:"name"`
		GenerateName string `json:"generateName"`
		Namespace    string `json:"namespace"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

// document reads one YAML document, which may hold nothing but comments.
func (m *manifest) document(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	object, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return fmt.Errorf("it is no YAML: %s", words(err))
	}
	if string(object) == "null" {
		return nil
	}
	return m.object(object, 0)
}

func (m *manifest) object(object []byte, depth int) error {
	var h head
	if object[0] != '{' {
		return errors.New("it is no object; a pod or workload begins with apiVersion and kind")
	}
	if err := json.Unmarshal(object, &h); err != nil {
		return wrong("object", err)
	}
	kind := foreign.Text(h.Kind, 60)
	switch {
	case kind == "":
		return errors.New("it has no kind; a pod or workload begins with apiVersion and kind")
	case h.APIVersion == "":
		return fmt.Errorf("the %s has no apiVersion", kind)
	case strings.HasSuffix(kind, "List") && h.Items != nil:
		if depth > 0 {
			return errors.New("it is a List in a List")
		}
		for i, item := range h.Items {
			if len(item) == 0 {
				return fmt.Errorf("item %d of the %s is empty", i+1, kind)
			}
			if err := m.object(item, depth+1); err != nil {
				return fmt.Errorf("item %d of the %s: %w", i+1, kind, err)
			}
		}
		return nil
	}
	namespace, err := m.namespace(h, kind)
	if err != nil {
		return err
	}
	switch kind {
	case "Secret":
		return m.secret(object, namespace)
	case "ServiceAccount":
		return m.account(object, namespace)
	}
	return m.workload(object, h, kind, namespace)
}

func (m *manifest) namespace(h head, kind string) (string, error) {
	written := h.Metadata.Namespace
	switch {
	case written == "":
		return m.in.Name, nil
	case len(validation.IsDNS1123Label(written)) > 0:
		return "", fmt.Errorf("the %s is in namespace %q, and no namespace can have that name", kind, foreign.Text(written, 60))
	case m.in.Fixed && written != m.in.Name:
		return "", fmt.Errorf("the %s is in namespace %s, and -n says %s", kind, written, m.in.Name)
	}
	return written, nil
}

// workload takes in what makes pods, and passes over what does not.
func (m *manifest) workload(object []byte, h head, kind, namespace string) error {
	var at []string // where the pod's template stands
	switch kind {
	case "Pod":
		at = nil
	case "CronJob":
		at = []string{"spec", "jobTemplate", "spec", "template"}
	case "PodTemplate":
		at = []string{"template"}
	default:
		at = []string{"spec", "template"}
	}
	known := slices.Contains([]string{"Pod", "CronJob", "PodTemplate", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"}, kind)
	template, ok := dig(object, at)
	if !known && (!ok || !hasContainers(template)) {
		if !slices.Contains(m.Passed, kind) && len(m.Passed) < 20 {
			m.Passed = append(m.Passed, kind)
		}
		return nil
	}
	name := h.Metadata.Name
	if name == "" && h.Metadata.GenerateName != "" {
		name = h.Metadata.GenerateName + "x"
	}
	what := kind + " " + foreign.Text(name, 100)
	switch {
	case name == "":
		return fmt.Errorf("the %s has no metadata.name", kind)
	case len(validation.IsDNS1123Subdomain(name)) > 0:
		return fmt.Errorf("the %s: no object can have that name", what)
	case !ok:
		return fmt.Errorf("the %s has no %s", what, strings.Join(at, "."))
	}
	var t corev1.PodTemplateSpec
	if err := json.Unmarshal(template, &t); err != nil {
		return wrong(what, err)
	}
	if len(t.Spec.Containers) == 0 {
		return fmt.Errorf("the %s has no containers", what)
	}
	if len(m.Wants) >= maxPods {
		return fmt.Errorf("more than %d pods and workloads are too many for one run; give fewer", maxPods)
	}
	t.Namespace = namespace
	m.Wants = append(m.Wants, examine.Templated(kind, namespace, name, t))
	return nil
}

// hasContainers tells whether something that stands where a pod's template
// would is one.
func hasContainers(template []byte) bool {
	containers, ok := dig(template, []string{"spec", "containers"})
	return ok && len(containers) > 0 && containers[0] == '['
}

// dig follows fields into an object.
func dig(object []byte, fields []string) (json.RawMessage, bool) {
	at := json.RawMessage(object)
	for _, field := range fields {
		var inner map[string]json.RawMessage
		if json.Unmarshal(at, &inner) != nil || inner[field] == nil {
			return nil, false
		}
		at = inner[field]
	}
	return at, string(at) != "null"
}

// secret keeps a pull secret of the file; others are of no concern.
func (m *manifest) secret(object []byte, namespace string) error {
	var s corev1.Secret
	if err := json.Unmarshal(object, &s); err != nil {
		return wrong("Secret", nil) // its error could show what it holds
	}
	data := s.Data
	for key, value := range s.StringData {
		if data == nil {
			data = map[string][]byte{}
		}
		data[key] = []byte(value)
	}
	m.Secrets = append(m.Secrets, keyring.Secret{Namespace: namespace, Name: s.Name, Type: string(s.Type), Data: data})
	return nil
}

func (m *manifest) account(object []byte, namespace string) error {
	var sa corev1.ServiceAccount
	if err := json.Unmarshal(object, &sa); err != nil {
		return wrong("ServiceAccount", err)
	}
	sa.Namespace = namespace
	m.Accounts = append(m.Accounts, &sa)
	return nil
}

// wrong words what does not fit a type: the field, never its value.
func wrong(what string, err error) error {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("the %s: the field %s is %s, which does not belong there", what, foreign.Text(kind.Field, 200), jsonKind(kind.Value))
	case err != nil && strings.Contains(err.Error(), "quantities must match"):
		return fmt.Errorf("the %s: a quantity (cpu, memory, storage) in it is none", what)
	}
	return fmt.Errorf("the %s: a field in it has a value that does not belong there", what)
}

// jsonKind is the kind of a JSON value alone; for numbers encoding/json adds the
// number.
func jsonKind(value string) string {
	switch kind, _, _ := strings.Cut(value, " "); kind {
	case "bool":
		return "a truth value"
	case "array":
		return "a list"
	case "object":
		return "an object"
	default:
		return "a " + kind
	}
}

// words of a YAML parser, which name a line and what it looked for.
func words(err error) string {
	text := foreign.Text(strings.ReplaceAll(err.Error(), "error converting YAML to JSON: ", ""), 200)
	text = strings.TrimPrefix(text, "yaml: ")
	if strings.Contains(text, "`") || strings.Contains(text, "already set in map") {
		line, _, _ := strings.Cut(strings.TrimPrefix(text, "unmarshal errors: "), ": ")
		return line + ": a key stands twice, or something is no value"
	}
	return text
}

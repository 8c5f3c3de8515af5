// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
)

// fullPod has fields of all kinds before and after managedFields.
func fullPod(name string) corev1.Pod {
	when := metav1.NewTime(time.Unix(1764000000, 0))
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), Generation: 3, CreationTimestamp: when, DeletionTimestamp: &when,
			Labels: map[string]string{"a": "1", "b": "2"}, Annotations: map[string]string{"c": "3"}, Finalizers: []string{"x/y"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "api-1a", UID: "u", Controller: new(true)}},
			ManagedFields: []metav1.ManagedFieldsEntry{
				{Manager: "kubelet", Operation: "Update", Time: &when, FieldsV1: metav1.NewFieldsV1(`{"f:status":{}}`), Subresource: "status"},
				{Manager: "helm", Operation: "Apply", Time: &when, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{}}`)},
			},
		},
		Spec: corev1.PodSpec{
			NodeName: "worker-1", ImagePullSecrets: []corev1.LocalObjectReference{{Name: "hub"}}, Priority: new(int32(-5)),
			Containers: []corev1.Container{{Name: "app", Image: "acme/api:1", Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"cpu": resource.MustParse("100m")}}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "no"}},
		}}},
	}
}

func TestAPodIsDecodedAsAlwaysButForManagedFields(t *testing.T) {
	want := fullPod("x")
	data, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var whole, got corev1.Pod
	if err := whole.Unmarshal(data); err != nil {
		t.Fatal(err)
	}
	if err := decodePod(data, &got); err != nil {
		t.Fatal(err)
	}
	if len(whole.ManagedFields) != 2 {
		t.Fatalf("the pod has %d managedFields, want 2", len(whole.ManagedFields))
	}
	whole.ManagedFields = nil
	if !reflect.DeepEqual(got, whole) {
		t.Errorf("got %+v\nwant %+v", got, whole)
	}
}

// page of a list as the API server sends it.
func page(t testing.TB, media string, l *corev1.PodList) []byte {
	t.Helper()
	info, ok := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), media)
	if !ok {
		t.Fatal("no serializer for " + media)
	}
	l.APIVersion, l.Kind = "v1", "PodList"
	var b bytes.Buffer
	if err := info.Serializer.Encode(l, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(data []byte) (p *podPage, names []string, err error) {
	p = &podPage{close: func() {}}
	if err := p.head(bytes.NewReader(data)); err != nil {
		return p, nil, err
	}
	return p, names, p.each(func(pod *corev1.Pod) { names = append(names, pod.Name) })
}

func threePods() *corev1.PodList {
	return &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "7", Continue: "next"}, Items: []corev1.Pod{fullPod("a"), fullPod("b"), fullPod("c")}}
}

func TestAPageIsReadInEachForm(t *testing.T) {
	for _, media := range []string{runtime.ContentTypeProtobuf, runtime.ContentTypeJSON} {
		t.Run(media, func(t *testing.T) {
			p, names, err := read(page(t, media, threePods()))
			if err != nil || strings.Join(names, "") != "abc" || p.Continue != "next" {
				t.Errorf("got %v, continue %q, %v", names, p.Continue, err)
			}
			p, names, err = read(page(t, media, &corev1.PodList{}))
			if err != nil || names != nil || p.Continue != "" {
				t.Errorf("an empty list: got %v, continue %q, %v", names, p.Continue, err)
			}
		})
	}
}

func TestAPageThatEndsTooEarlyIsAnError(t *testing.T) {
	for _, media := range []string{runtime.ContentTypeProtobuf, runtime.ContentTypeJSON} {
		whole := bytes.TrimSpace(page(t, media, threePods()))
		trailer := 0
		if media == runtime.ContentTypeProtobuf {
			trailer = len("\x1a\x00\"\x00") // the envelope's empty encoding and type
		}
		for end := range len(whole) - trailer {
			if _, names, err := read(whole[:end]); err == nil {
				t.Fatalf("%s: the first %d of %d bytes were taken for all, with %v", media, end, len(whole), names)
			}
		}
	}
}

func TestAPageThatLiesAboutLengthsIsAnError(t *testing.T) {
	good := page(t, runtime.ContentTypeProtobuf, threePods())
	for name, data := range map[string][]byte{
		"no list":                  []byte("k8s\x00"),
		"a list longer than sent":  append([]byte("k8s\x00\x12\xff\xff\xff\xff\x0f"), good[8:]...),
		"a pod longer than a list": []byte("k8s\x00\x12\x08\x0a\x00\x12\xff\xff\xff\xff\x0f"),
		"a pod of a gigabyte":      []byte("k8s\x00\x12\xff\xff\xff\xff\x7f\x0a\x00\x12\x80\x80\x80\x80\x04"),
		"an endless number":        []byte("k8s\x00\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		"groups":                   []byte("k8s\x00\x13\x14"),
		"pods before the head":     []byte("k8s\x00\x12\x02\x12\x00"),
		"a pod that is none":       []byte("k8s\x00\x12\x07\x0a\x00\x12\x03\x0a\x05x"),
	} {
		if _, names, err := read(data); err == nil {
			t.Errorf("%s: read %v without an error", name, names)
		}
	}
}

func FuzzPodPage(f *testing.F) {
	f.Add(page(f, runtime.ContentTypeProtobuf, threePods()))
	f.Add(page(f, runtime.ContentTypeProtobuf, &corev1.PodList{}))
	f.Add([]byte("k8s\x00\x12\x02\x0a\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte(protobufPrefix)) {
			return // JSON is apimachinery's business
		}
		_, names, err := read(data)
		if err == nil && len(names) > len(data) {
			t.Errorf("%d pods out of %d bytes", len(names), len(data))
		}
	})
}

// BenchmarkPodPage reads a page of pods one by one, and beside it, in the same
// run, as client-go does.
func BenchmarkPodPage(b *testing.B) {
	l := &corev1.PodList{}
	for i := range pageLimit {
		l.Items = append(l.Items, fullPod(fmt.Sprint(i)))
	}
	data := page(b, runtime.ContentTypeProtobuf, l)
	b.Run("one by one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, names, err := read(data); err != nil || len(names) != pageLimit {
				b.Fatal(len(names), err)
			}
		}
	})
	b.Run("whole list for comparison", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var l corev1.PodList
			if err := runtime.DecodeInto(scheme.Codecs.UniversalDeserializer(), data, &l); err != nil || len(l.Items) != pageLimit {
				b.Fatal(len(l.Items), err)
			}
		}
	})
}

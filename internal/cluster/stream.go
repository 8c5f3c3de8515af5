// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// A page of pods is several megabytes, and decoded several times that. So it is
// read while it arrives, one pod after the other, and the next page is asked for
// as soon as this one's head says how it goes on.

// Bounds on what a server may send.
const (
	maxPod  = 16 << 20  // bytes; etcd holds no object of more than a few
	maxPage = 512 << 20 // bytes of a page that comes in another form
)

// Fields of the messages that are read by hand: runtime.Unknown, PodList, Pod and
// ObjectMeta (generated.proto of apimachinery and api).
const (
	unknownRaw        = 2
	listMeta          = 1
	listItems         = 2
	podMeta           = 1
	podSpec           = 2
	podStatus         = 3
	metaManagedFields = 17
)

// protobufPrefix begins every object that the API server sends as protobuf.
const protobufPrefix = "k8s\x00"

// A podPage is a page of a list of pods that is still arriving.
type podPage struct {
	metav1.ListMeta
	close func()
	wire  *wire        // nil if all is in items
	items []corev1.Pod // of a server that does not stream
	pod   []byte       // room for one
}

// openPods asks for a page and reads its head.
func (c *Client) openPods(ctx context.Context, q question, o metav1.ListOptions) (*podPage, error) {
	call, cancel := context.WithTimeout(ctx, c.timeout)
	body, err := q.request(&o, "").Stream(call)
	if err != nil {
		cancel()
		return nil, newError(ctx, q, err)
	}
	p := &podPage{close: func() { _ = body.Close(); cancel() }}
	if err := p.head(body); err != nil {
		p.close()
		return nil, newAnswerError(ctx, q, fmt.Errorf("reading the list: %w", err))
	}
	return p, nil
}

func (p *podPage) head(body io.Reader) error {
	r := bufio.NewReaderSize(body, 64<<10)
	prefix, err := r.Peek(len(protobufPrefix))
	if err != nil {
		return ended(err)
	}
	if string(prefix) != protobufPrefix {
		return p.whole(r)
	}
	_, _ = r.Discard(len(protobufPrefix))
	envelope := &wire{r: r, left: maxPage}
	for {
		field, kind, err := envelope.tag()
		if err != nil {
			return err
		}
		if field != unknownRaw || kind != byLength {
			if err := envelope.skip(kind); err != nil {
				return err
			}
			continue
		}
		n, err := envelope.varint()
		if err != nil {
			return err
		}
		p.wire = &wire{r: r, left: n}
		break
	}
	if p.wire.left == 0 {
		return nil // an empty list without a version
	}
	field, kind, err := p.wire.tag()
	if err != nil {
		return err
	}
	if field != listMeta || kind != byLength {
		return errors.New("its head does not come first")
	}
	head, err := p.wire.bytes(nil)
	if err != nil {
		return err
	}
	return p.ListMeta.Unmarshal(head)
}

// whole reads a page in another form, JSON.
func (p *podPage) whole(r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, maxPage))
	if err != nil {
		return ended(err)
	}
	var l corev1.PodList
	if err := runtime.DecodeInto(scheme.Codecs.UniversalDeserializer(), text, &l); err != nil {
		return err
	}
	p.ListMeta, p.items = l.ListMeta, l.Items
	return nil
}

// each calls f with every pod of the page, and closes it.
func (p *podPage) each(f func(*corev1.Pod)) error {
	defer p.close()
	for i := range p.items {
		pod := p.items[i] // a copy, so that keeping one does not keep all
		f(&pod)
	}
	for p.wire != nil && p.wire.left > 0 {
		field, kind, err := p.wire.tag()
		if err != nil {
			return err
		}
		if field != listItems || kind != byLength {
			if err := p.wire.skip(kind); err != nil {
				return err
			}
			continue
		}
		if p.pod, err = p.wire.bytes(p.pod); err != nil {
			return err
		}
		pod := &corev1.Pod{}
		if err := decodePod(p.pod, pod); err != nil {
			return err
		}
		f(pod)
	}
	return nil
}

// decodePod decodes a pod without its managedFields, which are a third of it and
// which nobody asks for. What comes after them is merged, as in every protobuf.
func decodePod(data []byte, pod *corev1.Pod) error {
	return eachField(data, func(field int, content, _ []byte) error {
		switch field {
		case podSpec:
			return pod.Spec.Unmarshal(content)
		case podStatus:
			return pod.Status.Unmarshal(content)
		case podMeta:
			return eachField(content, func(field int, _, all []byte) error {
				if field == metaManagedFields {
					return nil
				}
				return pod.ObjectMeta.Unmarshal(all)
			})
		}
		return nil
	})
}

// eachField calls f with each field of a message: its number, its content if it has
// a length, and all of it with its tag.
func eachField(data []byte, f func(field int, content, all []byte) error) error {
	for len(data) > 0 {
		key, n := binary.Uvarint(data)
		if n <= 0 {
			return errMalformed
		}
		from, end := n, n
		switch key & 7 {
		case asVarint:
			_, m := binary.Uvarint(data[n:])
			if m <= 0 {
				return errMalformed
			}
			end += m
		case byLength:
			length, m := binary.Uvarint(data[n:])
			if m <= 0 || length > uint64(len(data)-n-m) {
				return errMalformed
			}
			from += m
			end = from + int(length)
		case as64:
			end += 8
		case as32:
			end += 4
		default:
			return errMalformed
		}
		if end > len(data) {
			return errMalformed
		}
		if err := f(int(key>>3), data[from:end], data[:end]); err != nil {
			return err
		}
		data = data[end:]
	}
	return nil
}

// Wire types of protobuf.
const (
	asVarint = 0
	as64     = 1
	byLength = 2
	as32     = 5
)

var errMalformed = errors.New("the answer is no well-formed protobuf")

// A wire is a protobuf message of a known length that is being read.
type wire struct {
	r    *bufio.Reader
	left uint64
}

// ReadByte implements io.ByteReader within the message.
func (w *wire) ReadByte() (byte, error) {
	if w.left == 0 {
		return 0, errMalformed
	}
	b, err := w.r.ReadByte()
	w.left--
	return b, ended(err)
}

func (w *wire) varint() (uint64, error) { return binary.ReadUvarint(w) }

func (w *wire) tag() (field int, kind uint64, err error) {
	key, err := w.varint()
	return int(key >> 3), key & 7, err
}

// bytes reads a field's content into room, which grows if it has to.
func (w *wire) bytes(room []byte) ([]byte, error) {
	n, err := w.varint()
	if err != nil {
		return room, err
	}
	if n > w.left || n > maxPod {
		return room, errMalformed
	}
	if uint64(cap(room)) < n {
		room = make([]byte, n+n/4)
	}
	room = room[:n]
	_, err = io.ReadFull(w.r, room)
	w.left -= n
	return room, ended(err)
}

func (w *wire) skip(kind uint64) error {
	n := uint64(0)
	var err error
	switch kind {
	case asVarint:
		_, err = w.varint()
	case byLength:
		n, err = w.varint()
	case as64:
		n = 8
	case as32:
		n = 4
	default:
		err = errMalformed
	}
	if err == nil && n > min(w.left, maxPod) {
		err = errMalformed
	}
	if err != nil {
		return err
	}
	_, err = w.r.Discard(int(n))
	w.left -= n
	return ended(err)
}

// ended says what it means that a body was over too early.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the answer ends in the middle: %w", io.ErrUnexpectedEOF)
	}
	return err
}

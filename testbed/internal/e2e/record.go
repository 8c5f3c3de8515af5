// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/symptom"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
)

// A Message is an error text that a fault showed: one line of a catalogue
// folder's messages.jsonl.
type Message struct {
	Message string `json:"message"`
	Runtime string `json:"runtime"` // containerd
	Version string `json:"version"` // of the runtime
	Fault   string `json:"fault"`
	Cause   string `json:"-"` // in whose folder it belongs
}

// RecordOptions say what is recorded, and where it goes.
type RecordOptions struct {
	Testbed *cluster.Testbed
	Faults  []faults.Fault
	// Catalog is the directory of the catalogue.
	Catalog string
	// Reports is a directory for the plugin's JSON about each fault, "" for none.
	Reports, Plugin string
	Out             io.Writer
}

// Record makes the faults and writes the texts that the cluster shows about
// them, normalised, to messages.jsonl in the folder of each fault's true cause,
// or where a text cannot show that, of the cause that it reads as. Lines of
// faults that are not recorded now are kept.
func Record(ctx context.Context, options RecordOptions) error {
	bed, err := faults.Open(options.Testbed)
	if err != nil {
		return err
	}
	var messages []Message
	for _, wave := range wavesOf(options.Faults) {
		found, err := recordWave(ctx, bed, options, wave)
		if err != nil {
			return err
		}
		messages = append(messages, found...)
	}
	byCause := map[string][]Message{}
	for _, message := range messages {
		byCause[message.Cause] = append(byCause[message.Cause], message)
	}
	for cause, list := range byCause {
		path := filepath.Join(options.Catalog, cause, "messages.jsonl")
		count, err := writeMessages(path, list)
		if err != nil {
			return err
		}
		fmt.Fprintf(options.Out, "%-60s %d messages\n", path, count)
	}
	return nil
}

// folder is the cause in whose folder a text belongs.
func folder(known *catalog.Catalog, text, truth string) string {
	first, also := known.Suggest(symptom.Parse(text))
	cause, _ := known.Cause(truth)
	for _, suggested := range append(also, first) {
		if suggested.ID == truth || slices.Contains(cause.Refines, suggested.ID) {
			return truth
		}
	}
	return first.ID
}

func recordWave(ctx context.Context, bed faults.Bed, options RecordOptions, wave []place) (messages []Message, err error) {
	wave = slices.DeleteFunc(wave, func(p place) bool { return p.fault.Control() })
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, each(clean, wave, func(ctx context.Context, p place) error {
			return faults.Repair(ctx, bed, p.fault, p.node)
		}))
	}()
	if err := each(ctx, wave, func(ctx context.Context, p place) error {
		return faults.Inject(ctx, bed, p.fault, p.node)
	}); err != nil {
		return nil, err
	}
	known, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	r := &runner{bed: bed}
	if err := each(ctx, wave, r.await); err != nil {
		return nil, err
	}
	// The second sync of a pod shows the text a second time, in back-off.
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(15 * time.Second):
	}
	for _, p := range wave {
		node, err := bed.Kube.CoreV1().Nodes().Get(ctx, p.node.Name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("reading node %s: %w", p.node.Name, err)
		}
		runtime, version, _ := strings.Cut(node.Status.NodeInfo.ContainerRuntimeVersion, "://")
		namespace := p.fault.Namespace(p.node.Name)
		texts, err := faults.Messages(ctx, bed, namespace, p.fault)
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			if strings.HasPrefix(text, "Error: ") { // the reason alone
				continue
			}
			if strings.HasPrefix(text, "Unable to retrieve some image pull secrets") && p.fault.Cause != "SecretMissing" {
				continue // of a kubelet that might not read them yet
			}
			messages = append(messages, Message{Message: Normalise(text), Runtime: runtime, Version: strings.TrimPrefix(version, "v"), Fault: p.fault.Name, Cause: folder(known, text, p.fault.Cause)})
		}
		if options.Reports == "" {
			continue
		}
		done, err := plugin{bed: options.Testbed, path: options.Plugin, dir: options.Reports}.run(ctx, "diagnose", p.fault.Target(), "-n", namespace, "-o", "json")
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(options.Reports, p.fault.Name+"-"+p.node.Name+".json"), done.out, 0o644); err != nil {
			return nil, fmt.Errorf("writing a report: %w", err)
		}
	}
	return messages, nil
}

var (
	sourcePort = regexp.MustCompile(`(\d+\.\d+\.\d+\.\d+):\d+->`)
	sinceThen  = regexp.MustCompile(`current time \S+ is (before|after) \S+`)
	nodeName   = regexp.MustCompile(`-node-[ab]\b`)
)

// Normalise takes out of a recorded text what differs from one run to the next,
// and nothing else: the port that a connection came from becomes 40000, the
// two times of a certificate's complaint fixed ones, and a node's name at the
// end of another one goes.
func Normalise(text string) string {
	text = sourcePort.ReplaceAllString(text, "$1:40000->")
	text = sinceThen.ReplaceAllString(text, "current time 2026-01-01T00:00:00Z is $1 2025-01-01T00:00:00Z")
	return nodeName.ReplaceAllString(text, "")
}

// writeMessages writes the messages and those of other faults that were there,
// each once, in a fixed order.
func writeMessages(path string, messages []Message) (int, error) {
	var all []Message
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("reading the recorded messages: %w", err)
	}
	for line := range bytes.Lines(old) {
		var message Message
		if err := json.Unmarshal(line, &message); err != nil {
			return 0, fmt.Errorf("reading the recorded messages %s: %w", path, err)
		}
		if !slices.ContainsFunc(messages, func(m Message) bool { return m.Fault == message.Fault }) {
			all = append(all, message)
		}
	}
	all = append(all, messages...)
	slices.SortFunc(all, func(a, b Message) int {
		return strings.Compare(a.key(), b.key())
	})
	all = slices.CompactFunc(all, func(a, b Message) bool { return a.key() == b.key() })
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for _, message := range all {
		if err := encoder.Encode(message); err != nil {
			return 0, fmt.Errorf("writing the recorded messages: %w", err)
		}
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		return 0, fmt.Errorf("writing the recorded messages (is this the catalogue's directory?): %w", err)
	}
	return len(all), nil
}

func (m Message) key() string {
	return strings.Join([]string{m.Fault, m.Runtime, m.Version, m.Message}, "\x00")
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// Options of a run.
type Options struct {
	Testbed *cluster.Testbed
	// Plugin is the built program, Self this one.
	Plugin, Self string
	Scenes       []Scene
	Node         string // "" for every node on which a scene can be played
	// Verbose prints what each command said.
	Verbose bool
	Out     io.Writer
}

// longestFail is how long a fault may take to show, and longestMend how long the
// kubelet may take to pull afterwards: its back-off, from a fresh pod, is short,
// and five minutes at most.
const (
	longestFail = 5 * time.Minute
	longestMend = 7 * time.Minute
)

// Run plays every scene on every node and tells how each ended. It is an error
// if one did not end with the image pulled.
func Run(ctx context.Context, o Options) error {
	bed, err := faults.Open(o.Testbed)
	if err != nil {
		return err
	}
	played, mended := 0, 0
	var errs []error
	for _, scene := range o.Scenes {
		nodes, fault, err := scene.on(o.Node)
		if err != nil {
			return err
		}
		for _, node := range nodes {
			played++
			took, err := o.play(ctx, bed, scene, fault, node)
			what := fmt.Sprintf("pulled %.1f s after the last step", took.Seconds())
			if err != nil {
				what = "FAILED: " + err.Error()
				errs = append(errs, fmt.Errorf("%s on %s: %w", scene.Remedy, node.Name, err))
			} else {
				mended++
			}
			fmt.Fprintf(o.Out, "%-18s %-24s %-7s %s\n", scene.Remedy, fault.Name, node.Name, what)
		}
	}
	fmt.Fprintf(o.Out, "handed over: %d of %d carried out to the letter and the image pulled\n", mended, played)
	return errors.Join(errs...)
}

// play breaks, asks, carries out and looks, and puts everything back.
func (o Options) play(ctx context.Context, bed faults.Bed, scene Scene, fault faults.Fault, node layout.Node) (took time.Duration, err error) {
	work, err := os.MkdirTemp("", "handover")
	if err != nil {
		return 0, fmt.Errorf("making a directory to sit in: %w", err)
	}
	defer os.RemoveAll(work)
	h := &hand{bed: o.Testbed, node: node, scene: scene, self: o.Self, work: work}
	if err := os.Mkdir(h.onNode(), 0o755); err != nil {
		return 0, fmt.Errorf("making a directory to sit in on the node: %w", err)
	}
	if err := h.makeStandIns(); err != nil {
		return 0, err
	}
	defer func() {
		if o.Verbose || err != nil {
			fmt.Fprint(o.Out, h.said.String())
		}
		// Whatever happened, the node is to be as it was; a context that ended
		// must not keep it from that.
		again, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestFail)
		defer cancel()
		err = errors.Join(err, faults.Repair(again, bed, fault, node), h.forget(again))
	}()
	if scene.Before != nil {
		if err := scene.Before(ctx, bed, h); err != nil {
			return 0, err
		}
	}
	if err := o.fail(ctx, bed, fault, node); err != nil {
		return 0, err
	}
	if scene.Lift {
		if err := faults.Lift(ctx, bed, fault, node); err != nil {
			return 0, err
		}
	}
	r, err := o.ask(ctx, scene, fault, node)
	if err != nil {
		return 0, err
	}
	for _, s := range r.Steps {
		for i := 0; i < len(s.Commands); i++ {
			if scene.looks(s.Commands[i]) {
				s.Commands[i] += " || true"
			}
		}
	}
	if err := h.carry(ctx, r.Steps); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := pulled(ctx, bed, fault, node); err != nil {
		return 0, err
	}
	took = time.Since(began)
	if err := h.carry(ctx, r.Undo); err != nil {
		return took, fmt.Errorf("taking it back: %w", err)
	}
	return took, nil
}

// fail makes the fault and waits until it shows.
func (o Options) fail(ctx context.Context, bed faults.Bed, fault faults.Fault, node layout.Node) error {
	ctx, cancel := context.WithTimeout(ctx, longestFail)
	defer cancel()
	if err := faults.Inject(ctx, bed, fault, node); err != nil {
		return err
	}
	if fault.Event != "" {
		_, err := faults.AwaitEvent(ctx, bed, fault.Namespace(node.Name), fault.Event)
		return err
	}
	shown, err := faults.Await(ctx, bed, fault.Namespace(node.Name), faults.PodName)
	if err == nil && shown.Running {
		err = errors.New("the image was pulled although the fault stands")
	}
	return err
}

// ask has the plugin print its plan, where the client stands.
func (o Options) ask(ctx context.Context, scene Scene, fault faults.Fault, node layout.Node) (remedy, error) {
	ctx, cancel := context.WithTimeout(ctx, longestCommand)
	defer cancel()
	args := []string{"fix", fault.Target(), "-n", fault.Namespace(node.Name), "--dry-run=client", "-o", "json"}
	if scene.Flags != nil {
		args = append(args, scene.Flags(o.Testbed)...)
	}
	command := o.Testbed.Exec(ctx, cluster.Client, o.Plugin, args...)
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	ended := command.Run() // with a code of its own where nothing can be applied
	var p plan
	if err := json.Unmarshal(out.Bytes(), &p); err != nil {
		return remedy{}, fmt.Errorf("reading the plan of %s: %w: %s", strings.Join(args, " "), errors.Join(err, ended), bytes.TrimSpace(errOut.Bytes()))
	}
	return p.find(scene.Remedy)
}

// pulled waits until every container of the fault's pod is past its pull, as the
// kubelet shows it; of a Job that was replaced, of its new pod.
func pulled(ctx context.Context, bed faults.Bed, fault faults.Fault, node layout.Node) error {
	ctx, cancel := context.WithTimeout(ctx, longestMend)
	defer cancel()
	last := "no pod"
	for {
		list, err := bed.Kube.CoreV1().Pods(fault.Namespace(node.Name)).List(ctx, metav1.ListOptions{LabelSelector: "app=" + faults.PodName})
		if err != nil {
			return errors.Join(fmt.Errorf("waiting for the image: %s", last), err)
		}
		for _, pod := range list.Items {
			if pod.DeletionTimestamp != nil {
				continue
			}
			if last = waits(pod); last == "" {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the image: %s: %w", last, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// waits says for what a pod's containers wait, "" if all are past their pull.
func waits(pod corev1.Pod) string {
	if len(pod.Status.ContainerStatuses) < len(pod.Spec.Containers) {
		return "nothing is told of " + pod.Name
	}
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Waiting != nil && s.LastTerminationState.Terminated == nil {
			return pod.Name + " shows " + s.State.Waiting.Reason + ": " + s.State.Waiting.Message
		}
	}
	return ""
}

// forget takes away what a remedy left on the node beside its fault.
func (h *hand) forget(ctx context.Context) error {
	command := h.command(ctx, h.node.Name, "sh", "-c", "rm -rf /etc/systemd/system/*.service.d; rm -f /var/lib/kubelet/config.yaml.before-*")
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("tidying %s: %w: %s", h.node.Name, err, bytes.TrimSpace(said))
	}
	return errors.Join(os.RemoveAll(units{bed: h.bed, node: h.node}.file("containerd")), os.RemoveAll(units{bed: h.bed, node: h.node}.file("kubelet")))
}

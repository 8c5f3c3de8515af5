// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/images"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// A Bed is a running testbed as faults need it.
type Bed struct {
	*cluster.Testbed
	Kube       kubernetes.Interface
	Registries *registries.Client
}

// Open gives the bed of a testbed that is up.
func Open(testbed *cluster.Testbed) (Bed, error) {
	kube, err := testbed.Kube()
	if err != nil {
		return Bed{}, err
	}
	return Bed{Testbed: testbed, Kube: kube, Registries: registries.NewClient(testbed.AdminSocket())}, nil
}

// Inject makes the fault on a node: it breaks what has to be broken, and makes
// the objects in namespaces of the fault's own. What an earlier run left there
// goes first.
func Inject(ctx context.Context, bed Bed, fault Fault, node layout.Node) error {
	if err := inject(ctx, bed, fault, node); err != nil {
		return fmt.Errorf("injecting %s on %s: %w", fault.Name, node.Name, err)
	}
	return nil
}

func inject(ctx context.Context, bed Bed, fault Fault, node layout.Node) error {
	if !fault.On(node.Name) {
		return errors.New("it cannot be made on this node")
	}
	spot, scene, err := stage(ctx, bed, fault, node)
	if err != nil {
		return err
	}
	if scene.Unseen {
		if err := forget(ctx, bed, node, scene.Image); err != nil {
			return err
		}
	}
	for i, rule := range scene.Rules {
		rule.ID = ruleID(spot.Namespace, i)
		if err := bed.Registries.SetRule(ctx, rule); err != nil {
			return err
		}
	}
	if err := makeNamespace(ctx, bed, spot.Namespace); err != nil {
		return err
	}
	if scene.Break != nil {
		if err := scene.Break(ctx, bed); err != nil {
			return err
		}
	}
	for _, secret := range scene.Secrets {
		namespace := spot.Namespace
		if secret.Elsewhere {
			namespace += elsewhere
			if err := makeNamespace(ctx, bed, namespace); err != nil {
				return err
			}
		}
		if err := makeSecret(ctx, bed, namespace, secret); err != nil {
			return err
		}
	}
	if len(scene.Account) > 0 && !scene.AccountLate {
		if err := giveAccount(ctx, bed, spot.Namespace, scene.Account); err != nil {
			return err
		}
	}
	pods := []*corev1.Pod{scene.pod(PodName, node)}
	if scene.Companion {
		for _, other := range spot.Others {
			pods = append(pods, scene.pod(Companion+"-"+other.Name, other))
		}
	}
	if fault.Kind != "" {
		if err := own(ctx, bed, fault.Kind, spot.Namespace, pods[0]); err != nil {
			return err
		}
		pods = pods[1:]
	}
	for _, pod := range pods {
		if _, err := bed.Kube.CoreV1().Pods(spot.Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("making pod %s/%s: %w", spot.Namespace, pod.Name, err)
		}
	}
	if scene.AccountLate {
		err := poll(ctx, func() (bool, error) { // whoever owns the pod takes a moment to make it
			pods, err := podsOf(ctx, bed, spot.Namespace, PodName)
			return len(pods) > 0, err
		})
		if err != nil {
			return fmt.Errorf("waiting for pod %s/%s: %w", spot.Namespace, PodName, err)
		}
		if err := giveAccount(ctx, bed, spot.Namespace, scene.Account); err != nil {
			return err
		}
	}
	if scene.Then != nil {
		return scene.Then(ctx, bed)
	}
	return nil
}

// makeSecret makes a secret.
func makeSecret(ctx context.Context, bed Bed, namespace string, secret Secret) error {
	object, err := secret.object()
	if err != nil {
		return err
	}
	if _, err := bed.Kube.CoreV1().Secrets(namespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making secret %s/%s: %w", namespace, secret.Name, err)
	}
	return nil
}

// giveAccount gives pull secrets to the default service account.
func giveAccount(ctx context.Context, bed Bed, namespace string, secrets []string) error {
	var refs []map[string]string
	for _, name := range secrets {
		refs = append(refs, map[string]string{"name": name})
	}
	patch, err := json.Marshal(map[string]any{"imagePullSecrets": refs})
	if err == nil {
		_, err = bed.Kube.CoreV1().ServiceAccounts(namespace).Patch(ctx, "default", types.MergePatchType, patch, metav1.PatchOptions{})
	}
	if err != nil {
		return fmt.Errorf("giving pull secrets to the service account of %s: %w", namespace, err)
	}
	return nil
}

// Repair undoes the fault on a node: what was broken works again, and its
// objects are deleted, which goes on for a while after Repair has returned.
func Repair(ctx context.Context, bed Bed, fault Fault, node layout.Node) error {
	spot, scene, err := stage(ctx, bed, fault, node)
	if err == nil {
		for i := range scene.Rules {
			err = errors.Join(err, bed.Registries.RemoveRule(ctx, ruleID(spot.Namespace, i)))
		}
		if scene.Mend != nil {
			err = errors.Join(err, scene.Mend(ctx, bed))
		}
		for _, namespace := range []string{spot.Namespace, spot.Namespace + elsewhere} {
			if gone := bed.Kube.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); gone != nil && !apierrors.IsNotFound(gone) {
				err = errors.Join(err, fmt.Errorf("deleting namespace %s: %w", namespace, gone))
			}
		}
	}
	if err != nil {
		return fmt.Errorf("repairing %s on %s: %w", fault.Name, node.Name, err)
	}
	return nil
}

// Lift takes a fault's rules from the registries and leaves the rest of it.
func Lift(ctx context.Context, bed Bed, fault Fault, node layout.Node) error {
	spot, scene, err := stage(ctx, bed, fault, node)
	for i := range scene.Rules {
		err = errors.Join(err, bed.Registries.RemoveRule(ctx, ruleID(spot.Namespace, i)))
	}
	if err != nil {
		return fmt.Errorf("lifting the rules of %s on %s: %w", fault.Name, node.Name, err)
	}
	return nil
}

// Image is what the fault's pod wants to run on the node.
func Image(ctx context.Context, bed Bed, fault Fault, node layout.Node) (string, error) {
	_, scene, err := stage(ctx, bed, fault, node)
	return scene.Image, err
}

// Companions are the pods that must run while the fault stands.
func Companions(ctx context.Context, bed Bed, fault Fault, node layout.Node) ([]string, error) {
	spot, scene, err := stage(ctx, bed, fault, node)
	if err != nil || !scene.Companion {
		return nil, err
	}
	var names []string
	for _, other := range spot.Others {
		names = append(names, Companion+"-"+other.Name)
	}
	return names, nil
}

// elsewhere ends the name of the namespace beside the pod's.
const elsewhere = "-elsewhere"

func ruleID(namespace string, i int) string { return fmt.Sprintf("%s-%d", namespace, i) }

// stage works out what the fault takes on the node.
func stage(ctx context.Context, bed Bed, fault Fault, node layout.Node) (Spot, Scene, error) {
	var failed error
	spot := Spot{
		Fault: fault, Node: node, Namespace: fault.Namespace(node.Name),
		Others: slices.DeleteFunc(slices.Clone(layout.Nodes), func(n layout.Node) bool { return n.Name == node.Name }),
		Digest: func(registry, repository, tag string) string {
			digest, err := images.Digest(ctx, registries.StorageSocket(bed.Testbed), registry, repository, tag)
			failed = errors.Join(failed, err)
			return digest
		},
	}
	scene := fault.scene(spot)
	return spot, scene, failed
}

// labelled marks the namespaces that faults made.
const labelled = "pullmedic.dev/testbed-fault"

// makeNamespace makes a namespace that can be used at once, after whatever was
// there by that name is gone.
func makeNamespace(ctx context.Context, bed Bed, name string) error {
	namespaces := bed.Kube.CoreV1().Namespaces()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{labelled: "true"}}}
	err := poll(ctx, func() (bool, error) {
		_, err := namespaces.Create(ctx, object, metav1.CreateOptions{})
		if !apierrors.IsAlreadyExists(err) {
			return true, err
		}
		err = namespaces.Delete(ctx, name, metav1.DeleteOptions{}) // of an earlier run
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			err = nil
		}
		return false, err
	})
	if err != nil {
		return fmt.Errorf("making namespace %s: %w", name, err)
	}
	// A controller makes this one soon; no pod can be made before. An API server
	// can take a namespace that was just made for its predecessor, which ends.
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	err = poll(ctx, func() (bool, error) {
		_, err := bed.Kube.CoreV1().ServiceAccounts(name).Create(ctx, account, metav1.CreateOptions{})
		if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return false, nil
		}
		if apierrors.IsAlreadyExists(err) {
			err = nil
		}
		return true, err
	})
	if err != nil {
		return fmt.Errorf("making the service account of namespace %s: %w", name, err)
	}
	return nil
}

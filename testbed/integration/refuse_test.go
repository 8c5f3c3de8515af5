// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/pki"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// allow gives the viewer rights in a namespace: to read all, and to write as
// the rules say.
func (b bed) allow(t *testing.T, namespace string, writes ...rbacv1.PolicyRule) {
	t.Helper()
	rules := append([]rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"get", "list", "watch"}}}, writes...)
	b.permit(t, namespace, "fixer", rules...)
}

// permit gives the viewer a role of a namespace.
func (b bed) permit(t *testing.T, namespace, name string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	meta := metav1.ObjectMeta{Name: name, Namespace: namespace}
	b.give(t, role{
		ClusterRole: rbacv1.ClusterRole{TypeMeta: metav1.TypeMeta{Kind: "Role"}, ObjectMeta: meta, Rules: rules},
		binding: rbacv1.ClusterRoleBinding{
			ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: viewers}},
		},
	})
}

// permitReading gives the viewer the rights to read a namespace's pods and their
// owners, and nothing else.
func (b bed) permitReading(t *testing.T, namespace string) {
	t.Helper()
	b.permit(t, namespace, "reader", rbacv1.PolicyRule{
		APIGroups: []string{"", "apps"}, Resources: []string{"pods", "events", "serviceaccounts", "deployments", "replicasets"}, Verbs: []string{"get", "list"},
	})
}

// may is a rule that allows that verb.
func may(verb, group string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: []string{verb}}
}

func TestARightThatIsMissingIsNamedBeforeAnythingIsTouched(t *testing.T) {
	b := open(t)
	all := map[string]rbacv1.PolicyRule{
		"patch deployments.apps":  may("patch", "apps", "deployments"),
		"create configmaps":       may("create", "", "configmaps"),
		"patch replicasets.apps":  may("patch", "apps", "replicasets"),
		"create pods/eviction":    may("create", "", "pods/eviction"),
		"patch what is unrelated": may("patch", "", "events"),
	}
	for lacking, target := range map[string]string{
		"patch deployments.apps": "deployment/app",
		"create configmaps":      "deployment/app",
		"create pods/eviction":   "replicaset/app",
	} {
		t.Run(strings.ReplaceAll(lacking, "/", " "), func(t *testing.T) {
			namespace := b.namespace(t)
			if target == "replicaset/app" {
				b.replicate(t, namespace, absent)
			} else {
				b.deploy(t, namespace, absent, nil)
			}
			var given []rbacv1.PolicyRule
			for name, rule := range all {
				if name != lacking {
					given = append(given, rule)
				}
			}
			b.grant(t, "none.yaml", "")
			b.allow(t, namespace, given...)
			before := b.written(t, namespace)
			got, done := b.fix(t, namespace, target, "--to", present, "--context", cluster.Viewer)
			if want := "you may not " + lacking + " in namespace " + namespace; done.code != 1 || got.Outcome != v1alpha1.FixRefused || !strings.Contains(got.Why, want) {
				t.Errorf("exit code %d, %s: %s; want %q", done.code, got.Outcome, got.Why, want)
			}
			b.untouched(t, namespace, before, true)
		})
	}
}

// budget lets no pod of the namespace go.
func (b bed) budget(t *testing.T, namespace string) {
	t.Helper()
	most := intstr.FromInt32(0)
	_, err := b.Kube.PolicyV1().PodDisruptionBudgets(namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "all"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &most, Selector: matching()},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.awaitCounted(t, namespace)
}

// awaitCounted waits until the budget counts the pods as they are. By an older
// count as many are healthy as are to be, and then one that is not may go.
func (b bed) awaitCounted(t *testing.T, namespace string) {
	t.Helper()
	b.await(t, "the budget to be counted", func(ctx context.Context) error {
		pods, err := b.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		healthy := int32(0)
		for _, p := range pods.Items {
			if ready(p) {
				healthy++
			}
		}
		p, err := b.Kube.PolicyV1().PodDisruptionBudgets(namespace).Get(ctx, "all", metav1.GetOptions{})
		if err == nil && (p.Status.ObservedGeneration == 0 || int(p.Status.ExpectedPods) != len(pods.Items) || p.Status.CurrentHealthy != healthy) {
			err = fmt.Errorf("of %d pods %d are ready, and its status is %+v", len(pods.Items), healthy, p.Status)
		}
		return err
	})
}

func TestABudgetDoesNotHoldAPodThatNeverRan(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	b.replicate(t, namespace, absent)
	b.budget(t, namespace)
	if got, done := b.fix(t, namespace, "replicaset/app", "--to", present); done.code != 0 || got.Outcome != v1alpha1.FixMended {
		t.Errorf("exit code %d, %s: %s", done.code, got.Outcome, got.Why)
	}
}

func TestABudgetHoldsAPodThatRan(t *testing.T) {
	b := open(t)
	fault, err := faults.Find("ran-and-lost")
	if err != nil {
		t.Fatal(err)
	}
	fault.Name, fault.Kind = "budget-ran", "replicaset"
	namespace := b.injectFault(t, fault)
	b.budget(t, namespace)
	before := b.written(t, namespace)
	got, done := b.fix(t, namespace, "replicaset/app", "--to", present)
	if done.code != 1 || got.Outcome != v1alpha1.FixRefused || !strings.Contains(got.Why, "PodDisruptionBudget") {
		t.Errorf("exit code %d, %s: %s", done.code, got.Outcome, got.Why)
	}
	b.untouched(t, namespace, before, true)
}

func TestAPausedRolloutIsNotChanged(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	b.deploy(t, namespace, absent, nil)
	if _, err := b.Kube.AppsV1().Deployments(namespace).Patch(t.Context(), faults.PodName, types.MergePatchType, []byte(`{"spec":{"paused":true}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	before := b.written(t, namespace)
	got, done := b.fix(t, namespace, "deployment/app", "--to", present)
	if want := "kubectl rollout resume deployment/app -n " + namespace; done.code != 1 || got.Outcome != v1alpha1.FixRefused || !strings.Contains(got.Why, "is paused") || !strings.Contains(got.Why, want) {
		t.Errorf("exit code %d, %s: %s; want %q", done.code, got.Outcome, got.Why, want)
	}
	b.untouched(t, namespace, before, true)
}

// limit lets no further objects of a resource be made, of which there are so
// many. It returns once the API server refuses one.
func (b bed) limit(t *testing.T, namespace, name string, most int64) {
	t.Helper()
	hard := corev1.ResourceList{corev1.ResourceName(name): *resource.NewQuantity(most, resource.DecimalSI)}
	if _, err := b.Kube.CoreV1().ResourceQuotas(namespace).Create(t.Context(), &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "few"}, Spec: corev1.ResourceQuotaSpec{Hard: hard}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.await(t, "the quota to refuse "+name, func(ctx context.Context) error {
		try, core, meta := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}, b.Kube.CoreV1(), metav1.ObjectMeta{Name: "one-more"}
		var err error
		switch name {
		case "configmaps":
			_, err = core.ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: meta}, try)
		case "secrets":
			_, err = core.Secrets(namespace).Create(ctx, &corev1.Secret{ObjectMeta: meta}, try)
		case "pods":
			_, err = core.Pods(namespace).Create(ctx, &corev1.Pod{ObjectMeta: meta, Spec: templateOf(present).Spec}, try)
		}
		if err == nil {
			return errors.New("one more would be taken")
		}
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "exceeded quota") {
			return err
		}
		return nil
	})
}

func TestAQuotaThatLeavesNoRoom(t *testing.T) {
	b := open(t)
	t.Run("for the record: nothing is changed", func(t *testing.T) {
		namespace := b.namespace(t)
		b.deploy(t, namespace, absent, nil)
		b.limit(t, namespace, "configmaps", 1) // kube-root-ca.crt is there
		before := b.written(t, namespace)
		got, done := b.fix(t, namespace, "deployment/app", "--to", present)
		if done.code != 1 || got.Outcome != v1alpha1.FixRefused || !strings.Contains(got.Why, "a quota does not let configmap/") {
			t.Errorf("exit code %d, %s: %s", done.code, got.Outcome, got.Why)
		}
		b.untouched(t, namespace, before, true)
	})
	t.Run("for a pod: the change is taken back", func(t *testing.T) {
		namespace := b.namespace(t)
		b.deploy(t, namespace, absent, nil)
		b.limit(t, namespace, "pods", 1)
		before := b.written(t, namespace)
		got, done := b.fix(t, namespace, "deployment/app", "--to", present)
		if done.code != 1 || got.Outcome != v1alpha1.FixUndone || !strings.Contains(got.Why, "deployment/app cannot make a pod: ") || !strings.Contains(got.Why, "exceeded quota") {
			t.Errorf("exit code %d, %s: %s", done.code, got.Outcome, got.Why)
		}
		b.untouched(t, namespace, before, false)
	})
}

// refuses makes a rule of admission that refuses every change of a deployment of
// the namespace in these words. It returns once the API server does so.
func (b bed) refuses(t *testing.T, namespace string, webhook bool, words string) {
	t.Helper()
	rule := admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{admissionv1.Update},
		Rule:       admissionv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments"}},
	}
	here := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}}
	admission, gone := b.Kube.AdmissionregistrationV1(), metav1.DeleteOptions{}
	var err error
	if webhook {
		authority, failed := pki.Load(b.PKI(), pki.Testbed)
		if failed != nil {
			t.Fatal(failed)
		}
		url, policy, effects := "https://"+layout.Webhook+"/", admissionv1.Fail, admissionv1.SideEffectClassNone
		_, err = admission.ValidatingWebhookConfigurations().Create(t.Context(), &admissionv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: namespace},
			Webhooks: []admissionv1.ValidatingWebhook{{
				Name: "frozen.acme.example", AdmissionReviewVersions: []string{"v1"}, FailurePolicy: &policy, SideEffects: &effects,
				ClientConfig: admissionv1.WebhookClientConfig{URL: &url, CABundle: authority.PEM()}, NamespaceSelector: here, Rules: []admissionv1.RuleWithOperations{rule},
			}},
		}, metav1.CreateOptions{})
	} else {
		_, err = admission.ValidatingAdmissionPolicies().Create(t.Context(), &admissionv1.ValidatingAdmissionPolicy{
			ObjectMeta: metav1.ObjectMeta{Name: namespace},
			Spec: admissionv1.ValidatingAdmissionPolicySpec{
				MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: rule}}},
				Validations:      []admissionv1.Validation{{Expression: "has(object.spec.paused)", Message: "deployments are frozen"}},
			},
		}, metav1.CreateOptions{})
		if err == nil {
			_, err = admission.ValidatingAdmissionPolicyBindings().Create(t.Context(), &admissionv1.ValidatingAdmissionPolicyBinding{
				ObjectMeta: metav1.ObjectMeta{Name: namespace},
				Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
					PolicyName: namespace, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}, MatchResources: &admissionv1.MatchResources{NamespaceSelector: here},
				},
			}, metav1.CreateOptions{})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), longest)
		defer cancel()
		if webhook {
			err = admission.ValidatingWebhookConfigurations().Delete(ctx, namespace, gone)
		} else if err = admission.ValidatingAdmissionPolicyBindings().Delete(ctx, namespace, gone); err == nil {
			err = admission.ValidatingAdmissionPolicies().Delete(ctx, namespace, gone)
		}
		if err != nil {
			t.Error(err)
		}
	})
	b.await(t, "the rule of admission", func(ctx context.Context) error {
		_, err := b.Kube.AppsV1().Deployments(namespace).Patch(ctx, faults.PodName, types.MergePatchType, []byte(`{"metadata":{"labels":{"x":"y"}}}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil {
			return errors.New("a change would be taken")
		}
		if !strings.Contains(err.Error(), words) {
			return err
		}
		return nil
	})
}

func TestARuleOfAdmissionThatRefusesTheChange(t *testing.T) {
	b := open(t)
	for name, c := range map[string]struct {
		webhook bool
		want    string
	}{
		"a policy":  {false, "deployments are frozen"},
		"a webhook": {true, "frozen.acme.example"},
	} {
		t.Run(name, func(t *testing.T) {
			namespace := b.namespace(t)
			b.deploy(t, namespace, absent, nil)
			b.refuses(t, namespace, c.webhook, c.want)
			before := b.written(t, namespace)
			got, done := b.fix(t, namespace, "deployment/app", "--to", present)
			if done.code != 1 || got.Outcome != v1alpha1.FixRefused || !strings.Contains(got.Why, "a rule of the cluster refuses the change of deployment/app") || !strings.Contains(got.Why, c.want) {
				t.Errorf("exit code %d, %s: %s", done.code, got.Outcome, got.Why)
			}
			b.untouched(t, namespace, before, true)
		})
	}
}

func TestAnEditBetweenThePlanAndTheWriteIsNotOverwritten(t *testing.T) {
	b := open(t)
	namespace := b.namespace(t)
	b.deploy(t, namespace, absent, nil)
	const slow = registries.Plain + "/acme/slow:1.0"
	lift := b.rule(t, registries.Rule{Registry: registries.Plain, Repository: "acme/slow", From: []string{layout.Client}, Effect: registries.Effect{Delay: registries.Duration(3 * time.Second)}})
	_, seq, err := b.Registries.Log(t.Context(), 1<<62)
	if err != nil {
		t.Fatal(err)
	}
	edited := make(chan error, 1)
	go func() { // while the plan is proven, which takes the registry three seconds an answer
		ctx, cancel := context.WithTimeout(t.Context(), longest)
		defer cancel()
		err := b.until(ctx, func(ctx context.Context) error {
			requests, _, err := b.Registries.Log(ctx, seq)
			if err == nil && !slices.ContainsFunc(requests, func(r registries.Request) bool { return strings.Contains(r.Path, "acme/slow") }) {
				err = errors.New("the registry was not asked")
			}
			return err
		})
		if err == nil {
			_, err = b.Kube.AppsV1().Deployments(namespace).Patch(ctx, faults.PodName, types.JSONPatchType,
				fmt.Appendf(nil, `[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":%q}]`, absent+"0"), metav1.PatchOptions{})
		}
		edited <- errors.Join(err, lift(ctx))
	}()
	got, done := b.fix(t, namespace, "deployment/app", "--to", slow)
	if err := <-edited; err != nil {
		t.Fatal(err)
	}
	if done.code != 1 || got.Outcome != v1alpha1.FixRefused || !strings.Contains(got.Why, "was changed by somebody else meanwhile") {
		t.Errorf("exit code %d, %s: %s", done.code, got.Outcome, got.Why)
	}
	if image := b.imageOf(t, namespace, faults.PodName); image != absent+"0" {
		t.Errorf("the image is %s, and the edit is gone", image)
	}
}

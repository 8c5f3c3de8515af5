// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/verify"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// told is one answer in a line: platform, proof, cause.
func told(a verify.Answer) string {
	line := a.Evidence.Pull.Platform.OS + "/" + a.Evidence.Pull.Platform.Arch + " " + string(a.Proof)
	if a.Decided != nil {
		line += " " + a.Decided.Cause
	}
	return strings.TrimPrefix(line, "/ ")
}

func TestWouldTheNextPullSucceed(t *testing.T) {
	s := newShelf(t)
	app := s.push("team/app:1", "linux/amd64", "linux/arm64")
	s.push("team/amd:1", "linux/amd64")
	s.push("private/app:1", "linux/amd64")
	s.pushOne("team/one:1", "linux", "arm64")
	s.lose(s.push("team/lost:1", "linux/amd64"))
	hash, err := app.Digest()
	if err != nil {
		t.Fatal(err)
	}
	digest := hash.String()
	at := func(image string) string { return s.host + "/" + image }
	listed := at("team/app:1") + " " + at("team/app@"+digest)
	worker := func(kubelet string, images ...string) []runtime.Object {
		return []runtime.Object{node("worker-1", "amd64", kubelet, images...), account()}
	}
	one := func(image string, alter ...func(*corev1.PodSpec)) examine.Prospect {
		return examine.Prospect{Wants: []examine.Want{want(image, alter...)}}
	}
	arm := func(spec *corev1.PodSpec) { spec.NodeSelector = map[string]string{corev1.LabelArchStable: "arm64"} }
	many := make([]string, 50)
	for i := range many {
		many[i] = fmt.Sprintf("other.example/x:%d", i)
	}

	for name, c := range map[string]struct {
		scene
		want string // lines, one an answer
		why  string // in the first answer's reason
		note string // in its notes
		view string // of the vantage that is told: "node proven", ...
	}{
		"a public image that is whole is proven from here, and not of the node's own way": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/app:1"))},
			want:  "linux/amd64 proven", why: "gives all of it to everybody", view: "node not-proven",
		},
		"each platform that the pod may land on has its own answer": {
			scene: scene{objects: []runtime.Object{node("a", "amd64", "v1.36.3"), node("b", "arm64", "v1.36.3"), node("c", "amd64", "v1.36.3"), account()}, q: one(at("team/amd:1"))},
			want:  "linux/arm64 disproved PlatformMismatch\nlinux/amd64 proven",
		},
		"a node selector narrows the platforms": {
			scene: scene{objects: []runtime.Object{node("a", "amd64", "v1.36.3"), node("b", "arm64", "v1.36.3"), account()}, q: one(at("team/app:1"), arm)},
			want:  "linux/arm64 proven",
		},
		"a platform that is selected and has no node yet is asked for all the same": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/amd:1"), arm)},
			want:  "linux/arm64 disproved PlatformMismatch",
		},
		"where no node takes the pod, its platform is not known": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/app:1"), func(spec *corev1.PodSpec) { spec.NodeSelector = map[string]string{"disk": "fast"} })},
			want:  "not-proven", why: "no node that the pod may land on",
		},
		"without the right to nodes nothing is proven of a platform": {
			scene: scene{objects: worker("v1.36.3"), deny: []string{"list nodes"}, q: one(at("team/app:1"))},
			want:  "not-proven", why: "you may not list nodes",
		},
		"what the registry refuses and a mirror has is not disproved": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("private/app:1")), hosts: "[host.\"" + s.plain.URL + "\"]\n"},
			want:  "linux/amd64 not-proven", why: "is asked before the registry and has it",
		},
		"what the registry and its mirror lack is disproved": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/app:2")), hosts: "[host.\"" + s.plain.URL + "\"]\n"},
			want:  "linux/amd64 disproved TagNotFound",
		},
		"a registry that containerd never asks disproves nothing": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/app:2")), hosts: "server = \"" + s.plain.URL + "\"\n"},
			want:  "linux/amd64 not-proven", why: "containerd never asks " + s.host,
		},
		"a tag that is missing": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/app:2"))},
			want:  "linux/amd64 disproved TagNotFound", why: "has no tag 2", view: "client disproved",
		},
		"a repository that is missing": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/ap:1"))},
			want:  "linux/amd64 disproved RepositoryNotFound",
		},
		"a layer that is gone": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/lost:1"))},
			want:  "linux/amd64 disproved LayerMissing",
		},
		"a name that is none": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/App:1"))},
			want:  "linux/amd64 disproved InvalidImageName", view: "cluster disproved",
		},
		"a private image without a secret": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("private/app:1"))},
			want:  "linux/amd64 disproved CredentialsMissing",
		},
		"a private image with its secret": {
			scene: scene{objects: append(worker("v1.36.3"), secretFor("hub", s.host, canary)), q: one(at("private/app:1"), secrets("hub"))},
			want:  "linux/amd64 proven", why: "to secret shop/hub",
		},
		"the service account's secret counts for a pod that names none": {
			scene: scene{objects: []runtime.Object{node("a", "amd64", "v1.36.3"), account("hub"), secretFor("hub", s.host, canary)}, q: one(at("private/app:1"))},
			want:  "linux/amd64 proven", why: "to secret shop/hub",
		},
		"a service account that may not be read leaves the secrets open": {
			scene: scene{objects: worker("v1.36.3"), deny: []string{"get serviceaccounts"}, q: one(at("team/app:1"))},
			want:  "linux/amd64 not-proven", why: "you may not read serviceaccount default in namespace shop",
		},
		"a service account that is not there yet leaves the secrets open": {
			scene: scene{objects: []runtime.Object{node("a", "amd64", "v1.36.3")}, q: one(at("team/app:1"))},
			want:  "linux/amd64 not-proven", why: "there is no service account default in namespace shop yet",
		},
		"a secret that may not be read leaves it open, though everybody may pull": {
			scene: scene{objects: append(worker("v1.36.3"), secretFor("hub", s.host, canary)), deny: []string{"get secrets"}, q: one(at("team/app:1"), secrets("hub"))},
			want:  "linux/amd64 not-proven", why: "you may not read secret hub",
		},
		"a wrong password": {
			scene: scene{objects: append(worker("v1.36.3"), secretFor("hub", s.host, "wrong-"+canary)), q: one(at("private/app:1"), secrets("hub"))},
			want:  "linux/amd64 disproved CredentialsInvalid",
		},
		"a wrong password breaks a public image too": {
			scene: scene{objects: append(worker("v1.36.3"), secretFor("hub", s.host, "wrong-"+canary)), q: one(at("team/app:1"), secrets("hub"))},
			want:  "linux/amd64 disproved CredentialsBreakPublicImage",
		},
		"a bad credential before a good one does no harm": {
			scene: scene{objects: append(worker("v1.36.3"), secretFor("bad", s.host+"/private", "wrong-"+canary), secretFor("hub", s.host, canary)), q: one(at("private/app:1"), secrets("hub", "bad"))},
			want:  "linux/amd64 proven", why: "to secret shop/hub",
		},
		"an entry without a password goes out anonymous": {
			scene: scene{objects: append(worker("v1.36.3"), secretFor("empty", s.host, "")), q: one(at("team/app:1"), secrets("empty"))},
			want:  "linux/amd64 proven", why: "to everybody",
		},
		"a secret that the kubelet cannot read": {
			scene: scene{objects: append(worker("v1.36.3"), malformed("bad")), q: one(at("team/app:1"), secrets("bad"))},
			want:  "linux/amd64 disproved SecretMalformed", view: "cluster disproved",
		},
		"a secret for another host": {
			scene: scene{objects: append(worker("v1.36.3"), secretFor("hub", "localhost:1", canary)), q: one(at("private/app:1"), secrets("hub"))},
			want:  "linux/amd64 disproved CredentialsMissing",
		},
		"a secret that is missing does no harm to a public image": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/app:1"), secrets("gone"))},
			want:  "linux/amd64 proven", note: "has no secret gone",
		},
		"a secret that comes along in the file counts": {
			scene: scene{objects: worker("v1.36.3"), q: examine.Prospect{Wants: one(at("private/app:1"), secrets("hub")).Wants,
				Secrets: []keyring.Secret{{Namespace: "shop", Name: "hub", Type: keyring.TypeDockerConfigJSON, Data: secretFor("hub", s.host, canary).Data}}}},
			want: "linux/amd64 proven",
		},
		"a service account that comes along in the file counts": {
			scene: scene{objects: []runtime.Object{node("a", "amd64", "v1.36.3"), secretFor("hub", s.host, canary)}, q: examine.Prospect{Wants: one(at("private/app:1")).Wants,
				Accounts: []*corev1.ServiceAccount{account("hub")}}},
			want: "linux/amd64 proven",
		},
		"with no registry asked nothing is proven": {
			scene: scene{objects: worker("v1.36.3"), mode: registry.None, q: one(at("team/app:1"))},
			want:  "linux/amd64 not-proven", why: "registries are not asked in this run",
		},
		"without logging in, a pod with a credential is not proven": {
			scene: scene{objects: append(worker("v1.36.3"), secretFor("hub", s.host, canary)), mode: registry.Anonymous, q: one(at("private/app:1"), secrets("hub"))},
			want:  "linux/amd64 not-proven", why: "no credential is sent in this run",
		},
		"a certificate that only the client does not trust disproves nothing": {
			scene: scene{objects: worker("v1.36.3"), untrusted: true, q: one(at("team/app:1"))},
			want:  "linux/amd64 not-proven", why: "trusted here, so the image could not be asked for; run this where TLS works", view: "client not-proven",
		},
		"a registry that nobody answers at disproves nothing": {
			scene: scene{objects: worker("v1.36.3"), q: one("127.0.0.1:1/team/app:1")},
			want:  "linux/amd64 not-proven", why: "refuses connections from here, so the image could not be asked for",
		},
		"an image on the node needs no pull, whatever the registry says": {
			scene: scene{objects: worker("v1.34.1", at("team/app:2")), q: one(at("team/app:2"))},
			want:  "linux/amd64 proven", why: "no pull is needed: node worker-1 lists it already", note: "a node that does not have it could not pull it", view: "node proven",
		},
		"an image on the node of a kubelet that verifies credentials anew, and the registry says no": {
			scene: scene{objects: worker("v1.35.0", at("team/app:2")), q: one(at("team/app:2"))},
			want:  "linux/amd64 not-proven", why: "1.35 on may verify",
		},
		"an image on the node of a kubelet that verifies credentials anew, and the registry gives it": {
			scene: scene{objects: worker("v1.35.0", listed), q: one(at("team/app:1"))},
			want:  "linux/amd64 proven", note: "1.35 on asks the registry again",
		},
		"an image on one of two nodes": {
			scene: scene{objects: []runtime.Object{node("a", "amd64", "v1.34.0", listed), node("b", "amd64", "v1.34.0"), account()}, q: one(at("team/app:1"))},
			want:  "linux/amd64 proven", note: "node a lists the image, where no pull is needed; the others have to pull",
		},
		"Always is the only reason for a needless pull": {
			scene: scene{objects: worker("v1.36.3", listed), q: one(at("team/app:1"), policy(corev1.PullAlways))},
			want:  "linux/amd64 proven", note: "Always is the only reason for this pull: node worker-1 lists the image, by the digest that the registry has now",
		},
		"Always asks the registry though the image is there": {
			scene: scene{objects: worker("v1.34.0", at("team/app:2")), q: one(at("team/app:2"), policy(corev1.PullAlways))},
			want:  "linux/amd64 disproved TagNotFound", note: "Always is the only reason for this pull",
		},
		"a tag that has moved since": {
			scene: scene{objects: worker("v1.34.0", at("team/app:1")+" "+at("team/app@sha256:"+strings.Repeat("5ca1ab1e", 8))), q: one(at("team/app:1"))},
			want:  "linux/amd64 proven", note: "the tag has moved",
		},
		"a digest on the node is found under any tag": {
			scene: scene{objects: worker("v1.34.0", listed), q: one(at("team/app@" + digest))},
			want:  "linux/amd64 proven", why: "no pull is needed",
		},
		"Never without the image": {
			scene: scene{objects: worker("v1.34.0"), q: one(at("team/app:1"), policy(corev1.PullNever))},
			want:  "linux/amd64 disproved NeverPull", view: "node disproved",
		},
		"Never with the image": {
			scene: scene{objects: worker("v1.34.0", listed), q: one(at("team/app:1"), policy(corev1.PullNever))},
			want:  "linux/amd64 proven", why: "no pull is needed", view: "client not-proven",
		},
		"Never, and a list that is as long as lists get": {
			scene: scene{objects: worker("v1.34.0", many...), q: one(at("team/app:1"), policy(corev1.PullNever))},
			want:  "linux/amd64 not-proven", why: "more images than a node lists",
		},
		"Never with the image, on a kubelet that verifies credentials": {
			scene: scene{objects: worker("v1.36.3", listed), q: one(at("team/app:1"), policy(corev1.PullNever))},
			want:  "linux/amd64 not-proven", why: "pulled with a credential that this pod lacks",
		},
		"a pod that the node itself cannot pull for is disproved, though from here it works": {
			scene: scene{objects: worker("v1.36.3"), q: examine.Prospect{Wants: []examine.Want{pod(at("team/app:1"), func(p *corev1.Pod) {
				p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff",
					Message: `Back-off pulling image "x": ErrImagePull: failed to pull and unpack image "` + at("team/app:1") + `": failed to resolve reference "` + at("team/app:1") + `": failed to do request: Head "https://` + at("v2/team/app/manifests/1") + `": tls: failed to verify certificate: x509: certificate signed by unknown authority`}}}}
			})}}},
			want: "linux/amd64 disproved TLSUntrusted", view: "node disproved",
		},
		"a pod that failed for a tag that is there by now is proven": {
			scene: scene{objects: worker("v1.36.3"), q: examine.Prospect{Wants: []examine.Want{pod(at("team/app:1"), func(p *corev1.Pod) {
				p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull",
					Message: `rpc error: code = NotFound desc = failed to pull and unpack image "` + at("team/app:1") + `": failed to resolve image: ` + at("team/app:1") + `: not found`}}}}
			})}}},
			want: "linux/amd64 proven",
		},
		"an image without an index for another platform is pulled, and may not run": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/one:1"))},
			want:  "linux/amd64 proven", note: "is built for linux/arm64 alone",
		},
		"a registry that the nodes never ask proves nothing": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/app:1")), hosts: "server = \"https://127.0.0.1:1\"\n"},
			want:  "linux/amd64 not-proven", why: "asks in place of " + s.host,
		},
		"a mirror before the registry is told": {
			scene: scene{objects: worker("v1.36.3"), q: one(at("team/app:1")), hosts: "[host.\"https://127.0.0.1:1\"]\n"},
			want:  "linux/amd64 proven", note: "containerd asks 127.0.0.1:1",
		},
		"init containers, image volumes and ephemeral containers count": {
			scene: scene{objects: worker("v1.36.3"), q: examine.Prospect{Wants: []examine.Want{pod(at("team/app:1"), func(p *corev1.Pod) {
				p.Spec.InitContainers = []corev1.Container{{Name: "init", Image: at("team/app:8")}}
				p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: at("team/amd:1")}}}
				p.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: at("team/app:9")}}}}
			})}}},
			want: "linux/amd64 disproved TagNotFound\nlinux/amd64 disproved TagNotFound\nlinux/amd64 proven\nlinux/amd64 proven",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.verify(t, c.scene)
			var lines, notes, views []string
			for i, a := range r.Answers {
				lines = append(lines, told(a))
				if i == 0 {
					notes = a.Notes
					for _, v := range a.Views {
						views = append(views, string(v.Vantage)+" "+string(v.Proof))
					}
				}
				if strings.Contains(fmt.Sprintf("%+v", a.Evidence)+a.Why+strings.Join(a.Notes, " "), canary) {
					t.Error("an answer shows a secret")
				}
			}
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Fatalf("got\n%s\nwant\n%s\nwhy: %s\n%v", got, c.want, r.Answers[0].Why, seen(r.Answers[0]))
			}
			if !strings.Contains(r.Answers[0].Why, c.why) {
				t.Errorf("why is %q, want %q in it", r.Answers[0].Why, c.why)
			}
			if !strings.Contains(strings.Join(notes, "\n"), c.note) {
				t.Errorf("notes are %q, want %q in them", notes, c.note)
			}
			if !strings.Contains(strings.Join(views, ", "), c.view) {
				t.Errorf("vantages are %q, want %q", views, c.view)
			}
		})
	}
}

// seen lists what was found, for a test that fails.
func seen(a verify.Answer) (list []string) {
	for _, f := range a.Diagnosis.Findings {
		list = append(list, string(f.Check)+" "+string(f.Outcome)+": "+f.Sentence)
	}
	for _, g := range a.Evidence.NotLookedAt {
		list = append(list, string(g.Check)+" ?: "+g.Why)
	}
	return list
}

func TestTheSizeOfAnImage(t *testing.T) {
	s := newShelf(t)
	s.push("team/app:1", "linux/amd64")
	r := s.verify(t, scene{objects: []runtime.Object{node("a", "amd64", "v1.36.3"), account()}, q: examine.Prospect{Wants: []examine.Want{want(s.host + "/team/app:1")}}})
	if size := r.Answers[0].Size; size == nil || size.Layers != 3 || size.Largest < 1000 || size.Total < 3*1000 || size.Total > 3*size.Largest {
		t.Errorf("size is %+v", size)
	}
	if r.Proof() != verify.Proven || (verify.Result{}).Proof() != verify.NotProven {
		t.Errorf("the proof over all is %s, and of nothing %s", r.Proof(), verify.Result{}.Proof())
	}
}

func TestOneLadderForEqualQuestions(t *testing.T) {
	s := newShelf(t)
	s.push("team/app:1", "linux/amd64")
	objects := []runtime.Object{node("a", "amd64", "v1.36.3"), account()}
	one := s.verify(t, scene{objects: objects, q: examine.Prospect{Wants: []examine.Want{want(s.host + "/team/app:1")}}})
	q := examine.Prospect{}
	for range 30 {
		q.Wants = append(q.Wants, want(s.host+"/team/app:1"))
	}
	many := s.verify(t, scene{objects: objects, q: q})
	if len(many.Answers) != 30 || many.Sent != one.Sent {
		t.Errorf("%d answers took %+v, one took %+v", len(many.Answers), many.Sent, one.Sent)
	}
}

func TestAnotherNodesPullIsTheNodesOwnProof(t *testing.T) {
	s := newShelf(t)
	s.push("team/app:1", "linux/amd64")
	image := s.host + "/team/app:1"
	other := pod(image, func(p *corev1.Pod) {
		p.Name, p.UID = "other", "uid-2"
		p.Spec.Containers[0].ImagePullPolicy = corev1.PullAlways
		p.Status.Phase = corev1.PodRunning
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", ImageID: "x", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(5)}}}}
	})
	r := s.verify(t, scene{objects: []runtime.Object{node("worker-1", "amd64", "v1.36.3"), account(), other.Pod}, q: examine.Prospect{Wants: []examine.Want{want(image)}}})
	views := r.Answers[0].Views
	if last := views[len(views)-1]; last.Vantage != evidence.Node || last.Proof != verify.Proven || !strings.Contains(last.Sentence, "pulled the same image") {
		t.Errorf("the node's view is %+v; %v", last, seen(r.Answers[0]))
	}
}

// A pod that fails the very image on a node is that node's own word.
func TestAnotherPodThatFailsOnTheNode(t *testing.T) {
	s := newShelf(t)
	s.push("team/app:1", "linux/amd64")
	image := s.host + "/team/app:1"
	says := func(what string) string {
		return `failed to pull and unpack image "` + image + `": failed to resolve reference "` + image + `": ` + what
	}
	untrusted := says(`failed to do request: Head "https://` + s.host + `/v2/team/app/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority`)
	denied := says("pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed")
	full := `failed to pull and unpack image "` + image + `": failed to extract layer sha256:00: write /var/lib/containerd/x: no space left on device`
	other := func(node, image, message string) *corev1.Pod {
		return pod(image, func(p *corev1.Pod) {
			p.Name, p.UID, p.Spec.NodeName = "other-"+node, types.UID("uid-"+node), node
			p.Status.Phase = corev1.PodPending
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", Image: image, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: message}}}}
		}).Pod
	}
	b := node("b", "amd64", "v1.36.3")
	having := node("a", "amd64", "v1.33.0", image)
	for name, c := range map[string]struct {
		objects []runtime.Object
		want    string // of the pull
		node    string // the node's view
	}{
		"for a cause of the only node disproves the pull":             {[]runtime.Object{other("a", image, untrusted)}, "linux/amd64 disproved TLSUntrusted", "disproved pod shop/other-a fails to pull this very image on node a now (TLSUntrusted): "},
		"on all nodes disproves it":                                   {[]runtime.Object{b, other("a", image, untrusted), other("b", image, untrusted)}, "linux/amd64 disproved TLSUntrusted", "disproved pod shop/other-a fails"},
		"on one of two nodes leaves it open":                          {[]runtime.Object{b, other("a", image, untrusted)}, "linux/amd64 not-proven", "not-proven pod shop/other-a fails"},
		"for what may pass by itself leaves it open":                  {[]runtime.Object{other("a", image, full)}, "linux/amd64 not-proven", "not-proven pod shop/other-a fails to pull this very image on node a now (DiskFull): "},
		"for a credential says nothing of this pod's":                 {[]runtime.Object{other("a", image, denied)}, "linux/amd64 proven", "not-proven not seen from here"},
		"of another image says nothing":                               {[]runtime.Object{other("a", s.host+"/team/app:2", strings.ReplaceAll(untrusted, "app:1", "app:2"))}, "linux/amd64 proven", "not-proven not seen from here"},
		"on a node where the pod cannot land says nothing":            {[]runtime.Object{node("c", "arm64", "v1.36.3"), other("c", image, untrusted)}, "linux/amd64 proven", "not-proven not seen from here"},
		"does not matter where the node has the image and may use it": {[]runtime.Object{having, other("a", image, untrusted)}, "linux/amd64 proven", "proven node a lists the image"},
	} {
		t.Run(name, func(t *testing.T) {
			objects := append([]runtime.Object{account()}, c.objects...)
			if !slices.Contains(c.objects, runtime.Object(having)) {
				objects = append(objects, node("a", "amd64", "v1.36.3"))
			}
			amd := func(spec *corev1.PodSpec) {
				spec.NodeSelector = map[string]string{corev1.LabelArchStable: "amd64"}
				spec.Containers[0].ImagePullPolicy = corev1.PullIfNotPresent
			}
			r := s.verify(t, scene{objects: objects, q: examine.Prospect{Wants: []examine.Want{want(image, amd)}}})
			if len(r.Answers) != 1 {
				t.Fatalf("%d answers, want 1", len(r.Answers))
			}
			a := r.Answers[0]
			view := a.Views[len(a.Views)-1]
			if got := told(a); got != c.want {
				t.Errorf("got %s, want %s (%s)", got, c.want, a.Why)
			}
			if got := string(view.Proof) + " " + view.Sentence; view.Vantage != evidence.Node || !strings.HasPrefix(got, c.node) {
				t.Errorf("the node's view is %q, want %q", got, c.node)
			}
			if c.want == "linux/amd64 not-proven" && !strings.HasPrefix(a.Why, "pod shop/other-a fails to pull this very image on node a now") {
				t.Errorf("why is %q", a.Why)
			}
		})
	}
}

// What the evidence shows as the node's words, or as asked from here, is not denied
// below it.
func TestTheSummaryDoesNotDenyTheEvidence(t *testing.T) {
	s := newShelf(t)
	s.push("private/app:1", "linux/amd64")
	s.push("team/arm:1", "linux/arm64")
	fails := func(at, what, secret string) examine.Want {
		image := s.host + "/" + at
		return pod(image, func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodPending
			if secret != "" {
				p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: secret}}
			}
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", Image: image, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
				Reason: "ErrImagePull", Message: `failed to pull and unpack image "` + image + `": ` + what,
			}}}}
		})
	}
	denied := "failed to resolve reference: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"
	for name, c := range map[string]struct {
		want    examine.Want
		objects []runtime.Object
		cause   string
	}{
		"a key that matches nothing":   {fails("private/app:1", denied, "hub"), []runtime.Object{secretFor("hub", "other.example", canary)}, "CredentialsMissing"},
		"a secret that is none":        {fails("private/app:1", denied, "hub"), []runtime.Object{malformed("hub")}, "CredentialsMissing"},
		"a secret that is not there":   {fails("private/app:1", denied, "hub"), nil, "SecretMissing"},
		"a platform that is not there": {fails("team/arm:1", "no match for platform in manifest: not found", ""), nil, "PlatformMismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			objects := append([]runtime.Object{account(), node("worker-1", "amd64", "v1.36.3"), c.want.Pod}, c.objects...)
			r := s.verify(t, scene{objects: objects, q: examine.Prospect{Wants: []examine.Want{c.want}}})
			a := r.Answers[0]
			if got := told(a); got != "linux/amd64 disproved "+c.cause {
				t.Fatalf("got %s (%s): %v", got, a.Why, seen(a))
			}
			said := map[evidence.Vantage]bool{}
			for _, i := range a.Diagnosis.Causes[0].Findings {
				said[a.Diagnosis.Findings[i].Vantage] = true
			}
			if !said[evidence.Node] {
				t.Errorf("the node's words are no evidence: %v", seen(a))
			}
			for _, v := range a.Views {
				if said[v.Vantage] && (v.Proof != verify.Disproved || strings.Contains(v.Sentence, "not seen from here") || strings.Contains(v.Sentence, "asking the registry would change nothing")) {
					t.Errorf("%s is evidence, and its view is %s: %s", v.Vantage, v.Proof, v.Sentence)
				}
			}
		})
	}
}

// What was left out is not proven by what was looked at.
func TestWhatWasLeftOutIsNotProven(t *testing.T) {
	s := newShelf(t)
	s.push("team/app:1", "linux/amd64")
	objects := []runtime.Object{node("a", "amd64", "v1.36.3"), account()}
	q := examine.Prospect{}
	for range 401 {
		q.Wants = append(q.Wants, want(s.host+"/team/app:1"))
	}
	if r := s.verify(t, scene{objects: objects, q: q}); len(r.Answers) != 400 || r.Answers[399].Proof != verify.Proven || r.Proof() != verify.NotProven {
		t.Errorf("%d answers, the last %s, over all %s", len(r.Answers), r.Answers[len(r.Answers)-1].Proof, r.Proof())
	}
	for i := range 10 {
		objects = append(objects, node(fmt.Sprintf("odd-%d", i), fmt.Sprintf("odd%d", i), "v1.36.3"))
	}
	r := s.verify(t, scene{objects: objects, q: examine.Prospect{Wants: q.Wants[:1]}})
	if len(r.Answers) != 8 || len(r.NotLookedAt) != 1 {
		t.Errorf("%d answers, not looked at %+v", len(r.Answers), r.NotLookedAt)
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
)

func TestFixOfPodsThatAreStillBeingMade(t *testing.T) {
	creating := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
	bare := replica("bare", "1", "registry.example/acme/api:1.0", creating)
	bare.Status.ContainerStatuses = nil
	unplaced := replica("unplaced", "1", "registry.example/acme/api:1.0", creating)
	unplaced.Spec.NodeName, unplaced.Status.ContainerStatuses = "", nil
	unplaced.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"}}
	leaving := replica("leaving", "1", "registry.example/acme/api:1.0", creating)
	leaving.DeletionTimestamp = new(metav1.Now())
	server := clustertest.New(t, replica("slow", "1", "registry.example/acme/api:1.0", creating), bare, unplaced, leaving,
		replica("well", "1", "registry.example/acme/api:1.0", corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}))
	s := shop{Server: server, args: []string{"--kubeconfig", kubeconfigFor(t, server), "--probe=none"}}
	for args, c := range map[string]struct {
		code int
		out  string
	}{
		"pod/slow-1-x --yes":                        {ExitNotSeen, "1 pod is still being made; nothing fails to pull so far; look again in a moment."},
		"pod/slow-1-x pod/bare-1-x pod/well-1-x -y": {ExitNotSeen, "2 pods are still being made; nothing fails to pull so far; look again in a moment."},
		"pod/slow-1-x --yes -o json":                {ExitNotSeen, `"why": "1 pod is still being made; nothing fails to pull so far"`},
		"pod/unplaced-1-x --yes":                    {ExitOK, "Nothing to mend: no pull of what you named fails now."},
		"pod/leaving-1-x --yes":                     {ExitOK, "Nothing to mend: no pull of what you named fails now."},
		"--cause TagNotFound --yes":                 {ExitOK, "Nothing to mend: no pull that was looked at fails of TagNotFound."},
	} {
		got := s.run(t, strings.Fields(args)...)
		if text := strings.Join(strings.Fields(got.out), " "); got.code != c.code || !strings.Contains(text, c.out) || !strings.Contains(args, "json") && text != c.out { // where a line breaks is not the point
			t.Errorf("%s: exit code %d, want %d; %q is not in\n%s%s", args, got.code, c.code, c.out, got.out, got.err)
		}
		if strings.Contains(args, "json") {
			schematest.Check(t, []byte(got.out))
		}
	}
}

func TestFixTellsOfPodsThatCannotBeMade(t *testing.T) {
	objects := workload("api", "registry.example")
	d, ok := objects[0].(*appsv1.Deployment)
	if !ok {
		t.Fatal("the first object of a workload is its Deployment")
	}
	d.Status.Conditions = []appsv1.DeploymentCondition{{
		Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate",
		Message: `pods "api-2-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10`,
	}}
	server := clustertest.New(t, objects[:3]...) // without the pod
	s := shop{Server: server, args: []string{"--kubeconfig", kubeconfigFor(t, server), "--probe=none"}}
	for args, want := range map[string][]string{
		"deployment/api --yes": {
			"Nothing to mend here: the pods could not be made, and that has nothing to do with their images.", "Not made: 2 of 2 pods of deployment/api in shop",
			"exceeded quota: compute", "Do first: Make room in quota compute of namespace shop",
		},
		"deployment/api --yes -o json": {`"targets": []`, `"reason": "FailedCreate"`, `"firstAction": "Make room in quota compute of namespace shop`},
	} {
		got := s.run(t, strings.Fields(args)...)
		flat := strings.Join(strings.Fields(got.out), " ")
		if got.code != ExitNotSeen {
			t.Errorf("%s: exit code %d, %s", args, got.code, got.err)
		}
		for _, part := range want {
			if !strings.Contains(flat, part) {
				t.Errorf("%s: %q is not in\n%s", args, part, got.out)
			}
		}
	}
	if n := s.written(); n > 0 {
		t.Errorf("%d writes", n)
	}
}

func TestFixEndsInItsExitCodes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.md")
	for name, c := range map[string]struct {
		args  string
		state func(name, image string) corev1.ContainerState
		setUp func(shop)
		code  int
		out   []string
		err   string
		image string
		wrote bool
	}{
		"mended": {args: "deployment/api --yes --report " + file, state: running, code: ExitOK, image: "1.0", wrote: true,
			out: []string{"TagNotFound, confirmed: ", "For       deployment/api in namespace shop, container app; 1 of 2 pods ready\n", "          @@ container app: image\n", "/acme/api:2.0\n", "/acme/api:1.0\n", "Reach     restarts no healthy pod\n", "Proof     proven from here: ", "\nMended: pulled ", " by pod/api-3-x\n", "Undo      kubectl pullmedic undo ", " -n shop --kubeconfig "},
			err: "pulled: pod/api-3-x"},
		"mended, and then it crashes": {args: "deployment/api --yes", code: ExitOK, image: "1.0", wrote: true,
			state: func(string, string) corev1.ContainerState {
				return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
			},
			out: []string{"Mended: ", "Next      CrashLoopBackOff is the next problem, and not one of the pull\n", "kubectl logs api-3-x -n shop --all-containers --previous\n"}},
		"undone": {args: "deployment/api --yes", code: ExitFailing, image: "2.0", wrote: true,
			state: func(_, image string) corev1.ContainerState { return waitsFor(image, "not found") },
			out:   []string{"Undone: the new pod failed to pull, too: pod/api-3-x: ErrImagePull:\n", "deployment/api is as it was."}},
		"still pulling": {args: "deployment/api --yes --timeout 3s", code: ExitFailing, image: "1.0", wrote: true,
			state: func(string, string) corev1.ContainerState {
				return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
			},
			out: []string{"Still pulling: pod/api-3-x: it is being pulled. Nothing was taken\n", "Undo      kubectl pullmedic undo "}},
		"changed, and scaled to 0 meanwhile": {args: "deployment/api --yes", code: ExitNotSeen, image: "1.0", wrote: true,
			setUp: func(s shop) {
				s.React(func(w clustertest.Write) {
					if d, ok := s.Object("deployments", "shop", "api").(*appsv1.Deployment); ok && w.Verb == "patch" && w.Resource == "deployments" {
						d.Spec.Replicas = new(int32(0))
						s.Put(d)
						s.Remove("pods", "shop", "api-2-x")
					}
				})
			},
			out: []string{"Changed: no pod runs now that would show it: deployment/api is scaled to 0, so it counts once it is scaled up. That it will be pulled was proven from here.", "Undo      kubectl pullmedic undo "}},
		"gone meanwhile": {args: "deployment/api --yes", code: ExitFailing, image: "", wrote: true,
			setUp: func(s shop) {
				s.React(func(w clustertest.Write) {
					if w.Verb == "patch" && w.Resource == "deployments" {
						s.Remove("deployments", "shop", "api")
					}
				})
			},
			out: []string{"Gone: deployment/api was removed meanwhile."}},
		"a dry run of the client":                  {args: "deployment/api --dry-run=client", code: ExitOK, image: "2.0", out: []string{"Dry run: nothing was tried and nothing was changed."}},
		"a dry run of the server":                  {args: "deployment/api --dry-run=server", code: ExitOK, image: "2.0", out: []string{"Dry run: the API server would take every change; nothing was changed."}},
		"nobody who could be asked":                {args: "deployment/api", code: ExitFailing, image: "2.0", out: []string{"Refused: nobody can be asked, as stdin is no terminal; --yes answers\n"}},
		"an image that is not there either":        {args: "deployment/api --yes --to HOST/acme/api:3.0", code: ExitFailing, image: "2.0", out: []string{"Refused: it would not help: "}},
		"an image that cannot be asked for here":   {args: "deployment/api --yes --to 127.0.0.1:1/acme/api:1.0", code: ExitFailing, image: "2.0", out: []string{"127.0.0.1:1 refuses connections from here, so the image could not be asked for; run this where it takes them"}},
		"an image that is named":                   {args: "deployment/api --yes --to HOST/acme/api:1.0 --container app", state: running, code: ExitOK, image: "1.0", wrote: true, out: []string{"Mended: "}},
		"no registry asked":                        {args: "deployment/api --yes --probe=none", code: ExitFailing, image: "2.0", out: []string{"Refused: it could not be proven that it helps: ", "--unproven does it all the same"}},
		"no registry asked, and done all the same": {args: "deployment/api --yes --probe=none --unproven", state: running, code: ExitOK, image: "1.0", wrote: true, out: []string{"Proof     not proven", "Mended: "}},
		"no right": {args: "deployment/api --yes", setUp: func(s shop) { s.Deny("patch deployments") }, code: ExitFailing, image: "2.0",
			out: []string{"Refused: you may not patch deployments"}},
		"an emergency measure that takes what serves": {args: "deployment/api --yes --restart", code: ExitFailing, image: "2.0", out: []string{"Brake     ", "Refused: the next pull would fail as well; --force does it all the same"}},
		"a remedy by its id":                          {args: "deployment/api --dry-run=client --with previous-image", code: ExitOK, image: "2.0", out: []string{"Fix       Set container app back to"}},
		"a remedy for something else":                 {args: "deployment/api --yes --with held-image", code: ExitUsage, image: "2.0", err: "error: held-image does not mend what fails of deployment/api, or cannot be applied there; kubectl pullmedic explain held-image tells what it is for; there are: "},
		"a remedy that there is not":                  {args: "deployment/api --yes --with pray", code: ExitUsage, image: "2.0", err: `error: there is no remedy "pray" for deployment/api; there are: `},
		"a container that does not fail":              {args: "deployment/api --yes --to HOST/acme/api:1.0 --container side", code: ExitUsage, image: "2.0", err: "error: the image of container side does not fail; those that fail: app\n"},
		"an image for one container":                  {args: "deployment/api --yes --to app=HOST/acme/api:1.0", state: running, code: ExitOK, image: "1.0", wrote: true, out: []string{"Mended: "}},
		"an image for another container":              {args: "deployment/api --yes --to app=HOST/acme/api:1.0 --to side=HOST/acme/api:1.0", code: ExitUsage, image: "2.0", err: "error: the image of container side does not fail; those that fail: app\n"},
		"what waits behind an init container": {args: "deployment/api --dry-run=client --to HOST/acme/api:1.0", setUp: shop.waits, code: ExitOK, image: "2.0",
			out: []string{"(container app, which its kubelet has not tried yet, as init containers come first)", "@@ init container setup: image", "Not yet TagNotFound of container app is not mended by this", "(give --to app=IMAGE)", "Proof proven from here"}},
		"images for both":               {args: "deployment/api --yes --to setup=HOST/acme/api:1.0 --to app=HOST/acme/api:1.0", setUp: shop.waits, state: running, code: ExitOK, image: "1.0", wrote: true, out: []string{"Mended: "}},
		"a workload that does not fail": {args: "pod/well-1-x --yes --report " + filepath.Join(t.TempDir(), "none.md"), code: ExitOK, image: "2.0", out: []string{"Nothing to mend: no pull of what you named fails now.\n"}, err: "no report was written: nothing fails\n"},
		"a workload that is not there":  {args: "deployment/web --yes", code: ExitUsage, image: "2.0", err: "there is no deployment web in namespace shop"},
		"one that Helm keeps": {args: "deployment/api --yes", setUp: helm, code: ExitFailing, image: "2.0",
			out: []string{"Kept by   Helm release api in namespace shop, chart api-1.4.0; the next helm\n", "helm get values api -n shop\n", "Refused: Helm keeps it: the next helm upgrade sets back what is changed\n", "give --here"}},
		"one that Helm keeps, here": {args: "deployment/api --yes --here", setUp: helm, state: running, code: ExitOK, image: "1.0", wrote: true, out: []string{"Mended: "}},
		"all of a cause":            {args: "--cause tagnotfound --yes", state: running, code: ExitOK, image: "1.0", wrote: true, out: []string{"Mended: "}},
		"nothing of a cause":        {args: "--cause DiskFull --yes", code: ExitOK, image: "2.0", out: []string{"Nothing to mend: no pull that was looked at fails of DiskFull.\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "api")
			if c.setUp != nil {
				c.setUp(s)
			}
			if c.state != nil {
				s.rollsTo(c.state)
			}
			got := s.run(t, strings.Fields(strings.ReplaceAll(c.args, "HOST", s.host))...)
			if got.code != c.code || !strings.Contains(got.err, c.err) {
				t.Errorf("exit code %d, want %d; stderr %q, want %q in it; stdout\n%s", got.code, c.code, got.err, c.err, got.out)
			}
			words := func(s string) string { return strings.Join(strings.Fields(s), " ") } // where a line breaks is not the point
			for _, want := range c.out {
				if !strings.Contains(words(got.out), words(want)) {
					t.Errorf("%q is not in\n%s", want, got.out)
				}
			}
			if image := s.image("api"); image != c.image {
				t.Errorf("the image is %s, want %s", image, c.image)
			}
			if wrote := s.written() > 0; wrote != c.wrote {
				t.Errorf("wrote %v, want %v: %+v", wrote, c.wrote, s.Writes())
			}
		})
	}
	t.Cleanup(func() {
		text, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(text), "# TagNotFound: `deployment/api` in namespace `shop`\n") {
			t.Errorf("the report is %q, %v", text, err)
		}
		checkNoLeak(t, "the report", string(text))
	})
}

// waits puts an init container before the one that fails, whose image is not there
// either, and leaves no former revision to go back to.
func (s shop) waits() {
	d, _ := s.Object("deployments", "shop", "api").(*appsv1.Deployment)
	pod, _ := s.Object("pods", "shop", "api-2-x").(*corev1.Pod)
	image := s.host + "/acme/api:9.9"
	for _, spec := range []*corev1.PodSpec{&d.Spec.Template.Spec, &pod.Spec} {
		spec.InitContainers = []corev1.Container{{Name: "setup", Image: image}}
	}
	pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "setup", Image: image, State: waitsFor(image, "not found")}}
	pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}
	d.Status.ReadyReplicas = 0
	s.Put(d)
	s.Put(pod)
	s.Remove("replicasets", "shop", "api-1")
}

// helm marks the Deployment as Helm does.
func helm(s shop) {
	d, _ := s.Object("deployments", "shop", "api").(*appsv1.Deployment)
	d.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "api-1.4.0"}
	d.Annotations["meta.helm.sh/release-name"], d.Annotations["meta.helm.sh/release-namespace"] = "api", "shop"
	s.Put(d)
}

func TestACauseIsMendedOneByOneUntilOneFails(t *testing.T) {
	s := newShop(t, "a", "b", "c")
	s.rollsTo(func(name, image string) corev1.ContainerState {
		if name == "b" {
			return waitsFor(image, "not found")
		}
		return running(name, image)
	})
	if got := s.run(t, "--cause", "TagNotFound", "--yes", "--max", "2"); got.code != ExitUsage || !strings.Contains(got.err, "error: TagNotFound keeps 3 workloads from starting, and --max is 2; nothing was changed") || s.written() > 0 {
		t.Errorf("exit code %d, stderr %q, %d writes", got.code, got.err, s.written())
	}
	got := s.run(t, "--cause", "TagNotFound", "--yes", "-o", "json")
	schematest.Check(t, []byte(got.out))
	var f v1alpha1.Fix
	if err := json.Unmarshal([]byte(got.out), &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Targets) != 2 || f.Targets[0].Outcome != v1alpha1.FixMended || f.Targets[1].Outcome != v1alpha1.FixUndone || got.code != ExitFailing {
		t.Errorf("exit code %d: %+v", got.code, f.Targets)
	}
	if s.image("a") != "1.0" || s.image("b") != "2.0" || s.image("c") != "2.0" {
		t.Errorf("a has %s, b %s, c %s", s.image("a"), s.image("b"), s.image("c"))
	}
	if !strings.Contains(got.err, "stopped there; not touched: deployment/c in namespace shop\n") {
		t.Errorf("stderr %q", got.err)
	}
}

// What is named and used by nothing is told, with why.
func TestACredentialThatNothingUsesIsTold(t *testing.T) {
	s := newShop(t, "api")
	got := s.run(t, "deployment/api", "--dry-run=client", "--copy-from", "shop/hub")
	if text := strings.Join(strings.Fields(got.out), " "); !strings.Contains(text, "Note --copy-from shop/hub is not used by what is planned: no credential mends TagNotFound of container app") {
		t.Errorf("exit code %d, stderr %q, stdout\n%s", got.code, got.err, got.out)
	}
}

// A tag alone is an image of Docker Hub to every parser, and hardly ever meant so.
func TestATagIsNotTakenForAnImageOfDockerHub(t *testing.T) {
	s := newShop(t, "api")
	got := s.run(t, "deployment/api", "--dry-run=client", "--to", "1.0")
	want := "error: --to takes a whole image: the image that fails has a tag 1.0, which is --to " + s.host + "/acme/api:1.0; for the image of that name at Docker Hub give --to docker.io/library/1.0\n"
	if got.code != ExitUsage || got.err != want {
		t.Errorf("exit code %d, stderr %q, want %q; stdout\n%s", got.code, got.err, want, got.out)
	}
	got = s.run(t, "deployment/api", "--dry-run=client", "--to", "app=never-was")
	if text := strings.Join(strings.Fields(got.out), " "); !strings.Contains(text, "if that tag of the image that fails is meant, give --to app="+s.host+"/acme/api:never-was") {
		t.Errorf("exit code %d, stderr %q, stdout\n%s", got.code, got.err, got.out)
	}
}

// Several workloads end in a table, which tells of each what became of it.
func TestSeveralWorkloadsEndInATable(t *testing.T) {
	s := newShop(t, "a", "b", "c")
	got := s.run(t, "--cause", "TagNotFound", "--dry-run=client")
	_, end, _ := strings.Cut(got.out, "In all: ")
	want := "nothing was changed; of 3 workloads, 3 could be mended as planned\n" +
		"  deployment/a -n shop  planned  previous-image\n  deployment/b -n shop  planned  previous-image\n  deployment/c -n shop  planned  previous-image\n"
	if end != want {
		t.Errorf("exit code %d, stderr %q, it ends in\n%s\nwant\n%s", got.code, got.err, end, want)
	}
}

// What happens to the report's place while the fix goes on is said, and the fix
// ends as it ended.
func TestAReportThatCannotBeWrittenDoesNotSpoilTheFix(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(dir string) error
		says      string
		left      int // files
	}{
		"its directory goes": {os.RemoveAll, "the post-mortem was not written: ", 0},
		"somebody else writes it": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "api.md"), []byte("mine"), 0o600) },
			"somebody else made a file of that name meanwhile, which is not replaced; it is in ", 2},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "reports")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			s := newShop(t, "api")
			s.rollsTo(func(name, image string) corev1.ContainerState {
				if err := c.meanwhile(dir); err != nil {
					t.Error(err)
				}
				return running(name, image)
			})
			got := s.run(t, "deployment/api", "--yes", "--report", filepath.Join(dir, "api.md"))
			if got.code != ExitOK || !strings.Contains(got.out, "Mended: ") || !strings.Contains(got.err, c.says) {
				t.Errorf("exit code %d, stderr %q, stdout\n%s", got.code, got.err, got.out)
			}
			if left, _ := os.ReadDir(dir); len(left) != c.left {
				t.Errorf("there lie %v", left)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "api.md")); err == nil && string(text) != "mine" {
				t.Errorf("it was replaced: %q", text)
			}
		})
	}
}

func TestARefusedFixLeavesNoEmptyReport(t *testing.T) {
	dir := t.TempDir()
	s := newShop(t, "api")
	for _, args := range []string{"deployment/web --yes", "deployment/api --yes --with pray", "pod/well-1-x --yes"} {
		s.run(t, append(strings.Fields(args), "--report", filepath.Join(dir, "api.md"))...)
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s leaves %v, %v", args, left, err)
		}
	}
}

// A name with a blank in it is no word of the table below.
func TestAnImageThatCannotBeIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	got := nobody(t).run(t, "fix", "deployment/api", "--to", "Bad Image")
	if got.code != ExitUsage || !strings.HasPrefix(got.err, `error: --to "Bad Image" is no image's name`) || strings.Count(got.err, "\n") != 1 || got.out != "" {
		t.Errorf("exit code %d, stderr %q, stdout %q", got.code, got.err, got.out)
	}
}

func TestWrongCombinationsOfFixAreOneSentence(t *testing.T) {
	there := writeFile(t, "there.md", "x")
	key := writeFile(t, "key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	_, ca := shelf(t)
	for args, want := range map[string]string{
		"":                                     "fix needs an object or a cause: TYPE/NAME, or --cause CAUSE",
		"pod/x --cause TagNotFound":            "--cause finds the workloads by itself; leave out either it or pod/x",
		"pod/x -A":                             "-A and -l are for --cause",
		"pod/x -l a=b":                         "-A and -l are for --cause",
		"pod/x --max 3":                        "--max is for --cause",
		"--cause TagNotFound --max 0":          "--max 0 lets nothing be changed",
		"--cause TagNotFund":                   `there is no cause "TagNotFund"; did you mean TagNotFound?`,
		"--cause Zebra":                        `there is no cause "Zebra"`,
		"--cause TagNotFound --to x":           "--to is an image for one workload, and --cause finds several",
		"--cause TagNotFound --restart":        "an emergency measure is for workloads that you name",
		"pod/x --dry-run=maybe":                "--dry-run takes none, client or server",
		"pod/x --dry-run=client --yes":         "--dry-run changes nothing, so that there is nothing to say --yes to",
		"pod/x -o json":                        "-o json asks no question; give --yes to have it carried out, or --dry-run=client to see the plan",
		"pod/x --timeout 0s":                   "--timeout 0s leaves no time",
		"pod/x --rollback --restart":           "--rollback, --restart and --recreate are three measures; choose one",
		"pod/x --force":                        "--force is for --rollback, --restart and --recreate",
		"pod/x --restart --to x":               "an emergency measure mends no cause",
		"pod/x --recreate --copy-from a/b":     "an emergency measure mends no cause",
		"pod/x --container app":                "--container says which container --to is for; give --to IMAGE with it",
		"pod/x --to x --to y":                  "of several --to each says which container it is for: --to CONTAINER=IMAGE",
		"pod/x --to a=x --to y":                "of several --to each says which container it is for",
		"pod/x --to a=x --to a=y":              "--to gives container a two images",
		"pod/x --to A=x":                       `--to "A=x" names no container before the equals sign`,
		"pod/x --to a=":                        `--to "" is no image's name`,
		"pod/x --to acme/API:1":                `--to "acme/API:1" is no image's name; give something like registry.example/acme/api:1.27.5`,
		"pod/x --to app=acme/api:1:2":          `--to "acme/api:1:2" is no image's name`,
		"pod/x --to a=x --container a":         "--container says which container --to is for",
		"--cause TagNotFound --to a=x":         "--to is an image for one workload",
		"pod/x --restart --to a=x":             "an emergency measure mends no cause",
		"pod/x --via node":                     "--via is none of secret, service-account, template",
		"pod/x --with a/b":                     `--with "a/b" is no remedy's id`,
		"pod/x --copy-from hub":                `--copy-from "hub" is not NAMESPACE/NAME of a secret`,
		"pod/x --copy-from A/hub":              `--copy-from "A/hub" is not NAMESPACE/NAME of a secret`,
		"pod/x --copy-from a/b --login":        "a credential comes from one place",
		"pod/x --username robot":               "--username alone is no credential; give --login",
		"pod/x --password-stdin --yes":         "--password-stdin reads a password alone; give --username with it",
		"pod/x --username r --password-stdin":  "--password-stdin takes stdin, so that nobody can answer there; add --yes",
		"pod/x --credential-helper ../x":       `--credential-helper "../x" is no helper's name`,
		"pod/x --report " + there:              "is there already, and a post-mortem that somebody may have written on is not replaced",
		"pod/x --report /nowhere/x/r.md":       "there is no directory for /nowhere/x/r.md; make it first",
		"pod/x --report r.md --dry-run=client": "--report tells what was done, and --dry-run does nothing",
		"pod/x --ca " + key:                    "holds a PRIVATE KEY; give a file that holds certificates alone",
		"pod/x --ca " + there:                  "holds no PEM block with a certificate",
		"pod/x --ca /nowhere.pem":              "reading the certificates: ",
		"pod/x --with nothing --ca " + ca + " --kubeconfig /nowhere": "reading the kubeconfig: ", // the certificates are good
	} {
		got := bench{}.run(t, append([]string{"fix"}, strings.Fields(args)...)...)
		if got.code != ExitUsage || !strings.HasPrefix(got.err, "error: ") || !strings.Contains(got.err, want) || strings.Count(got.err, "\n") != 1 || got.out != "" {
			t.Errorf("%s: exit code %d, stderr %q, want %q in it; stdout %q", args, got.code, got.err, want, got.out)
		}
	}
}

func TestAServiceAccountThatAToolKeepsIsToldBeforeItIsChanged(t *testing.T) {
	var p mend.Plan
	p.Changes = []remedy.Change{{Object: remedy.Object{APIVersion: "v1", Kind: "ServiceAccount", Resource: "serviceaccounts", Namespace: "shop", Name: "default"}}}
	p.Case.Account = &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default"}}
	if why, held := kept(p); held {
		t.Errorf("nothing keeps it: %s", why)
	}
	p.Case.Account.Labels = map[string]string{"argocd.argoproj.io/instance": "shop"}
	if why, held := kept(p); !held || why != "Argo CD keeps service account default, and may set back what is changed here" {
		t.Errorf("%v: %s", held, why)
	}
}

func TestTheAnswerIsNoUnlessItIsYes(t *testing.T) {
	for line, want := range map[string]bool{"": false, "\n": false, "n\n": false, "yellow\n": false, "y\n": true, " Yes \n": true, "ja\n": false} {
		if agrees(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}

// What a person types or pipes shows nowhere, also where it does not help.
func TestABroughtCredentialIsShownNowhere(t *testing.T) {
	host, ca := gossip(t)
	server := refused(t, host)
	config := writeFile(t, "docker.json", fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte("robot:"+canary+"-new"))))
	for name, args := range map[string][]string{
		"piped": {"--username", "robot", "--password-stdin"}, "from a file": {"--docker-config", config}, "from a file, into the secret": {"--docker-config", config, "--via", "secret"},
		"from a secret": {"--copy-from", "shop/hub"}, "as a document": {"--docker-config", config, "-o", "json"},
	} {
		all := append([]string{"fix", "pod/api", "--dry-run=client", "-v", "--kubeconfig", kubeconfigFor(t, server), "--registry-ca", ca, "--allow-loopback"}, args...)
		got := bench{stdin: canary + "-new\n"}.run(t, all...)
		checkNoLeak(t, name, got.out, got.err)
		if got.code != ExitFailing || !strings.Contains(got.out, "CredentialsInvalid") {
			t.Errorf("%s: exit code %d, stderr %q, stdout\n%s", name, got.code, got.err, got.out)
		}
	}
	if got := (bench{}).run(t, "fix", "pod/api", "--yes", "--copy-from", "other/none", "--kubeconfig", kubeconfigFor(t, server), "--registry-ca", ca, "--allow-loopback"); got.code != ExitUsage || strings.Count(got.err, "\n") != 1 {
		t.Errorf("a secret that is not there: exit code %d, stderr %q", got.code, got.err)
	}
}

// A terminal's line changes in place and is wiped; elsewhere each thing is a line.
func TestTheLiveLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := &live{out: &out, zone: time.UTC, width: 24, now: time.Now, began: time.Now()}
		stop := l.run()
		l.tell("changed deployment/api")
		<-time.After(2*time.Second + 100*time.Millisecond)
		synctest.Wait()
		stop()
		text := out.String()
		if !strings.HasPrefix(text, "\r\x1b[K  0 s  changed deployme\r\x1b[K") || !strings.HasSuffix(text, "\r\x1b[K  2 s  changed deployme\r\x1b[K") {
			t.Errorf("got %q", text)
		}
	})
	var out bytes.Buffer
	l := &live{out: &out, zone: time.UTC, now: now}
	stop := l.run()
	l.tell("pulled: \x1b[2Jpod/x\n")
	stop()
	if out.String() != "03:50:00 pulled: [2Jpod/x\n" {
		t.Errorf("got %q", out.String())
	}
}

func TestABroughtCredentialIsForTheFirstImageOfEachRepositoryThatWantsOne(t *testing.T) {
	fails := func(cause, image string) diagnosis.Diagnosis {
		return diagnosis.Diagnosis{Pull: evidence.Pull{Image: image}, Causes: []diagnosis.Cause{{Cause: cause}}}
	}
	for want, group := range map[string][]diagnosis.Diagnosis{
		"private other":                     {fails(catalog.TagNotFound, "open"), fails(catalog.CredentialsExpired, "private"), fails(catalog.CredentialsMissing, "other")},
		"limited":                           {fails(catalog.TagNotFound, "open"), fails(catalog.RateLimited, "limited")},
		"one.example/a one.example/c two/b": {fails(catalog.CredentialsMissing, "one.example/a"), fails(catalog.CredentialsMissing, "one.example/c"), fails(catalog.CredentialsMissing, "two/b")},
		"one.example/a:1":                   {fails(catalog.CredentialsMissing, "one.example/a:1"), fails(catalog.CredentialsMissing, "one.example/a:2")},
		"":                                  {fails(catalog.TagNotFound, "first"), fails(catalog.DNSFailure, "second")},
	} {
		if got := strings.Join(wanting(mend.Group{Diagnoses: group}), " "); got != want {
			t.Errorf("it is asked for %s, want %s", got, want)
		}
	}
}

func TestAPullThatGoesOnFailingIsNotMended(t *testing.T) {
	of := func(outcome v1alpha1.FixOutcome, remedies ...string) v1alpha1.TargetFix {
		target := v1alpha1.TargetFix{Outcome: outcome}
		for _, r := range remedies {
			target.Causes = append(target.Causes, v1alpha1.FixCause{Remedy: r})
		}
		return target
	}
	for name, c := range map[string]struct {
		f    v1alpha1.Fix
		want int
	}{
		"nothing fails":                   {v1alpha1.Fix{}, ExitOK},
		"nothing fails, of what was seen": {v1alpha1.Fix{NotLookedAt: []v1alpha1.Gap{{}}}, ExitNotSeen},
		"all mended":                      {v1alpha1.Fix{Targets: []v1alpha1.TargetFix{of(v1alpha1.FixMended, "a", "b"), of(v1alpha1.FixMended, "a")}}, ExitOK},
		"one of two containers mended":    {v1alpha1.Fix{Targets: []v1alpha1.TargetFix{of(v1alpha1.FixMended, "a", "")}}, ExitFailing},
		"a pod is held back":              {v1alpha1.Fix{Targets: []v1alpha1.TargetFix{{Outcome: v1alpha1.FixMended, HeldBack: []string{"api-0"}}}}, ExitFailing},
		"one of two workloads mended":     {v1alpha1.Fix{Targets: []v1alpha1.TargetFix{of(v1alpha1.FixMended, "a"), of(v1alpha1.FixRefused, "a")}}, ExitFailing},
		"planned, in a dry run":           {v1alpha1.Fix{DryRun: "client", Targets: []v1alpha1.TargetFix{of(v1alpha1.FixPlanned, "a", "")}}, ExitOK},
		"planned, and nobody agreed":      {v1alpha1.Fix{Targets: []v1alpha1.TargetFix{of(v1alpha1.FixPlanned, "a")}}, ExitFailing},
		"nothing to change, in a dry run": {v1alpha1.Fix{DryRun: "client", Targets: []v1alpha1.TargetFix{of(v1alpha1.FixNothing, "")}}, ExitFailing},
		"still pulling when time ran out": {v1alpha1.Fix{Targets: []v1alpha1.TargetFix{of(v1alpha1.FixStillPulling, "a")}}, ExitFailing},
	} {
		if got := exitCode(t.Context(), ended(c.f)); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

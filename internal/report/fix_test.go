// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// secret is what no text may show.
const secret = "canary-5e7f-secret"

// planned is a plan that goes back to an image that ran before.
func planned(t *testing.T) mend.Plan {
	t.Helper()
	d := diagnosis.Judge(load(t), missingTag(0))
	target := remedy.Object{APIVersion: "apps/v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "api", UID: "u", Generation: 18}
	k := remedy.Case{Now: now(), Diagnoses: []diagnosis.Diagnosis{d}}
	k.Target = remedy.Target{
		Object: target, Wanted: 6, Ready: 4, Manager: evidence.Manager{Tool: "Helm", Name: "shop/api"}, Pace: "25 % at a time",
		Source: []string{"Helm release api in namespace shop", "chart api-1.4.0"}, Back: "the next helm upgrade sets back what is changed here",
		Lasting: []remedy.Step{{What: "Change it in the values of the release, and upgrade it", Where: "where the release is made", Commands: []string{"helm get values api -n shop"}}},
	}
	back := remedy.Remedy{
		ID: "previous-image", Cause: "TagNotFound", Kind: remedy.Applied, Title: "Set container app back to acme/api:1.27.4", Because: "revision 17 runs it, with 4 ready", Image: "acme/api:1.27.4",
		Changes: []remedy.Change{{Object: target, Edits: []remedy.Edit{
			{Path: "/spec/template/spec/containers/0/name", Old: "app", New: "app"},
			{Path: "/spec/template/spec/containers/0/image", Old: "acme/api:1.27.44", New: "acme/api:1.27.4", Label: "container app: image"},
		}}},
	}
	result := verify.Verify(t.Context(), load(t), prospects(), prospect())
	return mend.Plan{
		ID: "20261121-035000-x7k2p", Case: k, Chosen: []mend.Choice{{Diagnosis: d, Remedy: back}}, Changes: back.Changes,
		Others: []remedy.Remedy{
			{ID: "set-image", Cause: "TagNotFound", Kind: remedy.Applied, Needs: "--to IMAGE", Title: "Set container app to an image that exists"},
			{ID: "push-again", Cause: "TagNotFound", Kind: remedy.HandedOver, Title: "Push the tag again", Steps: []remedy.Step{{What: "Push it", Where: "where the image is built", Commands: []string{"docker push docker.io/acme/api:1.27.44"}}}},
			{ID: "wait", Cause: "TagNotFound", Kind: remedy.Wait, Title: "Wait until the pipeline has pushed it", Until: now().Add(10 * time.Minute), Latest: now().Add(30 * time.Minute)},
		},
		Proof: verify.Proven, Result: verify.Result{Time: now(), Answers: result.Answers[2:]},
	}
}

// rewritten is a plan that rewrites a secret, moves a reference, evicts pods and
// restarts others.
func rewritten(t *testing.T) mend.Plan {
	t.Helper()
	p := planned(t)
	p.Case.Target.Manager, p.Case.Target.Source, p.Case.Target.Back, p.Case.Target.Lasting = evidence.Manager{}, nil, "", nil
	p.Case.Target.Paused = true
	object := func(kind, name string) remedy.Object {
		return remedy.Object{APIVersion: "v1", Kind: kind, Resource: strings.ToLower(kind) + "s", Namespace: "shop", Name: name}
	}
	p.Changes = []remedy.Change{
		{Object: object("Secret", "hub"), Edits: []remedy.Edit{{Path: "/data/.dockerconfigjson", Old: secret, New: secret + "2", Label: "entry index.docker.io/v1/"}}},
		{Object: object("Secret", "hub-2"), New: map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "hub-2", "labels": map[string]any{"app.kubernetes.io/managed-by": "pullmedic"}}, "type": "kubernetes.io/dockerconfigjson", "data": map[string]any{".dockerconfigjson": secret}}},
		{Object: p.Case.Target.Object, Edits: []remedy.Edit{
			{Path: "/spec/template/spec/imagePullSecrets", New: []any{map[string]any{"name": "hub-2"}}, Label: "pull secrets"},
			{Path: "/spec/template/spec/containers/0", Old: map[string]any{"env": []any{map[string]any{"name": "P", "value": secret}}}, New: map[string]any{"name": "app"}},
			{Path: "/spec/template/spec/containers/0/env/0/value", Old: secret, New: "x"},
		}},
	}
	p.Chosen[0].Remedy = remedy.Remedy{ID: "rewrite-secret", Cause: "CredentialsInvalid", Kind: remedy.Applied, Title: "Write the login of secret platform/hub into secret hub", Lasting: []remedy.Step{{What: "Have External Secrets keep it", Where: "where kubectl is", File: &remedy.File{Path: "external-secret.yaml", Content: "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"}}}}
	p.Evict = []mend.Pod{{Namespace: "shop", Name: "api-1", UID: "1"}, {Namespace: "shop", Name: "api-2", UID: "2"}, {Namespace: "shop", Name: "api-3", UID: "3"}, {Namespace: "shop", Name: "api-4", UID: "4"}, {Namespace: "shop", Name: "api-5", UID: "5"}}
	p.Again, p.Restarts, p.Risks = 2, 4, []string{"3 other pods name secret hub and get the new login, too"}
	p.Irrevocable = []string{"5 failing pods are evicted, one first; their owner makes new ones"}
	p.Proof = verify.NotProven
	p.Result.Answers = nil
	p.Case.NotLookedAt = []evidence.Gap{{Check: evidence.CheckServiceAccount, Subject: evidence.Subject{Name: "default"}, Why: "you may not get serviceaccounts in namespace shop", Needs: "get serviceaccounts in namespace shop"}}
	return p
}

// handedOver is a plan of which a person has to do all.
func handedOver(t *testing.T) mend.Plan {
	t.Helper()
	p := planned(t)
	p.Chosen, p.Changes, p.Proof = nil, nil, verify.NotProven
	p.Others = []remedy.Remedy{
		{ID: "hosts-ca", Cause: "TLSUntrusted", Kind: remedy.HandedOver, Title: "Have containerd trust the registry's certificate", Because: "its issuer is not among those that worker-3 trusts",
			Risks: []string{"whoever has that CA's key can pose as this registry"},
			Steps: []remedy.Step{
				{What: "Write the CA", Where: "on node worker-3", File: &remedy.File{Path: "/etc/containerd/certs.d/registry.example/ca.crt", Content: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}},
				{What: "Write the registry's file; containerd reads it anew with each pull", Where: "on node worker-3", File: &remedy.File{Path: "/etc/containerd/certs.d/registry.example/hosts.toml", Content: "[host.\"https://registry.example\"]\n  ca = \"/etc/containerd/certs.d/registry.example/ca.crt\"\n"}},
				{What: "Pull once", Where: "on node worker-3", Commands: []string{"sudo crictl pull registry.example/acme/api:1"}},
			}},
		{ID: "wait", Cause: "TLSUntrusted", Kind: remedy.Wait, Title: "Wait until the registry's own certificate is renewed"},
	}
	return p
}

// half is a plan for one of two containers that fail.
func half(t *testing.T) mend.Plan {
	t.Helper()
	p := planned(t)
	e := denied()
	e.Pull.ContainerKind = evidence.Container
	p.Case.Diagnoses = append(p.Case.Diagnoses, diagnosis.Judge(load(t), e))
	p.Others = append(p.Others, remedy.Remedy{ID: "login", Cause: p.Case.Diagnoses[1].Causes[0].Cause, Kind: remedy.Applied, Needs: "--copy-from NAMESPACE/SECRET", Title: "Give the pods a credential for ghcr.io"})
	return p
}

// behind is half a plan: what has no remedy was not tried yet, and a pod that pulled
// before its kubelet had the pull secrets may get a second try.
func behind(t *testing.T) mend.Plan {
	t.Helper()
	p := half(t)
	p.Case.Diagnoses[1].Pull.Reason, p.Again = remedy.Initializing, 1
	return p
}

// several is a plan of which two containers fail, and each needs a flag of its own.
func several(t *testing.T) mend.Plan {
	t.Helper()
	p := half(t)
	p.Chosen, p.Changes, p.Proof = nil, nil, verify.NotProven
	p.Others = []remedy.Remedy{
		{ID: "set-image", Cause: "TagNotFound", Container: "app", Kind: remedy.Applied, Needs: "--to app=IMAGE", Title: "Set container app to an image that exists",
			Because: "names like it that exist: acme/api:1.27.4, acme/api:1.27.3", Near: []string{"acme/api:1.27.4", "acme/api:1.27.3"}},
		{ID: "copy-elsewhere", Cause: "TagNotFound", Container: "app", Kind: remedy.Applied, Needs: "--with moved-image", Title: "Set container app to where it moved"},
		{ID: "push-again", Cause: "TagNotFound", Container: "app", Kind: remedy.HandedOver, Title: "Push the tag again", Steps: []remedy.Step{{What: "Push it", Where: "where the image is built", Commands: []string{"docker push docker.io/acme/api:1.27.44"}}}},
		{ID: "login", Cause: p.Case.Diagnoses[1].Causes[0].Cause, Container: "setup", Kind: remedy.Applied, Needs: "--copy-from NAMESPACE/SECRET", Title: "Give the pods a credential for ghcr.io"},
	}
	return p
}

// ends are what can become of a plan.
func ends() map[string]report.End {
	began, ended := now().Add(4*time.Second), now().Add(8*time.Second)
	return map[string]report.End{
		"mended": {Result: mend.Result{Outcome: mend.Mended, Took: 2310 * time.Millisecond, Pulled: []string{"api-6c-aaaaa", "api-6c-bbbbb"}}, ID: "20261121-035000-x7k2p", Began: began, Ended: ended},
		"mended-crashes": {Result: mend.Result{Outcome: mend.Mended, Took: 12 * time.Second, Pulled: []string{"api-6c-aaaaa"}, Left: 2, Next: "CrashLoopBackOff", Notes: []string{"no event was written: you may not create events in namespace shop; ask for that right"}},
			ID: "20261121-035000-x7k2p", Began: began, Ended: ended},
		"undone":        {Result: mend.Result{Outcome: mend.Undone, Why: `pod/api-6c-aaaaa: ErrImagePull: failed to pull and unpack image "docker.io/acme/api:1.27.4": 429 Too Many Requests`}, Began: began, Ended: ended},
		"still-pulling": {Result: mend.Result{Outcome: mend.StillPulling, Why: "pod/api-6c-bbbbb: it is being pulled", Left: 1}, ID: "20261121-035000-x7k2p", Began: began, Ended: ended},
		"changed": {Result: mend.Result{Outcome: mend.Changed, Why: "it counts from the next run of cronjob/nightly, at 02:00 UTC", CountsFrom: now().Add(22 * time.Hour), Left: 1,
			Then: []remedy.Step{{What: "End job/nightly-1, which hangs: the next run does not begin before (concurrencyPolicy Forbid)", Where: "where kubectl is", Commands: []string{"kubectl delete job nightly-1 -n shop"}}}},
			ID: "20261121-035000-x7k2p", Began: began, Ended: ended},
		"gone":   {Result: mend.Result{Outcome: mend.TargetGone, Why: "pod/api was removed meanwhile, and nobody makes it anew"}, Began: began, Ended: ended},
		"broken": {Result: mend.Result{Outcome: mend.Broken, Why: "you may not patch serviceaccounts in namespace shop"}, ID: "20261121-035000-x7k2p", Began: began, Ended: ended},
	}
}

func TestFixText(t *testing.T) {
	c := load(t)
	for name, one := range map[string]struct {
		plan  mend.Plan
		end   string
		style report.Style
	}{
		"fix.txt":               {planned(t), "mended", report.Style{}},
		"fix-color.txt":         {planned(t), "mended-crashes", report.Style{Color: true}},
		"fix-narrow.txt":        {planned(t), "undone", report.Style{Width: 60, Connect: []string{"--context", "it's prod"}}},
		"fix-verbose.txt":       {planned(t), "still-pulling", report.Style{Verbose: 1}},
		"fix-secret.txt":        {rewritten(t), "mended-crashes", report.Style{}},
		"fix-secret-narrow.txt": {rewritten(t), "broken", report.Style{Width: 60, Color: true}},
		"fix-changed.txt":       {planned(t), "changed", report.Style{}},
		"fix-gone.txt":          {planned(t), "gone", report.Style{}},
		"fix-half.txt":          {half(t), "mended", report.Style{}},
		"fix-behind.txt":        {behind(t), "mended", report.Style{}},
		"fix-several.txt":       {several(t), "", report.Style{Connect: []string{"--context", "it's prod"}, Flags: []string{"--context", "it's prod"}}},
		"fix-by-hand.txt":       {handedOver(t), "", report.Style{}},
		"fix-by-hand-60.txt":    {handedOver(t), "", report.Style{Width: 60, Color: true}},
	} {
		t.Run(name, func(t *testing.T) {
			target := report.Target(c, one.plan)
			var b bytes.Buffer
			if err := report.PlanText(&b, target, now(), one.style); err != nil {
				t.Fatal(err)
			}
			if one.end != "" {
				report.Carried(&target, ends()[one.end])
			}
			if err := report.OutcomeText(&b, target, "", one.style); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), "canary") {
				t.Error("a secret is shown")
			}
			golden(t, name, b.Bytes())
		})
	}
}

// What is left to do is only what stands above: no steps of a remedy without
// any, no end of a limit that nobody knows.
func TestWhatIsLeftToDoStandsAbove(t *testing.T) {
	flagged := remedy.Remedy{ID: "set-image", Cause: "TagNotFound", Kind: remedy.Applied, Needs: "--to IMAGE", Title: "Set container app to an image that exists"}
	job := remedy.Remedy{ID: "replace-job", Cause: "TagNotFound", Kind: remedy.HandedOver, Needs: "--to IMAGE", Title: "Replace job/app by one with an image that exists"}
	push := remedy.Remedy{ID: "push-again", Cause: "TagNotFound", Kind: remedy.HandedOver, Title: "Push the tag again", Steps: []remedy.Step{{What: "Build it"}}}
	wait := func(until, latest time.Duration) remedy.Remedy {
		r := remedy.Remedy{ID: "wait-for-window", Cause: "RateLimited", Kind: remedy.Wait, Title: "Wait until the registry lets pulls through again", Until: now().Add(until)}
		if latest > 0 {
			r.Latest = now().Add(latest)
		}
		return r
	}
	for name, c := range map[string]struct {
		others     []remedy.Remedy
		says, left string
	}{
		"a remedy without steps that needs a flag":   {[]remedy.Remedy{job}, "an image that exists (give --to IMAGE)", "give --to IMAGE."},
		"it, and one that is applied with that flag": {[]remedy.Remedy{flagged, job}, "an image that exists (give --to IMAGE)", "give --to IMAGE."},
		"steps beside a flag":                        {[]remedy.Remedy{flagged, push}, "1 Build it", "give --to IMAGE; or follow the steps above."},
		"steps alone":                                {[]remedy.Remedy{push}, "1 Build it", "follow the steps above."},
		"a flag alone":                               {[]remedy.Remedy{flagged}, "(give --to IMAGE)", "give --to IMAGE."},
		"a limit whose end the registry said":        {[]remedy.Remedy{wait(time.Hour, 0)}, "again; until ", "wait, as said above."},
		"a limit whose end nobody knows":             {[]remedy.Remedy{wait(time.Minute, 2*time.Minute)}, "again; the kubelet tries next between ", "wait, as said above."},
		"one that the kubelet meets at one time":     {[]remedy.Remedy{wait(time.Minute, time.Minute)}, "again; the kubelet tries next at ", "wait, as said above."},
		"nothing that can be done as it is":          {nil, "", "what stands above cannot be carried out as it is."},
	} {
		t.Run(name, func(t *testing.T) {
			p := handedOver(t)
			p.Others = c.others
			target := report.Target(load(t), p)
			var b bytes.Buffer
			if err := errors.Join(report.PlanText(&b, target, now(), report.Style{Width: 400}), report.OutcomeText(&b, target, "", report.Style{Width: 400})); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), c.says) || !strings.Contains(b.String(), "Nothing to change here: "+c.left) {
				t.Errorf("want %q and %q in\n%s", c.says, c.left, b.String())
			}
		})
	}
}

// Steps that were shown whole for one workload are not shown again for each of the
// others: those that are equal are for all, of others a command shows them.
func TestStepsOfSeveralWorkloadsAreShownOnce(t *testing.T) {
	targets := func(names ...string) (all []v1alpha1.TargetFix) {
		for _, name := range names {
			p := handedOver(t)
			p.Case.Target.Name = name
			all = append(all, report.Target(load(t), p))
		}
		return all
	}
	text := func(of v1alpha1.TargetFix) string {
		var b bytes.Buffer
		if err := report.PlanText(&b, of, now(), report.Style{Width: 400}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	all := targets("api", "web", "jobs")
	all[2].Others[0].Steps[0].What = "Write another one"
	const step = "1 Write the CA"
	if first := text(report.After(nil, all[0], report.Style{})); !strings.Contains(first, step) {
		t.Errorf("the first has no steps:\n%s", first)
	}
	for i, want := range map[int]string{
		1: "Have containerd trust the registry's certificate: the steps for deployment/api in namespace shop, above, are for this one, too\n",
		2: "Have containerd trust the registry's certificate: as for deployment/api in namespace shop, above, with names of its own\n          1 See them:\n            kubectl pullmedic fix deployment/jobs -n shop --with hosts-ca --dry-run=client\n",
	} {
		got := text(report.After(all[:i], all[i], report.Style{}))
		if !strings.Contains(got, want) || strings.Contains(got, step) || strings.Contains(got, "Write another one") {
			t.Errorf("%s shows\n%s\nwant\n%s", all[i].Target.Name, got, want)
		}
		if whole := text(report.After(all[:i], all[i], report.Style{Verbose: 1})); !strings.Contains(whole, "2 Write the registry's file") {
			t.Errorf("with -v %s shows\n%s", all[i].Target.Name, whole)
		}
		if len(all[i].Others[0].Steps) != 3 {
			t.Error("the document lost its steps")
		}
	}
}

// At the end stands a line for each workload.
func TestTheSumOfSeveralWorkloads(t *testing.T) {
	for name, style := range map[string]report.Style{"fix-sum.txt": {}, "fix-sum-60.txt": {Width: 60}} {
		var b bytes.Buffer
		if err := report.SumText(&b, fixed(t), style); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

// fixed is a document of some plans and what became of them.
func fixed(t *testing.T) v1alpha1.Fix {
	t.Helper()
	f := report.NewFix(now(), evidence.Survey{Sent: evidence.Sent{Requests: 3}})
	f.Certificates = append(f.Certificates, v1alpha1.Certificate{Subject: "CN=Acme CA", Authority: true, Fingerprint: "00ff"})
	for i, p := range []mend.Plan{planned(t), rewritten(t), handedOver(t)} {
		target := report.Target(load(t), p)
		if i < 2 {
			report.Logged(&target, now().Add(5*time.Second), "changed deployment/api")
			report.Carried(&target, ends()[[]string{"mended", "undone"}[i]])
		}
		f.Targets = append(f.Targets, target)
	}
	changed := report.Target(load(t), planned(t))
	report.Carried(&changed, ends()["changed"])
	f.Targets = append(f.Targets, changed, report.Unplanned(evidence.Object{Kind: "Job", Namespace: "shop", Name: "once"}, errors.New("you may not get jobs.batch in namespace shop; ask for that right")))
	return f
}

func TestPostMortem(t *testing.T) {
	got := report.PostMortem(fixed(t), report.Style{Location: time.FixedZone("CET", 3600)})
	if bytes.Contains(got, []byte("canary")) {
		t.Error("a secret is shown")
	}
	golden(t, "postmortem.md", got)
}

// Where the failing pods went away and nothing was pulled, no pod had pulled; and a
// summary, which is a clause, becomes a sentence.
func TestThePostMortemOfAFixThatPulledNothing(t *testing.T) {
	f := fixed(t)
	f.Targets = f.Targets[:1]
	f.Targets[0].Causes[0].Summary = "it looks as if the tag was never pushed"
	if text := string(report.PostMortem(f, report.Style{})); !strings.Contains(text, "| first pod had pulled |") {
		t.Fatalf("a pod pulled, and that is not told:\n%s", text)
	}
	f.Targets[0].Pulled, f.Targets[0].Served = nil, 3
	text := string(report.PostMortem(f, report.Style{}))
	if strings.Contains(text, "first pod had pulled") {
		t.Errorf("nothing was pulled, and it tells when:\n%s", text)
	}
	if !strings.Contains(text, ". It looks as if the tag was never pushed.") {
		t.Errorf("the summary is no sentence:\n%s", text)
	}
}

func TestAFixIsWhatTheSchemaSays(t *testing.T) {
	for name, f := range map[string]v1alpha1.Fix{"a full one": fixed(t), "an empty one": report.NewFix(now(), evidence.Survey{})} {
		var b bytes.Buffer
		if err := report.Encode(&b, report.JSON, f); err != nil {
			t.Fatal(err)
		}
		schematest.Check(t, b.Bytes())
		if strings.Contains(b.String(), "canary") {
			t.Errorf("%s shows a secret", name)
		}
	}
}

func TestForeignTextInAFixIsHarmless(t *testing.T) {
	const markup = "evil\x1b[2J\u202eabc\u200b\x00\r\n# ![x](http://evil) <script> `` @here | [a](b) $(id)"
	f := fixed(t)
	for i := range f.Targets {
		poison(reflect.ValueOf(&f.Targets[i]).Elem(), markup)
		f.Targets[i].Outcome = v1alpha1.FixMended
	}
	shown := map[string]string{"post-mortem": string(report.PostMortem(f, report.Style{}))}
	for _, target := range f.Targets {
		for _, width := range []int{40, 80} {
			var b bytes.Buffer
			if err := report.PlanText(&b, target, now(), report.Style{Width: width, Verbose: 1}); err != nil {
				t.Fatal(err)
			}
			if err := report.OutcomeText(&b, target, "", report.Style{Width: width}); err != nil {
				t.Fatal(err)
			}
			shown["text"] += b.String()
		}
	}
	for name, text := range shown {
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
			t.Errorf("%s shows %q", name, text[max(0, i-20):min(len(text), i+20)])
		}
		if !strings.Contains(text, "evil") {
			t.Errorf("%s does not show the text at all, so this test shows nothing", name)
		}
	}
	escaped := regexp.MustCompile(`\\[[:punct:]]`)
	for line := range strings.Lines(outsideCode(shown["post-mortem"])) {
		for _, alive := range []string{"<script>", "](", "![", "http://", " @here"} {
			if strings.Contains(escaped.ReplaceAllString(line, ""), alive) {
				t.Errorf("%q is alive in %q", alive, line)
			}
		}
	}
}

// outsideCode is Markdown without its code spans and blocks.
func outsideCode(text string) string {
	var b strings.Builder
	for text != "" {
		i := strings.IndexByte(text, '`')
		if i < 0 {
			return b.String() + text
		}
		if i > 0 && text[i-1] == '\\' {
			b.WriteString(text[:i+1])
			text = text[i+1:]
			continue
		}
		b.WriteString(text[:i])
		rest := strings.TrimLeft(text[i:], "`")
		fence := text[i : len(text)-len(rest)]
		for { // a fence of this very length ends it
			j := strings.Index(rest, fence)
			if j < 0 {
				return b.String() + rest
			}
			after := strings.TrimLeft(rest[j:], "`")
			n := len(rest[j:]) - len(after)
			rest = after
			if n == len(fence) {
				break
			}
		}
		text = rest
	}
	return b.String()
}

// A pod that was changed in place is no new one.
func TestWhatIsUndoneNamesThePodThatFailed(t *testing.T) {
	for kind, want := range map[string]string{"Deployment": "Undone: the new pod failed to pull, too: pod/app: denied. deployment/app is as it was.", "Pod": "Undone: the pod failed to pull again: pod/app: denied. pod/app is as it was."} {
		target := fixed(t).Targets[0]
		target.Outcome, target.Why, target.Target.Kind, target.Target.Name = v1alpha1.FixUndone, "pod/app: denied", kind, "app"
		var b bytes.Buffer
		if err := report.OutcomeText(&b, target, "", report.Style{Width: 400}); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%s: %v, got\n%s", kind, err, b.String())
		}
	}
}

// A webhook, or a registry whose words are the reason, may write what looks like one.
func TestOnlyTheProgramsOwnCommandIsShownAsOne(t *testing.T) {
	const own = "kubectl rollout resume deployment/api -n shop"
	for name, c := range map[string]struct {
		why, command string
		want         int // lines that are a command
	}{
		"the program's own":    {"the rollout is paused; resume it: " + own, own, 1},
		"words of a webhook":   {"a rule refuses it: kubectl delete namespace shop", "", 0},
		"words before our own": {"evil: kubectl delete x; resume it: " + own, own, 1},
		"neither":              {"it would not help", "", 0},
		"a command by itself":  {"it would not help", own, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := fixed(t)
			target := f.Targets[0]
			target.Outcome, target.Why, target.Command, target.Undo, target.Notes = v1alpha1.FixRefused, c.why, c.command, "", nil
			var b bytes.Buffer
			if err := report.OutcomeText(&b, target, "", report.Style{Width: 80}); err != nil {
				t.Fatal(err)
			}
			got := 0
			for line := range strings.Lines(b.String()) {
				if line = strings.TrimSpace(line); strings.HasPrefix(line, "kubectl ") {
					got++
					if line != own {
						t.Errorf("%q is shown as a command", line)
					}
				}
			}
			if got != c.want {
				t.Errorf("%d commands in %q, want %d", got, b.String(), c.want)
			}
		})
	}
}

func TestCertificatesToTrustAreShownWithTheirFingerprint(t *testing.T) {
	f := fixed(t)
	f.Certificates = []v1alpha1.Certificate{
		{Subject: "CN=Acme CA,O=Acme", Authority: true, NotBefore: ago(time.Hour), NotAfter: now().AddDate(2, 0, 0), Fingerprint: strings.Repeat("0a", 32)},
		{Subject: "CN=registry.acme.example", NotBefore: ago(48 * time.Hour), NotAfter: ago(time.Hour), Fingerprint: strings.Repeat("1b", 32)},
	}
	var b bytes.Buffer
	if err := report.CertificatesText(&b, f, report.Style{Color: true}); err != nil {
		t.Fatal(err)
	}
	golden(t, "fix-certificates.txt", b.Bytes())
}

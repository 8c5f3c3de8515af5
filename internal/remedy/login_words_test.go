// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// ecrToken is a password that tells its end.
func ecrToken(end time.Time) string {
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`{"payload":%q,"datakey":"k","version":"2","type":"DATA_KEY","expiration":%d}`, loginCanary, end.Unix())))
}

// written is what a secret keeps after the first remedy.
func written(t *testing.T, c loginCase, secret string) (string, Remedy) {
	t.Helper()
	k, d, all := loginPlan(t, c)
	if len(all) == 0 || !all[0].Ready() {
		t.Fatalf("nothing can be applied: %v", all)
	}
	s, ok := carriedOut(t, k, d.Pull.Image, all[0]).secret(t, secret)
	if !ok {
		t.Fatalf("there is no secret %s", secret)
	}
	return string(s.Data[dataConfigJSON]), all[0]
}

func TestWhatIsWrittenIntoASecret(t *testing.T) {
	fresh := entryOf("new")
	tests := map[string]struct {
		loginCase
		secret, want, title string
	}{
		"the fields of others stay in an entry, and tokens that would shadow it go": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"s"}, login: "new", secret: []Secret{loginSecret("s", `{"auths":{"a.example": {"auth":"YTpi"},"`+harborHost+`":{"email":"a@b","identitytoken":"x","Username":"old"}},"credsStore":"desktop"}`)}},
			"s", `{"auths":{"a.example":{"auth":"YTpi"},"` + harborHost + `":{"email":"a@b",` + fresh[1:] + `},"credsStore":"desktop"}`,
			"Replace the credential of secret s, key " + harborHost,
		},
		"a secret without entries gets one": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"s"}, login: "new", secret: []Secret{loginSecret("s", `{"credHelpers":{"x":"y"}}`)}},
			"s", `{"credHelpers":{"x":"y"},"auths":{"` + harborHost + `":` + fresh + `}}`,
			"Write the credential into secret s, key " + harborHost,
		},
		"beside a login that others may need stands one for the repository": {
			loginCase{cause: catalog.PermissionDenied, names: []string{"s"}, login: "new", secret: []Secret{loginSecret("s", `{"auths":{"`+harborHost+`":`+entryOf("team")+`}}`)}},
			"s", `{"auths":{"` + harborHost + `":` + entryOf("team") + `,"` + harborHost + `/acme/app":` + fresh + `}}`,
			"Write the credential into secret s, key " + harborHost + "/acme/app",
		},
		"beside a pattern stands the host": {
			loginCase{cause: catalog.CredentialsExpired, names: []string{"s"}, login: "new", secret: []Secret{loginSecret("s", `{"auths":{"*.example:8443":`+entryOf("team")+`}}`)}},
			"s", `{"auths":{"*.example:8443":` + entryOf("team") + `,"` + harborHost + `":` + fresh + `}}`,
			"Write the credential into secret s, key " + harborHost,
		},
		"a missing secret gets the one entry": {
			loginCase{cause: catalog.SecretMissing, names: []string{"s"}, login: "new", image: "acme/private"},
			"s", `{"auths":{"https://index.docker.io/v1/":` + fresh + `}}`,
			"Make secret s with one entry, key https://index.docker.io/v1/",
		},
		"a user name with a colon has fields of its own": {
			loginCase{cause: catalog.SecretMissing, names: []string{"s"}, login: "a:b"},
			"s", `{"auths":{"` + harborHost + `":{"username":"a:b","password":"CANARY-a:b"}}}`,
			"Make secret s with one entry, key " + harborHost,
		},
		"a key is set right beside the old one": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"s"}, secret: []Secret{loginSecret("s", `{"auths":{"https://user:pw@harbor.example/acme/*":`+fresh+`}}`)}},
			"s", `{"auths":{"https://user:pw@harbor.example/acme/*":` + fresh + `,"` + harborHost + `/acme/":` + fresh + `}}`,
			"Put the login of key https://...@harbor.example/acme/* under key " + harborHost + "/acme/, too, in secret s",
		},
		"a key that breaks a public image is narrowed to owners and, where the owner is the same, to repositories": {
			loginCase{
				cause: catalog.CredentialsBreakPublicImage, image: publicImage, names: []string{"s"},
				secret: []Secret{loginSecret("s", `{"auths":{"ghcr.io":`+fresh+`}}`, func(s *Secret) {
					s.Repositories = []string{"ghcr.io/acme/private", "ghcr.io/team/a", "ghcr.io/team/b", "other.example/x", "ghcr.io/acme/tool"}
				})},
			},
			"s", `{"auths":{"ghcr.io/acme/private":` + fresh + `,"ghcr.io/team":` + fresh + `}}`,
			"Narrow the key ghcr.io to ghcr.io/acme/private, ghcr.io/team in secret s",
		},
		"an owner whose name begins the public one's gets a slash": {
			loginCase{
				cause: catalog.CredentialsBreakPublicImage, image: "ghcr.io/acmetools/x", names: []string{"s"},
				secret: []Secret{loginSecret("s", `{"auths":{"ghcr.io":`+fresh+`}}`, func(s *Secret) { s.Repositories = []string{"ghcr.io/acme/private"} })},
			},
			"s", `{"auths":{"ghcr.io/acme/":` + fresh + `}}`,
			"Narrow the key ghcr.io to ghcr.io/acme/ in secret s",
		},
		"another container of the pod is another image": {
			loginCase{
				cause: catalog.CredentialsBreakPublicImage, image: publicImage, names: []string{"s"}, seen: []evidence.Outcome{evidence.CredentialRejected},
				secret: []Secret{loginSecret("s", `{"auths":{"ghcr.io":`+fresh+`}}`)},
				edit: func(k *Case, _ *Options) {
					k.Target.Template.Spec.Containers = append(k.Target.Template.Spec.Containers, corev1.Container{Name: "side", Image: "ghcr.io/team/side:1"})
				},
			},
			"s", `{"auths":{"ghcr.io/team":` + fresh + `}}`,
			"Narrow the key ghcr.io to ghcr.io/team in secret s",
		},
		"a rejected entry that nobody else uses is taken out": {
			loginCase{
				cause: catalog.CredentialsBreakPublicImage, image: publicImage, names: []string{"s"}, seen: []evidence.Outcome{evidence.CredentialRejected},
				secret: []Secret{loginSecret("s", `{"auths":{"b":{},"ghcr.io":`+fresh+`}}`)},
			},
			"s", `{"auths":{"b":{}}}`,
			"Take out the entry for ghcr.io in secret s",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, r := written(t, test.loginCase, test.secret)
			if strings.ReplaceAll(got, ": ", ":") != test.want {
				t.Errorf("writes %s\nwant   %s", got, test.want)
			}
			if r.Title != test.title {
				t.Errorf("says  %q\nwant  %q", r.Title, test.title)
			}
		})
	}
}

func TestWhoseCredentialItIsAndUntilWhen(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		user, password string
		expires        time.Time
		want           string
	}{
		"a token that ends today":      {"AWS", ecrToken(now.Add(9*time.Hour + 14*time.Minute)), time.Time{}, "an ECR token good until 21:14 UTC"},
		"a token that ends tomorrow":   {"AWS", ecrToken(now.Add(13 * time.Hour)), time.Time{}, "an ECR token good until 2026-11-22 01:00 UTC"},
		"a token that is over":         {"AWS", ecrToken(now.Add(-time.Hour)), time.Time{}, "an ECR token that was over at 11:00 UTC"},
		"a token without its end":      {"AWS", "opaque", time.Time{}, "an ECR token, which lives 12 hours"},
		"a Google token":               {"oauth2accesstoken", "ya29.x", time.Time{}, "a Google access token, which lives an hour"},
		"a user and password":          {loginCanary, "p", time.Time{}, "a user and password"},
		"a robot account":              {"robot$acme+ci", "p", now.Add(time.Hour), "a user and password of robot account robot$acme+ci good until 13:00 UTC"},
		"a user of no known form":      {"acmebot-" + loginCanary, "p", time.Time{}, "a user and password"},
		"Google's key":                 {"_json_key", `{"client_email":"puller@acme.iam.gserviceaccount.com","private_key":"` + loginCanary + `"}`, time.Time{}, "a user and password of Google's service account puller@acme.iam.gserviceaccount.com"},
		"an end that was told with it": {loginCanary, "p", now.Add(time.Hour), "a user and password good until 13:00 UTC"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, all := loginPlan(t, loginCase{cause: catalog.CredentialsMissing, edit: func(_ *Case, o *Options) {
				o.Logins = []Login{{Credential: keyring.Credential{Username: test.user, Password: keyring.NewPassword(test.password)}, Source: "helper ecr-login", Expires: test.expires}}
			}})
			if want := "from helper ecr-login, " + test.want; all[0].Because != want {
				t.Errorf("says  %q\nwant  %q", all[0].Because, want)
			}
			if over := slices.Contains(all[0].Risks, "the credential's own time is over"); over != strings.Contains(test.want, "was over") {
				t.Errorf("risks %q", all[0].Risks)
			}
			if lasting := len(all[0].Lasting) > 0; lasting != strings.Contains(test.want, "token") {
				t.Errorf("lasting %v", all[0].Lasting)
			}
			quiet(t, all[0])
		})
	}
}

func TestRisksOfCredentialRemedies(t *testing.T) {
	kept := func(s *Secret) {
		s.Users, s.Manager = 12, evidence.Manager{Tool: "External Secrets", Name: "shop/harbor"}
	}
	tests := map[string]struct {
		loginCase
		want []string // of the first remedy
	}{
		"others name the secret, and a tool keeps it": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"s"}, login: "new", secret: []Secret{loginSecret("s", configOf(harborHost, entryOf("wrong")), kept)}},
			[]string{"External Secrets (shop/harbor) keeps secret s and may write it back", "12 other pods name secret s, too"},
		},
		"a template restarts what is healthy": {
			loginCase{cause: catalog.CredentialsMissing, ready: 12, login: "new", via: "template"},
			nil,
		},
		"an account is for all": {
			loginCase{cause: catalog.CredentialsMissing, ready: 12, login: "new"},
			[]string{"every pod that service account default gets from now on carries the secret, if it lists none of its own"},
		},
		"a person's own login": {
			loginCase{cause: catalog.SecretMissing, names: []string{"s"}, login: "new", edit: func(_ *Case, o *Options) { o.Logins[0].Personal = true }},
			[]string{"a login of a person's own will lie in the cluster, for all who may read secrets there; a robot account that may only pull is better"},
		},
		"a login of another namespace": {
			loginCase{cause: catalog.SecretMissing, names: []string{"s"}, login: "new", edit: func(_ *Case, o *Options) { o.Logins[0].Credential.Secret = "platform/hub" }},
			[]string{"a login of namespace platform will lie in this one too, for all who may read secrets here"},
		},
		"a broken entry of another registry is lost": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"s"}, secret: []Secret{loginSecret("s", configOf("bad.example", `{"auth":"%%"}`, harborHost, entryOf("good")))}},
			[]string{"the entry for bad.example in secret s cannot be read by the kubelet, which then reads none, and is taken out"},
		},
		"a login goes where it did not go before": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"s"}, secret: []Secret{loginSecret("s", configOf("harbor.example", entryOf("good")))}},
			[]string{"the login then goes to " + harborHost},
		},
		"a job counts its evicted pods": {
			loginCase{cause: catalog.SecretMissing, kind: "Job", names: []string{"s"}, login: "new"},
			[]string{"each evicted pod counts against the job's backoffLimit", "a job waits before it makes a pod anew: 10 s, doubled with each that failed, up to 10 minutes"},
		},
		"a cron job goes on with the next run": {
			loginCase{cause: catalog.CredentialsMissing, kind: "CronJob", login: "new", via: "template"},
			[]string{"it counts from the next run on; a job that is under way keeps its pods"},
		},
		"a bare pod waits": {
			loginCase{cause: catalog.SecretMissing, kind: "Pod", names: []string{"s"}, login: "new"},
			[]string{"nothing makes this pod again, so it waits for its next attempt"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, all := loginPlan(t, test.loginCase)
			if strings.HasPrefix(name, "a template") && all[0].Restarts != 12 {
				t.Errorf("restarts %d", all[0].Restarts)
			}
			if !slices.Equal(all[0].Risks, test.want) {
				t.Errorf("risks %q\nwant  %q", all[0].Risks, test.want)
			}
			if kept := strings.HasPrefix(name, "others"); kept && !strings.Contains(fmt.Sprint(all[0].Lasting), "where External Secrets (shop/harbor) takes secret s from") {
				t.Errorf("lasting %v", all[0].Lasting)
			}
		})
	}
}

func TestABarePodGetsAFreshBackOff(t *testing.T) {
	c := loginCase{cause: catalog.CredentialsInvalid, kind: "Pod", names: []string{"s"}, login: "new", secret: []Secret{loginSecret("s", configOf(harborHost, entryOf("wrong")))}}
	c.edit = func(k *Case, _ *Options) { k.Digests = map[string]string{harborImage: harborDigest} }
	k, d, all := loginPlan(t, c)
	after := carriedOut(t, k, d.Pull.Image, all[0])
	image, err := walk(after["Pod/api"], "/spec/containers/0/image")
	if want := harborImage + "@" + harborDigest; err != nil || image != want || all[0].Image != want || all[0].Foresee.Pods[0].Spec.Containers[0].Image != want {
		t.Errorf("the pod has image %v, %v", image, err)
	}
	if len(all[0].Changes) != 2 || all[0].Changes[0].Object.Kind != "Secret" {
		t.Errorf("changes %v", all[0].Changes)
	}
}

func TestPodsThatServeAreNotEvictedForADebuggingContainer(t *testing.T) {
	k, d, o := loginCase{cause: catalog.SecretMissing, names: []string{"s"}, login: "new"}.build()
	for kind, want := range map[evidence.ContainerKind]Wake{evidence.EphemeralContainer: WakeNone, evidence.InitContainer: WakeEvict} {
		d.Pull.ContainerKind = kind
		p := planner{Case: k, d: d, o: o, cause: d.Causes[0]}
		if all := p.login(); all[0].Wake != want {
			t.Errorf("%s wakes by %q", kind, all[0].Wake)
		}
	}
	d.Pull.ContainerKind = evidence.Sandbox
	p := planner{Case: k, d: d, o: o, cause: d.Causes[0]}
	if all := p.login(); len(all) > 0 {
		t.Errorf("the sandbox gets %v", all)
	}
}

func TestALoginIsGivenToItsOwnRegistryAlone(t *testing.T) {
	for host, given := range map[string]bool{"": true, harborHost: true, "harbor.example": false, "docker.io": false} {
		_, _, all := loginPlan(t, loginCase{cause: catalog.SecretMissing, names: []string{"s"}, login: "new", edit: func(_ *Case, o *Options) { o.Logins[0].Host = host }})
		if all[0].Ready() != given {
			t.Errorf("a login for %q: %v", host, all)
		}
	}
}

func TestASecretThatIsInAnotherNamespaceIsToBeCopiedFromThere(t *testing.T) {
	k, d, o := loginCase{cause: catalog.SecretMissing, names: []string{"harbor"}}.build()
	d.Findings = []evidence.Finding{{
		Outcome: evidence.SecretElsewhere, Subject: evidence.Subject{Kind: evidence.SubjectSecret, Name: "shop/harbor"},
		Sentence: "a secret harbor is in namespace platform, team", Details: map[string]string{"namespaces": "platform,team"},
	}}
	p := planner{Case: k, d: d, o: o, cause: d.Causes[0]}
	if all := p.login(); len(all) != 1 || all[0].Needs != "--copy-from platform/harbor" || all[0].Because != "a secret harbor is in namespace platform, team" {
		t.Errorf("got %+v", all)
	}
}

func TestWhatIsUnknownIsNotMade(t *testing.T) {
	c := loginCase{cause: catalog.SecretMissing, names: []string{"s"}, login: "new", via: "secret"}
	c.edit = func(k *Case, _ *Options) { k.SecretsSeen = false }
	if _, _, all := loginPlan(t, c); len(all) != 1 || all[0].Ready() {
		t.Errorf("a secret that may be there is made: %v", all)
	}
	unread := c
	unread.edit = func(k *Case, _ *Options) {
		k.NotLookedAt = []evidence.Gap{{Check: evidence.CheckPullSecrets, Subject: evidence.Subject{Kind: evidence.SubjectSecret, Name: "shop/s"}}}
	}
	if _, _, all := loginPlan(t, unread); len(all) != 1 || all[0].Ready() {
		t.Errorf("a secret that could not be read is made: %v", all)
	}
	c.seen = []evidence.Outcome{evidence.SecretAbsent}
	k, d, o := c.build()
	d.Findings[0].Subject = evidence.Subject{Kind: evidence.SubjectSecret, Name: "shop/s"}
	p := planner{Case: k, d: d, o: o, cause: d.Causes[0]}
	if all := p.login(); len(all) != 1 || !all[0].Ready() {
		t.Errorf("a secret that was seen to be missing is not made: %v", all)
	}
}

// Names in objects are somebody's text, even where the API server would not
// take such ones.
func TestCommandsOfCredentialRemediesAreQuoted(t *testing.T) {
	for _, name := range []string{"x;touch pwned", "$(touch pwned)", "`touch pwned`", "it's|touch pwned", "a\"&touch pwned", "a\ntouch pwned", "-x", "\x1b[2J"} {
		retype := loginCase{cause: catalog.SecretNotUsed, kind: "Pod", names: []string{name}, secret: []Secret{loginSecret(name, "{}", opaque, func(s *Secret) {
			s.Data = map[string][]byte{name: []byte(configOf(harborHost, entryOf("good")))}
		})}}
		ask := loginCase{cause: catalog.CredentialsMissing, kind: "Pod", names: []string{}, login: "new", edit: func(k *Case, _ *Options) { k.Target.Name, k.Target.Namespace = name, name }}
		race := loginCase{cause: catalog.ServiceAccountRace, kind: "Pod", edit: func(k *Case, _ *Options) { k.Target.Name = name }}
		for _, c := range []loginCase{retype, ask, race} {
			_, _, all := loginPlan(t, c)
			if len(all) == 0 || all[0].Kind != HandedOver {
				t.Fatalf("%s: %v", c.cause, all)
			}
			quiet(t, all[0])
			runCommands(t, all[0])
		}
	}
}

// runCommands gives the commands to a shell whose only program is a kubectl that
// notes its words, and looks for what else they did.
func runCommands(t *testing.T, r Remedy) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kubectl"), []byte("#!/bin/sh\nfor w in \"$@\"; do printf '%s\\n' \"$w\" >> kubectl.words; done\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, step := range r.Steps {
		for _, command := range step.Commands {
			if strings.ContainsAny(command, "\n\x1b") {
				t.Errorf("the command %q is not one line", command)
			}
			cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", command)
			cmd.Dir, cmd.Env = dir, []string{"PATH=" + dir}
			_ = cmd.Run() // skopeo and rm are not there
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if base := filepath.Base(file); !slices.Contains([]string{"kubectl", "kubectl.words", "pod-before.json", "pod-new.json"}, base) {
			t.Errorf("%s: the commands made %s", r.ID, base)
		}
	}
}

func TestNearNames(t *testing.T) {
	for _, c := range []struct {
		a, b string
		near bool
	}{
		{"harbour-pull", "harbor-pull", true}, {"harbor", "harbor-good", true}, {"regcred", "recgred", true}, {"hub", "hub2", true},
		{"harbor", "github", false}, {"hub", "ecr", false}, {"ab", "a", false}, {"Hub-Pull", "hub-pull", true}, {"regcred", "regcerds", false},
	} {
		if nearName(c.a, c.b) != c.near || nearName(c.b, c.a) != c.near {
			t.Errorf("%s and %s: near is %v", c.a, c.b, !c.near)
		}
	}
}

// A bare pod whose image has a digest already waits its back-off out unless the
// same content can be written in another way; either is said.
func TestABarePodGetsAFreshNameOrIsSaidToWait(t *testing.T) {
	for image, want := range map[string]string{
		harborImage:                                  "",
		harborImage + "@" + harborDigest:             harborHost + "/acme/app@" + harborDigest,
		harborHost + "/acme/app@" + harborDigest:     "",
		"docker.io/acme/app:1@" + harborDigest:       "docker.io/acme/app@" + harborDigest,
		"acme/app@" + harborDigest:                   "docker.io/acme/app@" + harborDigest,
		"docker.io/library/busybox@" + harborDigest:  "",
		harborHost + "/acme/app:1.27.5@" + "no:sums": "none",
	} {
		_, _, all := loginPlan(t, loginCase{cause: catalog.CredentialsMissing, kind: "Pod", image: image, names: []string{"missing"}, login: "new"})
		if want == "none" {
			if len(all) > 0 && all[0].Ready() {
				t.Errorf("%s is no image, and %s is planned", image, all[0].ID)
			}
			continue
		}
		if len(all) == 0 || !all[0].Ready() {
			t.Fatalf("%s: %v", image, all)
		}
		if said := slices.Contains(all[0].Risks, waitsForAttempt); all[0].Image != want || said != (want == "") {
			t.Errorf("%s becomes %q, want %q; it is said to wait: %v", image, all[0].Image, want, said)
		}
	}
}

// No password gets onto a command line or into an annotation.
func TestASecretIsMadeFromAFile(t *testing.T) {
	_, _, all := loginPlan(t, loginCase{cause: catalog.CredentialsMissing, kind: "Pod", login: "new"})
	r := all[0]
	var commands []string
	for _, s := range r.Steps {
		commands = append(commands, s.Commands...)
	}
	text := strings.Join(commands, "\n")
	for _, bad := range []string{"--docker-password", "--password", "apply -f"} {
		if strings.Contains(text, bad) {
			t.Errorf("%s has %s: %s", r.ID, bad, text)
		}
	}
	if r.ID != "replace-pod-with-secret" || !strings.Contains(text, "skopeo login --authfile pull.json "+harborHost) ||
		!strings.Contains(text, "--from-file=.dockerconfigjson=pull.json") || !strings.Contains(text, `"value":[{"name":"harbor-example-8443-pullmedic"}]`) {
		t.Errorf("%s: %s", r.ID, text)
	}
}

// Who pulls with a login now and then is not seen by looking at pods.
func TestNarrowingALoginSaysWhoMayLoseIt(t *testing.T) {
	const risk = "only images that pods of this namespace run now keep the login: of a CronJob between its runs, or of what is scaled to 0, nothing shows that it needs it"
	secret := loginSecret("github", configOf("ghcr.io", entryOf("good")), func(s *Secret) { s.Repositories = []string{"ghcr.io/team/a"} })
	for _, seen := range [][]evidence.Outcome{nil, {evidence.CredentialRejected}} {
		_, _, all := loginPlan(t, loginCase{cause: catalog.CredentialsBreakPublicImage, image: publicImage, names: []string{"github"}, secret: []Secret{secret}, seen: seen})
		if all[0].ID != "narrow-pull-secret" || slices.Contains(all[0].Risks, risk) != (seen == nil) { // a rejected one serves nobody
			t.Errorf("%s: %q", all[0].ID, all[0].Risks)
		}
	}
}

// A login that lies in the cluster is copied, that entry alone, and nobody is asked
// for another one; nor is it shown.
func TestALoginOfTheClusterIsCopiedForABarePod(t *testing.T) {
	c := loginCase{cause: catalog.CredentialsMissing, kind: "Pod", login: "new", edit: func(_ *Case, o *Options) {
		o.Logins[0].Credential.Secret, o.Logins[0].Credential.Key = "platform/hub", harborHost
	}}
	_, _, all := loginPlan(t, c)
	r := all[0]
	var commands []string
	for _, s := range r.Steps {
		commands = append(commands, s.Commands...)
	}
	text := strings.Join(commands, "\n")
	if r.ID != "replace-pod-with-secret" || strings.Contains(text, "skopeo login") || strings.Contains(text, loginCanary) {
		t.Errorf("%s: %s", r.ID, text)
	}
	for _, part := range []string{"kubectl get secret hub -n platform -o ", "| jq -c --arg key " + harborHost + " ", "| kubectl create secret generic harbor-example-8443-pullmedic -n shop ", `"value":[{"name":"harbor-example-8443-pullmedic"}]`} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in %s", part, text)
		}
	}
	if !slices.Contains(r.Risks, "a login of namespace platform will lie in this one too, for all who may read secrets here") {
		t.Errorf("risks %q", r.Risks)
	}
}

// A static pod's login goes where its kubelet looks, beside its file.
func TestAStaticPodsLoginGoesIntoTheKubeletsFile(t *testing.T) {
	_, _, all := loginPlan(t, loginCase{cause: catalog.CredentialsMissing, kind: "Pod", edit: func(k *Case, _ *Options) {
		k.Target.Template.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
		k.Target.Name = "etcd-worker-3"
	}})
	r := all[0]
	if !strings.Contains(r.Because, "/etc/kubernetes/manifests") || len(r.Steps) != 1 || !slices.Contains(r.Steps[0].Commands, "skopeo login --authfile /var/lib/kubelet/config.json "+harborHost) {
		t.Errorf("%+v", r)
	}
	for _, s := range r.Steps {
		for _, command := range s.Commands {
			if strings.Contains(command, "kubectl") {
				t.Errorf("it says %q, and the API server's copy of a static pod is only that", command)
			}
		}
	}
}

// A cloud's token goes from the cloud's command line to skopeo through a pipe; all
// others are typed.
func TestACloudsTokenIsPiped(t *testing.T) {
	const pull = " --password-stdin --authfile pull.json "
	for host, want := range map[string]struct{ command, life string }{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com":          {"aws ecr get-login-password --region eu-west-1 | skopeo login --username AWS", "12 hours"},
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com": {"aws ecr get-login-password --region us-gov-west-1 | skopeo login --username AWS", "12 hours"},
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":      {"aws ecr get-login-password --region cn-north-1 | skopeo login --username AWS", "12 hours"},
		"public.ecr.aws":                         {"aws ecr-public get-login-password --region us-east-1 | skopeo login --username AWS", "12 hours"},
		"europe-docker.pkg.dev":                  {"gcloud auth print-access-token | skopeo login --username oauth2accesstoken", "an hour"},
		"eu.gcr.io":                              {"gcloud auth print-access-token | skopeo login --username oauth2accesstoken", "an hour"},
		"acme.azurecr.io":                        {"az acr login --name acme --expose-token --query accessToken --output tsv | skopeo login --username 00000000-0000-0000-0000-000000000000", "three hours"},
		"harbor.acme.example:8443":               {},
		"docker.io":                              {},
		"123456789012.dkr.ecr.-rf.amazonaws.com": {},
	} {
		t.Run(host, func(t *testing.T) {
			r := handed(t, shop(catalog.CredentialsExpired, host), "write-secret")
			step, line := r.Steps[0], "skopeo login --authfile pull.json "+host
			if want.command != "" {
				line = want.command + pull + host
			}
			if len(step.Commands) != 1 || step.Commands[0] != line {
				t.Errorf("got %q, want %q", step.Commands, line)
			}
			if asks := strings.Contains(step.What, "the password is asked for"); asks != (want.command == "") {
				t.Errorf("it says %q", step.What)
			}
			if ends := strings.Contains(r.Risks[0], "ends after "+want.life+":"); ends != (want.command != "") {
				t.Errorf("the first risk is %q", r.Risks[0])
			}
			if see := handed(t, shop(catalog.AccessDeniedAmbiguous, host), "ask-who-may-see").Steps[0].Commands[0]; see != strings.ReplaceAll(line, "pull.json", "see.json") {
				t.Errorf("to see, it says %q", see)
			}
		})
	}
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

const (
	loginCanary  = "CANARY"
	harborHost   = "harbor.example:8443"
	harborImage  = harborHost + "/acme/app:1.27.4"
	publicImage  = "ghcr.io/acme/tool:0.9"
	secondImage  = "second.example/acme/app:1"
	harborDigest = "sha256:5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"
)

// entryOf is an entry with the password that these tests look for in what is
// shown.
func entryOf(user string) string {
	return `{"auth":"` + base64.StdEncoding.EncodeToString([]byte(user+":"+loginCanary+"-"+user)) + `"}`
}

// configOf makes the data of a secret from keys and entries in turns.
func configOf(pairs ...string) string {
	var entries []string
	for i := 0; i < len(pairs); i += 2 {
		entries = append(entries, fmt.Sprintf("%q:%s", pairs[i], pairs[i+1]))
	}
	return `{"auths":{` + strings.Join(entries, ",") + `},"credHelpers":{"keep.example":"this"},"x":1.50}`
}

// A loginCase is a case with one failing container.
type loginCase struct {
	cause  string
	kind   string // Deployment if ""
	image  string // harborImage if ""
	names  []string
	given  []string // by the service account
	secret []Secret
	ready  int
	login  string // user of a login that is brought
	via    string
	seen   []evidence.Outcome
	edit   func(*Case, *Options)
}

// loginSecret is one of the namespace.
func loginSecret(name, data string, edits ...func(*Secret)) Secret {
	s := Secret{Secret: pullSecret("shop", name, dataConfigJSON, []byte(data)), UID: "uid-" + name, ResourceVersion: "7"}
	for _, edit := range edits {
		edit(&s)
	}
	return s
}

func proven(s *Secret)    { s.ProvenFor = []string{harborImage, publicImage, secondImage} }
func immutable(s *Secret) { s.Immutable = true }
func opaque(s *Secret)    { s.Type = "Opaque" }

func (c loginCase) build() (Case, diagnosis.Diagnosis, Options) {
	kind := c.kind
	if kind == "" {
		kind = "Deployment"
	}
	image := c.image
	if image == "" {
		image = harborImage
	}
	spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}, ImagePullSecrets: refs(c.names...)}
	k := Case{
		Now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		Target: Target{
			Object:   Object{APIVersion: "apps/v1", Kind: kind, Resource: strings.ToLower(kind) + "s", Namespace: "shop", Name: "api", UID: "uid-api", Generation: 3},
			Template: corev1.PodTemplateSpec{Spec: spec}, Wanted: 4, Ready: c.ready,
		},
		Account:     &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default", UID: "uid-default", ResourceVersion: "5"}, ImagePullSecrets: refs(c.given...)},
		Secrets:     c.secret,
		SecretsSeen: true,
	}
	ref, _ := keyring.ParseImage(image)
	d := diagnosis.Diagnosis{
		Pull:   evidence.Pull{Namespace: "shop", Pod: "api-1", Container: "app", Image: image, Reference: ref},
		Causes: []diagnosis.Cause{{Cause: c.cause, Verdict: diagnosis.Confirmed}},
	}
	for _, o := range c.seen {
		d.Findings = append(d.Findings, evidence.Finding{Outcome: o})
	}
	o := Options{Via: c.via}
	if c.login != "" {
		o.Logins = []Login{{Credential: keyring.Credential{Username: c.login, Password: keyring.NewPassword(loginCanary + "-" + c.login)}, Source: "secret hub of namespace platform"}}
	}
	if c.edit != nil {
		c.edit(&k, &o)
	}
	return k, d, o
}

func loginPlan(t *testing.T, c loginCase) (Case, diagnosis.Diagnosis, []Remedy) {
	t.Helper()
	k, d, o := c.build()
	p := planner{Case: k, d: d, o: o, cause: d.Causes[0]}
	return k, d, p.login()
}

func TestCredentialRemedies(t *testing.T) {
	wrong := loginSecret("harbor", configOf("other.example", entryOf("other"), harborHost, entryOf("wrong")))
	good := loginSecret("harbor-good", configOf(harborHost, entryOf("good")), proven)
	urlAlphabet := `{"auth":"` + base64.URLEncoding.EncodeToString([]byte("good:???>>>")) + `"}`
	tests := map[string]struct {
		loginCase
		// want are the remedies: id, and the user that the kubelet tries first
		// after it ("-" for none); or id and what it needs or "by hand".
		want []string
	}{
		"a rejected entry gives way to the login": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"harbor"}, secret: []Secret{wrong}, login: "new"},
			[]string{"login-secret new", "login-template new"},
		},
		"of a secret from the service account as well": {
			loginCase{cause: catalog.CredentialsExpired, given: []string{"harbor"}, secret: []Secret{wrong}, login: "new"},
			[]string{"login-secret new", "login-service-account new", "login-template new"},
		},
		"a way that is chosen is the only one": {
			loginCase{cause: catalog.CredentialsInvalid, given: []string{"harbor"}, secret: []Secret{wrong}, login: "new", via: "service-account"},
			[]string{"login-service-account new"},
		},
		"the account's list does not count where the template has one": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"harbor"}, secret: []Secret{wrong}, login: "new", via: "service-account"},
			[]string{"login-secret needs --via secret"},
		},
		"without a named secret there is none to write": {
			loginCase{cause: catalog.CredentialsMissing, login: "new", via: "secret"},
			[]string{"login-service-account needs --via service-account"},
		},
		"a pod that names none gets one from its account": {
			loginCase{cause: catalog.CredentialsMissing, login: "new"},
			[]string{"login-service-account new", "login-template new"},
		},
		"a job's template cannot be changed": {
			loginCase{cause: catalog.CredentialsMissing, kind: "Job", login: "new"},
			[]string{"login-service-account new"},
		},
		"a job whose template names secrets and none that can be written": {
			loginCase{cause: catalog.SecretNotUsed, kind: "Job", names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", "{}", opaque)}, login: "new"},
			[]string{"login-by-hand by hand"},
		},
		"a cron job's template lies deeper": {
			loginCase{cause: catalog.CredentialsMissing, kind: "CronJob", login: "new", via: "template"},
			[]string{"login-template new"},
		},
		"a bare pod that names none is made anew by hand": {
			loginCase{cause: catalog.CredentialsMissing, kind: "Pod", login: "new"},
			[]string{"replace-pod-with-secret by hand"},
		},
		"also before a login is named, as none could be put where it looks": {
			loginCase{cause: catalog.CredentialsMissing, kind: "Pod"},
			[]string{"replace-pod-with-secret by hand"},
		},
		"a static pod can name no secret": {
			loginCase{cause: catalog.CredentialsMissing, kind: "Pod", login: "new", edit: func(k *Case, _ *Options) {
				k.Target.Template.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
			}},
			[]string{"static-pod by hand"},
		},
		"a bare pod's secret is rewritten": {
			loginCase{cause: catalog.CredentialsInvalid, kind: "Pod", names: []string{"harbor"}, secret: []Secret{wrong}, login: "new"},
			[]string{"login-secret new"},
		},
		"a bare pod's missing secret is made": {
			loginCase{cause: catalog.SecretMissing, kind: "Pod", names: []string{"harbour-pull"}, login: "new"},
			[]string{"login-secret new"},
		},
		"the secret that is named in vain is made": {
			loginCase{cause: catalog.SecretMissing, names: []string{"harbour-pull", "other"}, secret: []Secret{loginSecret("other", configOf("other.example", entryOf("other")))}, login: "new"},
			[]string{"login-secret new", "login-template new"},
		},
		"a name that no secret can have is not made": {
			loginCase{cause: catalog.SecretMissing, names: []string{"Not A Name"}, login: "new"},
			[]string{"login-template new"},
		},
		"a mistyped name is set right where nothing healthy restarts": {
			loginCase{cause: catalog.SecretMissing, names: []string{"harbor-goood"}, secret: []Secret{good}},
			[]string{"correct-secret-name good", "login-secret good"},
		},
		"and made true where something would": {
			loginCase{cause: catalog.SecretMissing, names: []string{"harbor-goood"}, secret: []Secret{good}, ready: 3},
			[]string{"login-secret good", "correct-secret-name good"},
		},
		"a mistyped name in the service account": {
			loginCase{cause: catalog.SecretMissing, given: []string{"harbor-goood"}, secret: []Secret{good}},
			[]string{"use-secret-template good", "correct-secret-name good", "login-secret good"},
		},
		"a proven secret of the namespace is named by the account": {
			loginCase{cause: catalog.CredentialsMissing, secret: []Secret{good}},
			[]string{"use-secret-service-account good", "use-secret-template good"},
		},
		"an unproven one is not": {
			loginCase{cause: catalog.CredentialsMissing, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("x")))}},
			[]string{"login needs " + broughtBy},
		},
		"a proven secret stands in for a rejected one": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"harbor"}, secret: []Secret{wrong, good}},
			[]string{"login-secret good", "use-secret-template good"},
		},
		"an access that is refused without saying why, and a proven secret": {
			loginCase{cause: catalog.AccessDeniedAmbiguous, names: []string{"harbor"}, secret: []Secret{wrong, good}},
			[]string{"login-secret good", "use-secret-template good"},
		},
		"nothing that helps is there": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"harbor"}, secret: []Secret{wrong}},
			[]string{"login needs " + broughtBy},
		},
		"an immutable secret gets one beside it": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("wrong")), immutable)}, login: "new"},
			[]string{"login-secret new", "login-template new"},
		},
		"an immutable secret of a bare pod leads to the hand": {
			loginCase{cause: catalog.CredentialsInvalid, kind: "Pod", names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("wrong")), immutable)}, login: "new"},
			[]string{"replace-pod-with-secret by hand"},
		},
		"a login without the right stays for others, beside the new one": {
			loginCase{cause: catalog.PermissionDenied, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("team")))}, login: "new"},
			[]string{"login-secret new", "login-template new"},
		},
		"a pattern of registries stays for others": {
			loginCase{cause: catalog.CredentialsExpired, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf("*.example:8443", entryOf("team")))}, login: "new"},
			[]string{"login-secret new", "login-template new"},
		},
		"two keys that mean the same are both set": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("a"), "https://"+harborHost, entryOf("b")))}, login: "new"},
			[]string{"login-secret new", "login-template new"},
		},
		"a secret in the old format": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"old"}, secret: []Secret{{Secret: pullSecret("shop", "old", dataConfig, []byte(`{"other.example":`+entryOf("o")+`,"`+harborHost+`":`+entryOf("wrong")+`}`)), UID: "u"}}, login: "new", via: "secret"},
			[]string{"login-secret new"},
		},
		"Docker Hub has a key of its own": {
			loginCase{cause: catalog.CredentialsInvalid, image: "acme/private:3.0", names: []string{"hub"}, secret: []Secret{loginSecret("hub", configOf("https://index.docker.io/v1/", entryOf("wrong")))}, login: "new"},
			[]string{"login-secret new", "login-template new"},
		},
		"a rate limit goes up with a login": {
			loginCase{cause: catalog.RateLimited, image: "nginx:1.29", login: "new"},
			[]string{"login-service-account new", "login-template new"},
		},
		"what the kubelet verifies again wants a login": {
			loginCase{cause: catalog.CredentialReverification, secret: []Secret{good}},
			[]string{"use-secret-service-account good", "use-secret-template good"},
		},
		"a key without the port": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf("harbor.example", entryOf("good")))}},
			[]string{"rekey-pull-secret good"},
		},
		"a key that is as narrow afterwards": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf("https://harbor.example/acme", entryOf("good")))}},
			[]string{"rekey-pull-secret good"},
		},
		"a key with a tag": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborImage, entryOf("good")))}},
			[]string{"rekey-pull-secret good"},
		},
		"a name of Docker Hub that the kubelet does not know": {
			loginCase{cause: catalog.SecretNotUsed, image: "acme/private:3.0", names: []string{"hub"}, secret: []Secret{loginSecret("hub", configOf("registry-1.docker.io", entryOf("good")))}},
			[]string{"rekey-pull-secret good"},
		},
		"a login for a host that is a letter away goes nowhere": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf("harbour.example:8443", entryOf("theirs")))}},
			[]string{"login needs " + broughtBy},
		},
		"an entry beside auths": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", `{"`+harborHost+`":`+entryOf("good")+`}`)}},
			[]string{"rekey-pull-secret good"},
		},
		"a key without the port in an immutable secret": {
			loginCase{cause: catalog.SecretNotUsed, given: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf("harbor.example", entryOf("good")), immutable)}},
			[]string{"rekey-pull-secret good"},
		},
		"an empty entry wants a login": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"desktop"}, secret: []Secret{loginSecret("desktop", configOf(harborHost, "{}"))}},
			[]string{"login needs " + broughtBy},
		},
		"and takes it": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"desktop"}, secret: []Secret{loginSecret("desktop", configOf(harborHost, `{"email":"a@b","identitytoken":"`+loginCanary+`"}`))}, login: "new", via: "secret"},
			[]string{"login-secret new"},
		},
		"a secret of the wrong type gets one of the right type beside it": {
			loginCase{cause: catalog.SecretNotUsed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("good")), opaque)}},
			[]string{"retype-pull-secret good"},
		},
		"where the account names it, that is set right": {
			loginCase{cause: catalog.SecretNotUsed, given: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("good")), opaque)}},
			[]string{"retype-pull-secret good"},
		},
		"a bare pod's is made anew by hand": {
			loginCase{cause: catalog.SecretNotUsed, kind: "Pod", names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("good")), opaque)}},
			[]string{"retype-pull-secret by hand"},
		},
		"an auth field in the URL alphabet": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, urlAlphabet))}},
			[]string{"repair-pull-secret good"},
		},
		"an auth field that was never encoded": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, `{"auth":"good:`+loginCanary+`"}`))}},
			[]string{"repair-pull-secret good"},
		},
		"an auth field that was encoded twice": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, `{"auth":"`+base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("good:"+loginCanary))))+`"}`))}},
			[]string{"repair-pull-secret good"},
		},
		"an auth field that is broken beside a good user and password": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, `{"username":"good","password":"`+loginCanary+`","auth":"%%"}`))}},
			[]string{"repair-pull-secret good"},
		},
		"another registry's entry that cannot be read": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf("bad.example", `{"auth":"%%`+loginCanary+`"}`, harborHost, entryOf("good")))}},
			[]string{"repair-pull-secret good"},
		},
		"headers that nobody can read": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", `{"HttpHeaders":{"X":1},"auths":{"`+harborHost+`":`+entryOf("good")+`}}`)}},
			[]string{"repair-pull-secret good"},
		},
		"an auth field that nothing can be made of wants a login": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, `{"auth":"%%`+loginCanary+`%%"}`))}},
			[]string{"login needs " + broughtBy},
		},
		"and takes it in the place of the broken entry": {
			loginCase{cause: catalog.SecretMalformed, kind: "Pod", names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf("other.example", entryOf("other"), harborHost, `{"auth":"%%`+loginCanary+`%%"}`))}, login: "new"},
			[]string{"login-secret new"},
		},
		"a secret that is no JSON gives way": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"harbor"}, secret: []Secret{loginSecret("harbor", loginCanary)}, login: "new", via: "secret"},
			[]string{"login-secret new"},
		},
		"a second secret that cannot be read is mended with the first": {
			loginCase{cause: catalog.SecretMalformed, names: []string{"one", "two"}, secret: []Secret{
				loginSecret("one", configOf(harborHost, `{"auth":"%%`+loginCanary+`"}`)), loginSecret("two", configOf("bad.example", `{"auth":"%%`+loginCanary+`"}`)),
			}, login: "new", via: "secret"},
			[]string{"login-secret new"},
		},
		"an account that got its secret late has the pods made anew": {
			loginCase{cause: catalog.ServiceAccountRace, given: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("good")))}},
			[]string{"recreate-for-account good"},
		},
		"a bare pod's account got it late": {
			loginCase{cause: catalog.ServiceAccountRace, kind: "Pod", given: []string{"harbor"}, secret: []Secret{loginSecret("harbor", configOf(harborHost, entryOf("good")))}},
			[]string{"recreate-for-account by hand"},
		},
		"an entry that is rejected and breaks a public image goes": {
			loginCase{cause: catalog.CredentialsBreakPublicImage, image: publicImage, names: []string{"github"}, seen: []evidence.Outcome{evidence.CredentialRejected},
				secret: []Secret{loginSecret("github", configOf("other.example", entryOf("o"), "ghcr.io", entryOf("stale"), "https://ghcr.io/acme", entryOf("stale")))}},
			[]string{"narrow-pull-secret -"},
		},
		"or is narrowed to what others use it for": {
			loginCase{cause: catalog.CredentialsBreakPublicImage, image: publicImage, names: []string{"github"}, seen: []evidence.Outcome{evidence.CredentialRejected},
				secret: []Secret{loginSecret("github", configOf("ghcr.io", entryOf("stale")), func(s *Secret) { s.Repositories = []string{"ghcr.io/acme/private", "ghcr.io/team/a", "ghcr.io/team/b"} })}},
			[]string{"narrow-pull-secret -"},
		},
		"where it is not rejected and nothing is known, it stays": {
			loginCase{cause: catalog.CredentialsBreakPublicImage, image: publicImage, names: []string{"github"}, secret: []Secret{loginSecret("github", configOf("ghcr.io", entryOf("stale")))}},
			[]string{"login needs " + broughtBy},
		},
		"where not all who use it are known, it is left to a person": {
			loginCase{cause: catalog.CredentialsBreakPublicImage, image: publicImage, names: []string{"github"},
				secret: []Secret{loginSecret("github", configOf("ghcr.io", entryOf("good")), func(s *Secret) { s.Repositories, s.Partly = []string{"ghcr.io/team/a"}, true })}},
			[]string{"login-by-hand by hand"},
		},
		"and where it would take more keys than can be overlooked": {
			loginCase{cause: catalog.CredentialsBreakPublicImage, image: publicImage, names: []string{"github"},
				secret: []Secret{loginSecret("github", configOf("ghcr.io", entryOf("good")), func(s *Secret) {
					for i := range maxNarrowed + 1 {
						s.Repositories = append(s.Repositories, fmt.Sprintf("ghcr.io/team-%c/app", 'a'+i))
					}
				})}},
			[]string{"login-by-hand by hand"},
		},
		"a public image of Docker Hub": {
			loginCase{cause: catalog.CredentialsBreakPublicImage, image: "nginx:1.29", names: []string{"hub"}, seen: []evidence.Outcome{evidence.CredentialExpired},
				secret: []Secret{loginSecret("hub", configOf(hubKey, entryOf("stale")), func(s *Secret) { s.Repositories = []string{"docker.io/acme/private"} })}},
			[]string{"narrow-pull-secret -"},
		},
		"the pause image's secrets are not the pod's": {
			loginCase{cause: catalog.CredentialsMissing, login: "new", edit: nil, image: "Not An Image"}, nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			k, d, all := loginPlan(t, test.loginCase)
			var got []string
			for _, r := range all {
				got = append(got, r.ID+" "+effect(t, k, d.Pull.Image, r))
				quiet(t, r)
				if test.image == publicImage && r.Ready() {
					repository := "ghcr.io/acme/private"
					after := triedFirst(t, carriedOut(t, k, d.Pull.Image, r), k, repository)
					if len(test.secret[0].Repositories) > 0 && after != "stale" {
						t.Errorf("%s is pulled with %q now", repository, after)
					}
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// effect is what the kubelet tries first after a remedy, or who has to do what.
func effect(t *testing.T, k Case, image string, r Remedy) string {
	t.Helper()
	switch {
	case r.Kind == HandedOver:
		if len(r.Steps) == 0 || len(r.Changes) > 0 {
			t.Errorf("%s has %d steps and %d changes", r.ID, len(r.Steps), len(r.Changes))
		}
		return "by hand"
	case r.Needs != "":
		if len(r.Changes) > 0 || r.Because == "" {
			t.Errorf("%s: %+v", r.ID, r)
		}
		return "needs " + r.Needs
	}
	after := carriedOut(t, k, image, r)
	if want := WakeEvict; k.Target.Kind == "Pod" && r.Wake != WakeNone || k.Target.Kind != "Pod" && r.Wake != want && !strings.Contains(fmt.Sprint(r.Changes), "imagePullSecrets") {
		t.Errorf("%s wakes by %q", r.ID, r.Wake)
	}
	if first := triedFirst(t, after, k, image); first != "" {
		return first
	}
	return "-"
}

// quiet fails the test if anything secret can be seen of a remedy.
func quiet(t *testing.T, r Remedy) {
	t.Helper()
	var shown strings.Builder
	fmt.Fprintf(&shown, "%v %+v %#v %v %+v %#v", r, r, r, &r, r.Changes, r.Foresee)
	if r.Foresee != nil {
		fmt.Fprintf(&shown, "%v %+v %#v", *r.Foresee, *r.Foresee, *r.Foresee)
	}
	for _, v := range []any{r, r.Changes, r.Foresee} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(text)
	}
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("planned", "remedy", r)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("planned", "remedy", r, "changes", r.Changes)
	secret := func(s string) bool { return strings.Contains(shown.String(), s) }
	if secret(loginCanary) || secret("auths") || secret(base64.StdEncoding.EncodeToString([]byte(`{"auths`))[:9]) {
		t.Errorf("%s shows a secret: %s", r.ID, shown.String())
	}
	// An entry's auth begins with its user, a Secret's data with {"auths".
	for _, user := range []string{"new:", "good:", "wrong:", "stale:"} {
		if secret(base64.StdEncoding.EncodeToString([]byte(user + loginCanary))[:6]) {
			t.Errorf("%s shows the login of %s", r.ID, user)
		}
	}
}

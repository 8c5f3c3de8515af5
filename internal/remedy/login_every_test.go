// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// loginCauses are those that a credential mends.
func loginCauses() []string {
	return []string{
		catalog.CredentialsMissing, catalog.SecretMissing, catalog.SecretNotUsed, catalog.ServiceAccountRace, catalog.CredentialsInvalid,
		catalog.CredentialsExpired, catalog.CredentialsBreakPublicImage, catalog.SecretMalformed, catalog.PermissionDenied,
		catalog.AccessDeniedAmbiguous, catalog.RateLimited, catalog.CredentialReverification, catalog.CredentialProviderFailure,
	}
}

// Where a login can be brought, the plan uses it, and nowhere else.
func TestEveryCauseThatTakesALoginHasItsRemedies(t *testing.T) {
	known, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	for cause := range families() {
		k, d, o := loginCase{cause: cause, login: "new"}.build()
		p := planner{catalog: known, Case: k, d: d, o: o, cause: d.Causes[0]}
		var all []Remedy
		for _, f := range families()[cause] {
			all = append(all, f(&p)...)
		}
		used := slices.ContainsFunc(all, func(r Remedy) bool { return strings.HasPrefix(r.ID, "login-") && r.Ready() })
		if used != TakesLogin(d) {
			t.Errorf("%s: a login is used: %v; it is said to be: %v", cause, used, TakesLogin(d))
		}
	}
	for _, cause := range loginCauses() {
		_, d, _ := loginCase{cause: cause}.build()
		if !TakesLogin(d) || len(families()[cause]) == 0 {
			t.Errorf("%s takes no login", cause)
		}
	}
	if TakesLogin(diagnosis.Diagnosis{}) {
		t.Error("a diagnosis without a cause takes a login")
	}
}

// loginShapes are contents of a pull secret that the pods name.
func loginShapes() map[string]string {
	return map[string]string{
		"good":               configOf(harborHost, entryOf("old")),
		"path":               configOf(harborHost+"/acme", entryOf("old"), harborHost, entryOf("wide")),
		"repository":         configOf(harborHost+"/acme/app", entryOf("old")),
		"pattern":            configOf("*.example:8443", entryOf("old")),
		"odd pattern":        configOf("?arbor.example:8443", entryOf("old")),
		"scheme":             configOf("https://"+harborHost+"/v2/", entryOf("old"), "http://"+harborHost, entryOf("also")),
		"empty":              configOf(harborHost, "{}"),
		"no port":            configOf("harbor.example", entryOf("old")),
		"other":              configOf("other.example", entryOf("other")),
		"none":               "{}",
		"null":               `{"auths":null}`,
		"broken":             configOf(harborHost, `{"auth":"%%`+loginCanary+`"}`, "other.example", entryOf("other")),
		"broken elsewhere":   configOf("bad.example", `{"auth":"%%`+loginCanary+`"}`, harborHost, entryOf("old")),
		"no JSON":            loginCanary,
		"a list":             `[1]`,
		"twice":              `{"auths":{"` + harborHost + `":` + entryOf("first") + `,"` + harborHost + `":` + entryOf("second") + `},"Auths":{}}`,
		"auths with capital": `{"Auths":{"` + harborHost + `":` + entryOf("old") + `}}`,
		"user in the key":    configOf("https://"+loginCanary+":x@"+harborHost, entryOf("old")),
	}
}

// Each cause, owner, way to name secrets, content of a secret and credential at
// hand: whatever is planned, once it is carried out, the kubelet tries exactly
// the credential that was meant first, or none where none is meant.
func TestWhateverIsPlannedTheKubeletTriesWhatWasMeant(t *testing.T) {
	t.Parallel()
	ready, planned := 0, 0
	for _, cause := range []string{
		catalog.CredentialsMissing, catalog.SecretMissing, catalog.SecretNotUsed, catalog.ServiceAccountRace, catalog.CredentialsInvalid,
		catalog.CredentialsBreakPublicImage, catalog.SecretMalformed, catalog.PermissionDenied,
	} {
		for _, kind := range []string{"Deployment", "Pod"} {
			for _, by := range []string{"template", "account", "both", "nobody", "absent"} {
				for shape, data := range loginShapes() {
					for _, gift := range []string{"login", "proven", "nothing"} {
						if by == "nobody" && shape != "good" {
							continue
						}
						if by != "template" && (cause == catalog.SecretNotUsed || cause == catalog.PermissionDenied) {
							continue // the same as CredentialsMissing to every family
						}
						edits := []func(*Secret){func(*Secret) {}}
						if shape == "good" || shape == "no port" || shape == "broken" {
							edits = append(edits, immutable, opaque)
						}
						for _, edit := range edits {
							c := loginCase{cause: cause, kind: kind, ready: 2, secret: []Secret{loginSecret("s", data, edit)}, seen: []evidence.Outcome{evidence.CredentialRejected}}
							switch by {
							case "template":
								c.names = []string{"s"}
							case "account":
								c.given = []string{"s"}
							case "both":
								c.names, c.given = []string{"second", "s"}, []string{"third"}
								c.secret = append(c.secret, loginSecret("second", configOf("https://"+harborHost, entryOf("second"))))
							case "absent":
								c.names = []string{"proven2", "s"}
							}
							switch gift {
							case "login":
								c.login = "meant"
							case "proven":
								c.secret = append(c.secret, loginSecret("proven", configOf(harborHost, entryOf("meant")), proven))
							}
							k, d, all := loginPlan(t, c)
							seen := map[string]bool{}
							for _, r := range all {
								planned++
								if r.Ready() {
									ready++
								}
								meant(t, k, d.Pull.Image, r, seen)
								if t.Failed() {
									t.Fatalf("%s of a %s, named by %s, content %q, %s at hand: %s", cause, kind, by, shape, gift, r.Title)
								}
							}
							if len(all) == 0 {
								t.Fatalf("%s of a %s, named by %s, content %q, %s at hand: nothing is planned", cause, kind, by, shape, gift)
							}
						}
					}
				}
			}
		}
	}
	if ready < 3000 || planned == ready {
		t.Errorf("%d remedies were planned, %d of them to be applied", planned, ready)
	}
	t.Logf("%d remedies, %d of them carried out", planned, ready)
}

func meant(t *testing.T, k Case, image string, r Remedy, seen map[string]bool) {
	t.Helper()
	if seen[r.ID] {
		t.Errorf("%s is planned twice", r.ID)
	}
	seen[r.ID] = true
	for _, text := range append([]string{r.Title, r.Because, r.Needs}, r.Risks...) {
		if strings.HasSuffix(text, ".") || strings.Contains(text, loginCanary) || strings.ContainsAny(text, "\n\x1b") {
			t.Errorf("%s says %q", r.ID, text)
		}
	}
	if !r.Ready() {
		if len(r.Changes) > 0 || r.Kind == Applied && r.Needs == "" || r.Kind == HandedOver && len(r.Steps) == 0 {
			t.Errorf("%s cannot be applied and is %+v", r.ID, r)
		}
		return
	}
	after := carriedOut(t, k, image, r)
	answer, err := after.answer(t, k, image)
	if err != nil {
		t.Errorf("%s: the kubelet cannot read it: %v", r.ID, err)
		return
	}
	switch r.ID {
	case "narrow-pull-secret":
		if answer.Sends != keyring.SendsAnonymous {
			t.Errorf("%s: it sends %s", r.ID, answer.Sends)
		}
	case "repair-pull-secret", "rekey-pull-secret", "retype-pull-secret", "recreate-for-account":
		if answer.Sends == keyring.SendsAnonymous {
			t.Errorf("%s: it sends nothing", r.ID)
		}
	default:
		if len(answer.Groups) == 0 || answer.Groups[0].AnyOrder || answer.Groups[0].Credentials[0].Username != "meant" {
			t.Errorf("%s: it tries %v first", r.ID, answer.Credentials())
		}
	}
}

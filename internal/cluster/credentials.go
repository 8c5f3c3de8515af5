// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// maxIgnoredTold bounds the ignored entries that are told of one pull.
const maxIgnoredTold = 6

// Credentials is what a pod's pull secrets give the kubelet for one image.
type Credentials struct {
	// Tried are the credentials in the kubelet's order. They are for the
	// registry that they match, in memory only.
	Tried []keyring.Credential
	// Sends is what the runtime then sends; "" if a secret could not be read
	// and none of the others matches, so that it is not known.
	Sends keyring.Sends
	// Secrets that were read, without what they keep.
	Secrets []evidence.PullSecret

	Findings    []evidence.Finding
	NotLookedAt []evidence.Gap
}

// ReadCredentials works out which credentials the kubelet tries for the pull,
// from the answers for the secrets that its pod names, in their order, and
// tells what is wrong with the others. The kubelet passes over a secret that
// does not exist, and pulls nothing if it cannot parse one.
func ReadCredentials(p evidence.Pull, image string, answers []SecretAnswer, now time.Time) Credentials {
	c := Credentials{}
	r := reader{p: p, now: now, out: &c}
	if len(answers) == 0 {
		r.say(evidence.CheckPullSecrets, evidence.SecretsNotNamed, pod(p), "the pod names no pull secret")
	}
	var secrets []keyring.Secret
	unseen := false
	for _, a := range answers {
		switch {
		case a.Err == nil:
			secrets = append(secrets, a.Secret)
			if a.Reduced.Name != "" && !slices.ContainsFunc(c.Secrets, func(s evidence.PullSecret) bool { return s.Name == a.Reduced.Name }) {
				c.Secrets = append(c.Secrets, a.Reduced)
			}
		case ReasonOf(a.Err) == NotFound:
			r.say(evidence.CheckPullSecrets, evidence.SecretAbsent, secret(p.Namespace+"/"+foreign.Text(a.Name, 253)),
				"namespace %s has no secret %s, which the pod names", p.Namespace, foreign.Text(a.Name, 100))
		default:
			unseen = true
			r.unread(a)
		}
	}
	answer, err := keyring.Resolve(image, secrets)
	r.secrets(answers, answer)
	var failed *keyring.Error
	if errors.As(err, &failed) && failed.Secret == "" {
		return c // the image's name: no key can match it
	}
	r.entries(answer)
	c.Sends = answer.Sends
	c.Tried = answer.Credentials()
	r.matches(answer, unseen, answers)
	if unseen && len(c.Tried) == 0 && c.Sends != keyring.SendsNothing {
		c.Sends = ""
	}
	r.expired(answers, c.Tried)
	return c
}

// ByRuntime returns what the runtime sends where the pod's secrets do not
// count (the pause image).
func ByRuntime() Credentials { return Credentials{Sends: keyring.SendsAnonymous} }

// A reader turns answers into findings.
type reader struct {
	p   evidence.Pull
	now time.Time
	out *Credentials
}

func (r *reader) say(check evidence.Check, o evidence.Outcome, s evidence.Subject, format string, args ...any) *evidence.Finding {
	r.out.Findings = append(r.out.Findings, finding(check, o, s, r.now, format, args...))
	return &r.out.Findings[len(r.out.Findings)-1]
}

// unread tells that a secret could not be read, unless the kubelet itself said
// that it is not there.
func (r *reader) unread(a SecretAnswer) {
	name := foreign.Text(a.Name, 253)
	for _, e := range r.p.Events {
		if e.Reason == reasonSecretMissed && slices.Contains(missed(e.Message), name) {
			f := r.say(evidence.CheckPullSecrets, evidence.SecretAbsent, secret(r.p.Namespace+"/"+name),
				"the kubelet could not retrieve secret %s", name)
			f.Vantage, f.Time = evidence.Node, e.Last
			break
		}
	}
	r.out.NotLookedAt = append(r.out.NotLookedAt, GapOf(evidence.CheckPullSecrets, secret(r.p.Namespace+"/"+name), a.Err))
}

// missed are the names in "Unable to retrieve some image pull secrets (a, b);".
func missed(message string) []string {
	_, rest, _ := strings.Cut(message, "(")
	inside, _, ok := strings.Cut(rest, ")")
	if !ok {
		return nil
	}
	return strings.Split(inside, ", ")
}

// secrets tells of each secret that was read whether the kubelet can use it.
func (r *reader) secrets(answers []SecretAnswer, answer keyring.Answer) {
	for _, a := range answers {
		if a.Err != nil {
			continue
		}
		name := a.Secret.Namespace + "/" + a.Secret.Name
		outcome, sentence := evidence.SecretPresent, "secret "+name+" exists and can be parsed"
		var details map[string]string
		for _, i := range answer.Ignored {
			if i.Secret != name || i.Key != "" {
				continue
			}
			switch i.Reason {
			case keyring.SecretMalformed:
				outcome = evidence.SecretMalformed
			case keyring.TypeIgnored, keyring.DataKeyMissing:
				outcome = evidence.SecretWrongType
			default:
				continue
			}
			sentence = "secret " + name + ": " + i.Sentence
			details = map[string]string{"reason": string(i.Reason), "type": foreign.Text(a.Secret.Type, 100)}
		}
		r.say(evidence.CheckPullSecrets, outcome, secret(name), "%s", sentence).Details = details
	}
}

// entries tells of the entries that look meant for this registry and do not
// count.
func (r *reader) entries(answer keyring.Answer) {
	told := 0
	for _, i := range answer.Ignored {
		switch i.Reason {
		case keyring.SecretMalformed, keyring.SecretBlocked, keyring.TypeIgnored, keyring.DataKeyMissing,
			keyring.NoEntries, keyring.HubFallbackUnused, keyring.Overwritten:
			continue // told with the secret, or no harm
		}
		if !i.Near || told == maxIgnoredTold {
			continue
		}
		told++
		f := r.say(evidence.CheckKeyring, evidence.KeyringEntryIgnored, secret(i.Secret), "secret %s, key %s: %s", i.Secret, i.Key, i.Sentence)
		f.Details = map[string]string{"key": i.Key, "reason": string(i.Reason)}
	}
}

// matches tells which credentials will be tried.
func (r *reader) matches(answer keyring.Answer, unseen bool, answers []SecretAnswer) {
	if answer.Sends == keyring.SendsNothing {
		return
	}
	var full []keyring.Credential
	anyOrder := false
	for _, g := range answer.Groups {
		anyOrder = anyOrder || g.AnyOrder
		for _, c := range g.Credentials {
			if c.Empty {
				f := r.say(evidence.CheckKeyring, evidence.KeyringEntryEmpty, secret(c.Secret),
					"secret %s, key %s: %s, so that try goes out anonymous", c.Secret, c.Key, emptyBecause(c))
				f.Details = map[string]string{"key": c.Key, "reason": string(c.EmptyBecause)}
				continue
			}
			full = append(full, c)
		}
	}
	if len(full) == 0 {
		if !unseen { // one of those that were not read may match
			r.matchesNone(len(answers) > 0, len(answer.Groups) > 0)
		}
		return
	}
	c := full[0]
	sentence := fmt.Sprintf("secret %s, key %s", c.Secret, c.Key)
	switch {
	case len(full) == 1 && !unseen:
		sentence += ", the only match"
	case len(full) > 1 && anyOrder:
		sentence += fmt.Sprintf(", and %d more match; the kubelet tries them in an order that changes", len(full)-1)
	case len(full) > 1:
		sentence += fmt.Sprintf(", and %d more match; the kubelet tries each in turn", len(full)-1)
	}
	if c.Blank {
		sentence += "; its user or password begins or ends with a blank or a new line"
	}
	end, source, known := r.end(answers, c)
	if known && end.After(r.now) {
		at := " ends at "
		if source.Lifetime() > 0 && source != keyring.ExpiryECR {
			at = " ends no later than " // counted from the secret's last write
		}
		sentence += "; " + kindOf(source) + at + end.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	f := r.say(evidence.CheckKeyring, evidence.KeyringMatches, secret(c.Secret), "%s", sentence)
	f.Details = map[string]string{"key": c.Key}
	if c.Blank {
		f.Details["blank"] = "true"
	}
	if known {
		f.Details["ends"], f.Details["source"] = end.UTC().Format(time.RFC3339), string(source)
	}
}

// matchesNone tells that no pull secret has a user and password for the registry:
// there are none, or none that matches, or what matches is empty.
func (r *reader) matchesNone(haveSecrets, haveEntries bool) {
	host := r.p.Reference.Host
	what := "no pull secret of the pod has an entry for " + host
	switch {
	case !haveSecrets:
		what = "the pod brings no credential for " + host
	case haveEntries:
		what = "no pull secret of the pod has a user and password for " + host
	}
	none := evidence.KeyringMatchesNone
	if nodeLogsIn(host) {
		none = evidence.PodBringsNone
		r.out.NotLookedAt = append(r.out.NotLookedAt, evidence.Gap{
			Check: evidence.CheckKeyring, Subject: evidence.Subject{Kind: evidence.SubjectNode, Name: r.p.Node},
			Why: "whether the node itself has a credential for " + host + " (a kubelet credential provider) is not seen from here",
		})
	}
	r.say(evidence.CheckKeyring, none, evidence.Subject{Kind: evidence.SubjectRegistry, Name: host}, "%s", what)
}

func emptyBecause(c keyring.Credential) string {
	switch c.EmptyBecause {
	case keyring.IdentityTokenOnly:
		return "it has an identitytoken only, which the kubelet does not read"
	case keyring.RegistryTokenOnly:
		return "it has a registrytoken only, which the kubelet does not read"
	case keyring.UserNameMissing:
		return "it has no user name"
	case keyring.PasswordMissing:
		return "it has no password"
	}
	return "it has no user name and no password"
}

// expired tells of credentials whose own time is over. Where only the life of
// their kind is known, it is counted from when the secret was last written: a
// token cannot be younger than the secret's last write says.
func (r *reader) expired(answers []SecretAnswer, tried []keyring.Credential) {
	if slices.ContainsFunc(tried, func(c keyring.Credential) bool { return !c.Empty && !r.over(answers, c) }) {
		return // the kubelet goes on to that one
	}
	for _, c := range tried {
		if c.Empty {
			continue
		}
		end, source, _ := r.end(answers, c)
		f := r.say(evidence.CheckKeyring, evidence.CredentialExpiredByItself, secret(c.Secret),
			"%s in secret %s expired at %s", kindOf(source), c.Secret, end.UTC().Format("2006-01-02 15:04:05 UTC"))
		f.Details = map[string]string{"key": c.Key, "expired": end.UTC().Format(time.RFC3339), "source": string(source)}
	}
}

func kindOf(source keyring.ExpirySource) string {
	switch source {
	case keyring.ExpiryECR:
		return "the ECR token"
	case keyring.ExpiryECRUnreadable:
		return "the ECR token, which lives 12 hours,"
	case keyring.ExpiryACR:
		return "the ACR refresh token"
	case keyring.ExpiryGoogle:
		return "the Google access token, which lives an hour,"
	}
	return "the token"
}

// end is when a credential's own time is over, as far as that can be known.
func (r *reader) end(answers []SecretAnswer, c keyring.Credential) (end time.Time, source keyring.ExpirySource, known bool) {
	end, source, known = c.Expiry()
	counted := source == keyring.ExpiryGoogle || source == keyring.ExpiryECRUnreadable && strings.Contains(strings.ToLower(r.p.Reference.Host), ".ecr")
	if !known && counted {
		i := slices.IndexFunc(answers, func(a SecretAnswer) bool { return a.Err == nil && a.Secret.Namespace+"/"+a.Secret.Name == c.Secret })
		if i >= 0 && !answers[i].Written.IsZero() {
			end, known = answers[i].Written.Add(source.Lifetime()), true
		}
	}
	return end, source, known
}

// over tells that a credential's own time is over.
func (r *reader) over(answers []SecretAnswer, c keyring.Credential) bool {
	end, _, known := r.end(answers, c)
	return known && !end.After(r.now)
}

// nodeLogsIn tells a registry of a cloud, for which that cloud's nodes have
// credential providers (ecr-, acr- and gcp-credential-provider) and so need no
// pull secret.
func nodeLogsIn(host string) bool {
	host = strings.ToLower(host)
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn", ".azurecr.io", ".azurecr.cn", ".azurecr.us", "gcr.io", "-docker.pkg.dev"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

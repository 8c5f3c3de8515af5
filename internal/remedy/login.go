// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/shell"
	"github.com/pullmedic/pullmedic/internal/spelling"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// broughtBy are the flags with which a person brings a credential.
const broughtBy = "--copy-from NAMESPACE/SECRET, --docker-config FILE, --credential-helper NAME or --login"

// login gives the pods a credential that works, or takes away one that breaks
// the pull. What is there already comes before what has to be brought, and
// what restarts no healthy pod before what does.
func (p *planner) login() []Remedy {
	if p.d.Pull.ContainerKind == evidence.Sandbox {
		return nil // the runtime pulls the pause image, and no pod's secrets count
	}
	if _, err := keyring.ParseImage(p.d.Pull.Image); err != nil {
		return nil
	}
	if p.static() {
		return p.staticLogin()
	}
	var all []Remedy
	if p.ownLogin() == nil && p.o.Via == "" {
		all = p.setRight()
	}
	switch login, inNamespace := p.brought(); {
	case login != nil:
		all = append(all, p.give(*login)...)
	case inNamespace != nil:
		all = append(all, p.use(*inNamespace)...)
	case len(all) == 0 && p.bare() && len(p.newDraft().names()) == 0:
		all = p.replacePodWith(nil) // no login that is brought could be put where this pod looks
	case len(all) == 0:
		all = append(all, p.askForLogin())
	}
	for i := range all {
		all[i].Lasting = append(all[i].Lasting, p.lastingLogin(all[i])...)
	}
	return all
}

// setRight mends what is wrong with what the pods name already.
func (p *planner) setRight() []Remedy {
	var all []Remedy
	switch p.cause.Cause {
	case catalog.ServiceAccountRace:
		all = append(all, p.takeFromAccount()...)
	case catalog.CredentialsBreakPublicImage:
		return p.narrowEntry()
	}
	all = append(all, p.repairSecret()...)
	all = append(all, p.rekeyEntry()...)
	return append(all, p.retypeSecret()...)
}

// A gift is a credential for the image that the pods are to have.
type gift struct {
	credential keyring.Credential
	// source in words, with the class of the credential and its end.
	source string
	// secret of the namespace that has it, nil if it comes from elsewhere.
	secret *Secret
	risks  []string
}

// brought is the login that the person brings, or else a secret of the
// namespace that the registry took for this image, and which the pods do not
// name.
func (p *planner) brought() (login, inNamespace *gift) {
	if l := p.ownLogin(); l != nil {
		g := gift{credential: l.Credential, source: "from " + foreign.Text(l.Source, 120) + ", " + p.classOf(l.Credential, l.Expires)}
		end, _, known := l.Credential.Expiry()
		if !known {
			end = l.Expires
		}
		if !end.IsZero() && !end.After(p.Now) {
			g.risks = append(g.risks, "the credential's own time is over")
		}
		if l.Personal {
			g.risks = append(g.risks, "a login of a person's own will lie in the cluster, for all who may read secrets there; a robot account that may only pull is better")
		} else if from, _, ok := strings.Cut(l.Credential.Secret, "/"); ok && from != p.Target.Namespace {
			g.risks = append(g.risks, "a login of namespace "+foreign.Text(from, 63)+" will lie in this one too, for all who may read secrets here")
		}
		return &g, nil
	}
	named := p.newDraft().names()
	var best *gift
	for i, s := range p.Secrets {
		if !s.provenFor(p.d.Pull.Image) || slices.Contains(named, s.Name) {
			continue
		}
		c, ok := firstLogin(p.d.Pull.Image, s.Secret)
		if !ok {
			continue
		}
		g := gift{credential: c, secret: &p.Secrets[i], source: "secret " + s.Name + " of this namespace, " + p.classOf(c, time.Time{}) + ", which the registry took for this image"}
		if best == nil || p.nearMissing(s.Name) != "" && p.nearMissing(best.secret.Name) == "" {
			best = &g
		}
	}
	return nil, best
}

// ownLogin is the login that the person brings for the image: of those for its
// registry the one with the longest path that the image's repository begins with,
// which is the kubelet's own order. nil for none: that of another registry is not
// to be seen by this one.
func (p *planner) ownLogin() *Login {
	ref, err := keyring.ParseImage(p.d.Pull.Image)
	if err != nil {
		return nil
	}
	var own *Login
	for i, l := range p.o.Logins {
		if (l.Host == "" || l.Host == ref.Host) && strings.HasPrefix("/"+ref.Repository, l.Path) && (own == nil || len(l.Path) > len(own.Path)) {
			own = &p.o.Logins[i]
		}
	}
	return own
}

// scope is the key for the path that the login is for, "" if that is all of the
// registry.
func (p *planner) scope() string {
	ref, err := keyring.ParseImage(p.d.Pull.Image)
	if l := p.ownLogin(); err == nil && l != nil && l.Path != "" && keyMatches(p.d.Pull.Image, ref.Host+l.Path) {
		return ref.Host + l.Path
	}
	return ""
}

// newKeys are the keys of a new secret for the login, the best first: no wider than
// the login is meant.
func (p *planner) newKeys() []string {
	if scope := p.scope(); scope != "" {
		return []string{scope, narrowKey(p.d.Pull.Image)}
	}
	return append(wideKeys(p.d.Pull.Image), narrowKey(p.d.Pull.Image))
}

func (s Secret) provenFor(image string) bool { return slices.Contains(s.ProvenFor, image) }

// firstLogin is what the kubelet would try first of a secret by itself.
func firstLogin(image string, s keyring.Secret) (keyring.Credential, bool) {
	answer, err := keyring.Resolve(image, []keyring.Secret{s})
	if err != nil {
		return keyring.Credential{}, false
	}
	for _, c := range answer.Credentials() {
		if !c.Empty {
			return c, true
		}
	}
	return keyring.Credential{}, false
}

// use refers to, or copies from, a secret of the namespace.
func (p *planner) use(g gift) []Remedy {
	var all []Remedy
	template := p.viaTemplate(g)
	// Where no healthy pod is restarted, the name is better set right than made
	// true.
	if p.nearMissing(g.secret.Name) != "" && p.Target.Ready == 0 && p.allows(viaTemplate) {
		all, template = append(all, template...), nil
	}
	if p.allows(viaAccount) {
		all = append(all, p.viaAccount(g)...)
	}
	if p.allows(viaSecret) {
		all = append(all, p.viaSecret(g)...)
	}
	if p.allows(viaTemplate) {
		all = append(all, template...)
	}
	if len(all) == 0 {
		return p.cannot(g)
	}
	return all
}

// give puts a credential that a person brings where the pods find it.
func (p *planner) give(g gift) []Remedy {
	var all []Remedy
	if p.allows(viaSecret) {
		all = append(all, p.viaSecret(g)...)
	}
	if p.allows(viaAccount) {
		all = append(all, p.viaAccount(g)...)
	}
	if p.allows(viaTemplate) {
		all = append(all, p.viaTemplate(g)...)
	}
	if len(all) == 0 {
		return p.cannot(g)
	}
	return all
}

func (p *planner) allows(via string) bool { return p.o.Via == "" || p.o.Via == via }

// cannot says why none of the ways is open, and what is.
func (p *planner) cannot(g gift) []Remedy {
	d := p.newDraft()
	why := map[string]string{viaSecret: p.whyNotSecret(d), viaAccount: d.whyNotAccount(), viaTemplate: p.whyNotTemplate()}
	if p.o.Via != "" {
		if reason := why[p.o.Via]; reason != "" {
			for _, via := range []string{viaSecret, viaAccount, viaTemplate} {
				if why[via] == "" && len(p.route(via, g)) > 0 {
					return []Remedy{{
						ID: "login-" + via, Kind: Applied, Needs: "--via " + via,
						Title: "Give the pods a credential for " + p.host(), Because: "--via " + p.o.Via + " cannot work: " + reason,
					}}
				}
			}
		}
	}
	if p.bare() {
		return p.replacePodWith(g.secret)
	}
	var reasons []string
	for _, via := range []string{viaSecret, viaAccount, viaTemplate} {
		if why[via] != "" && p.allows(via) {
			reasons = append(reasons, why[via])
		}
	}
	if len(reasons) == 0 {
		reasons = []string{"another entry of the pods' secrets would be tried before it"}
	}
	return []Remedy{{
		ID: "login-by-hand", Kind: HandedOver, Title: "Give the pods a credential for " + p.host(), Because: strings.Join(reasons, "; "),
		Steps: []Step{{What: "Name a secret with this credential in the template of " + p.Target.String() + ", where that is written, and make it again", Where: "where its manifest is kept"}},
	}}
}

func (p *planner) route(via string, g gift) []Remedy {
	switch via {
	case viaSecret:
		return p.viaSecret(g)
	case viaAccount:
		return p.viaAccount(g)
	}
	return p.viaTemplate(g)
}

// askForLogin says that somebody has to bring a credential.
func (p *planner) askForLogin() Remedy {
	r := Remedy{
		ID: "login", Kind: Applied, Needs: broughtBy, Title: "Give the pods a credential for " + p.host(),
		Because: "no secret of the namespace is known to work for this image",
	}
	if !p.SecretsSeen {
		r.Because = "no secret of those that were read is known to work for this image"
	}
	if flag, sentence, ok := p.secretElsewhere(); ok {
		r.Needs, r.Because = flag, sentence
	}
	return r
}

// secretElsewhere is the flag that takes the login of a secret which another
// namespace has and this one lacks, and the sentence that says so.
func (p *planner) secretElsewhere() (flag, sentence string, ok bool) {
	for _, f := range p.d.Findings {
		first, _, _ := strings.Cut(f.Details["namespaces"], ",")
		_, name, _ := strings.Cut(f.Subject.Name, "/")
		flag, quoted := shell.Command("--copy-from", first+"/"+name)
		if f.Outcome == evidence.SecretElsewhere && first != "" && name != "" && quoted {
			return flag, foreign.Text(f.Sentence, 300), true
		}
	}
	return "", "", false
}

// fromElsewhere is the flag that takes a login from a secret of the cluster.
func (p *planner) fromElsewhere() string {
	if flag, _, ok := p.secretElsewhere(); ok {
		return flag
	}
	return "--copy-from NAMESPACE/SECRET"
}

// host of the image's registry.
func (p *planner) host() string {
	ref, err := keyring.ParseImage(p.d.Pull.Image)
	if err != nil {
		return "the registry"
	}
	return foreign.Text(ref.Host, 260)
}

// classOf says what a credential is, whose and until when. A user name can be a
// secret, too, so that whose it is stands there for accounts of a known form alone.
func (p *planner) classOf(c keyring.Credential, expires time.Time) string {
	end, source, known := c.Expiry()
	if !known {
		end = expires
	}
	var class string
	switch source {
	case keyring.ExpiryECR, keyring.ExpiryECRUnreadable:
		class = "an ECR token"
	case keyring.ExpiryACR:
		class = "an ACR refresh token"
	case keyring.ExpiryGoogle:
		class = "a Google access token"
	case keyring.ExpiryJWT:
		class = "a token"
	default:
		class = "a user and password"
	}
	if holder := c.Holder(); holder != "" {
		class += " of " + holder
	}
	switch {
	case !end.IsZero() && end.After(p.Now):
		return class + " good until " + p.clock(end)
	case !end.IsZero():
		return class + " that was over at " + p.clock(end)
	case source == keyring.ExpiryGoogle:
		return class + ", which lives an hour"
	case source.Lifetime() > 0:
		return fmt.Sprintf("%s, which lives %d hours", class, int(source.Lifetime().Hours()))
	}
	return class
}

// clock is a time, with its day if that is another one.
func (p *planner) clock(t time.Time) string {
	t, now := t.UTC(), p.Now.UTC()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04 UTC")
	}
	return t.Format("2006-01-02 15:04 UTC")
}

// nearMissing is the name that the pods name, that is not there, and that looks
// like this one mistyped; "" if there is none.
func (p *planner) nearMissing(name string) string {
	for _, missing := range p.newDraft().absent() {
		if nearName(missing, name) {
			return missing
		}
	}
	return ""
}

// nearName tells two names of which one may be the other mistyped: at most two
// letters differ (a third of the shorter one), or one begins or ends with the
// other.
func nearName(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	short := min(len(a), len(b))
	if short < 3 || max(len(a), len(b)) > 253 {
		return false
	}
	if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) || strings.HasSuffix(a, b) || strings.HasSuffix(b, a) {
		return true
	}
	return spelling.Distance(a, b) <= min(2, short/3)
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strconv"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
)

func (o *order) resolve() string {
	name := bare(o.dialled())
	o.runOn(name, "getent", "hosts")
	by := ""
	if at := o.e.Symptom.Address; at != "" {
		by = " (" + at + ")"
	}
	switch {
	case o.hereToo(evidence.HostNotResolved):
		return "Look whether " + name + " is spelled right: it resolves neither on " + o.node() + " nor from here. If it is, ask for it on the node's resolver" + by + "."
	case o.elsewhere() == "works":
		return "On " + o.node() + ", mend the resolver" + by + ": it does not know " + name + ", and other nodes do."
	}
	return "On " + o.node() + ", ask its resolver" + by + " for " + name + ": the node's own, which is not the cluster's DNS."
}

// hereToo tells whether the client saw the same.
func (o *order) hereToo(outcome evidence.Outcome) bool {
	_, ok := o.match([]evidence.Outcome{outcome}, fromHere)
	return ok
}

func (o *order) openWay() string {
	say := "Open the way from " + o.node() + " to " + o.reached()
	if !strings.Contains(o.e.Symptom.Address, ":") {
		say += ", port " + port(o.dialled())
	}
	switch {
	case o.elsewhere() == "works":
		return say + ": other nodes get through, so look at this one's firewall, security group and route."
	case o.hereToo(evidence.ConnectionTimeout):
		return say + ", which does not answer from here either: look whether it is up, then at firewalls and routes."
	}
	return say + ": firewall, egress gateway, security group, route."
}

func (o *order) findListener() string {
	switch {
	case o.elsewhere() == "works":
		return "Find out what on the way of " + o.node() + " refuses " + o.reached() + ": other nodes get through."
	case o.hereToo(evidence.ConnectionRefused):
		return "Look whether the registry runs: nothing listens on " + o.reached() + ", from here as from " + o.node() + "."
	}
	return "Look whether a registry listens on " + o.reached() + ", and whether a firewall refuses " + o.node() + "."
}

func (o *order) findCut() string {
	return "Look for what cuts connections between " + o.node() + " and " + o.reached() + ": a proxy, a firewall, or an MTU that is too large for the way."
}

func (o *order) findRoute() string {
	at := o.e.Symptom.Address
	if strings.HasPrefix(at, "[") {
		return "Give " + o.node() + " a route for IPv6, or have " + bare(o.dialled()) + " resolve to IPv4 there: it was tried at " + at + "."
	}
	address, _, _ := strings.Cut(at, ":")
	if address == "" {
		return "Look at the routes of " + o.node() + " to " + o.dialled() + "."
	}
	o.runOn(address, "ip", "route", "get")
	return "On " + o.node() + ", look at the route to " + address + " (" + bare(o.dialled()) + ")."
}

func (o *order) raiseTLS() string {
	return "Have " + o.dialled() + ", or the proxy in front of it, offer TLS 1.2 or 1.3."
}

func (o *order) bringAuthority() string {
	_, runtime := o.unit()
	where := "its hosts.toml, or the system's store"
	if runtime == "CRI-O" {
		where = "/etc/containers/certs.d, or the system's store"
	}
	if o.has(evidence.TLSTrusted) || o.elsewhere() == "works" {
		return "Have " + o.node() + " trust the authority of " + o.dialled() + " (" + where + "); or find what else answers there in its place: elsewhere it is trusted."
	}
	return "Bring the certificate of the authority that signed for " + o.dialled() + " to " + o.node() + " and the other nodes (" + where + ")."
}

func (o *order) renewCertificate() string {
	s := o.e.Symptom
	switch detail := s.Detail; {
	case o.hereToo(evidence.TLSTrusted):
		return "Find out which server answers " + o.node() + " as " + o.dialled() + ", and renew its certificate: the one that is seen from here is good."
	case !s.NotAfter.IsZero():
		return "Renew the certificate of " + o.dialled() + ": it ended on " + s.NotAfter.UTC().Format(time.DateOnly) + "."
	case strings.Contains(detail, "is valid for"):
		_, names, _ := strings.Cut(detail, "is valid for ")
		names, _, _ = strings.Cut(names, ", not ")
		return "Get " + o.dialled() + " a certificate with its own name, or ask for it under a name that the certificate has: " + names + "."
	case strings.Contains(detail, "doesn't contain any IP SANs"), strings.Contains(detail, "relies on legacy Common Name"):
		return "Get " + o.dialled() + " a certificate that names it as a subject alternative name."
	case strings.Contains(detail, "expired"):
		return "Renew the certificate of " + o.dialled() + ", which has expired."
	}
	return "Look at the certificate of " + o.dialled() + ", and renew it, or ask for the host under a name that it has."
}

func (o *order) setClock() string {
	o.run("timedatectl")
	if at := o.e.Symptom.NodeTime; !at.IsZero() {
		return "On " + o.node() + ", set the clock: it said " + at.UTC().Format("2006-01-02 15:04 UTC") + " at the last attempt."
	}
	return "On " + o.node() + ", compare the clock with another one, and set it."
}

func (o *order) bringTLS() string {
	return "Give " + o.dialled() + " a certificate, so that it speaks HTTPS; only where that cannot be, declare it as plain HTTP on " + o.node() + " and the other nodes."
}

func (o *order) passProxy() string {
	proxy := "the proxy"
	if o.subject.Kind == evidence.SubjectProxy && o.subject.Name != "" {
		proxy = "the proxy " + o.subject.Name
	}
	unit, runtime := o.unit()
	o.run("systemctl", "show", "--property=Environment", unit)
	say := "On " + o.node() + ", look at " + runtime + "'s proxy settings: "
	if o.e.Symptom.Status == 407 {
		return say + proxy + " wants a login; give it one, or name " + o.e.Pull.Reference.Host + " in NO_PROXY."
	}
	return say + proxy + " does not let it reach " + o.e.Pull.Reference.Host + "; have it let that through, or name the host in NO_PROXY."
}

func (o *order) mendMirror() string {
	if f, ok := o.find(evidence.MirrorLacks, evidence.MirrorUnusable); ok && f.Subject.Kind == evidence.SubjectMirror {
		do := "Bring " + o.it() + " into the mirror " + f.Subject.Name
		if f.Outcome == evidence.MirrorUnusable {
			do = "Get the mirror " + f.Subject.Name + " to answer"
		}
		return do + ", or take it out of the hosts.toml for " + o.e.Pull.Reference.Host + " on " + o.node() + "."
	}
	if o.subject.Kind == evidence.SubjectMirror && o.subject.Name != "" {
		return "Ask the mirror " + o.subject.Name + " for " + o.it() + ", or take it out of " + o.node() + "'s settings for " + o.e.Pull.Reference.Host + "."
	}
	return ""
}

// endLimit depends on who is limited: whoever does not log in has the lowest
// limit.
func (o *order) endLimit() string {
	host := o.host()
	wait := ""
	for _, f := range o.findings {
		if after := f.Details["retryAfter"]; f.Outcome == evidence.RateLimited && after != "" && after != "0" {
			wait = " " + after + " s"
		}
	}
	f, login := o.find(evidence.KeyringMatches)
	switch {
	case login:
		return "Restart nothing, as each attempt counts: wait" + wait + ", or give " + account(f) + " a higher limit at " + host + ", or pull from a mirror."
	case o.has(evidence.PodBringsNone):
		return "Restart nothing, as each attempt counts: wait" + wait + ", or pull from a mirror."
	}
	return "Restart nothing, as each attempt counts: give " + o.owner() + " a login for " + host + ", whose limit is higher, or wait" + wait + "."
}

func (o *order) seeRegistry() string {
	where := "look at its logs"
	switch host := o.e.Pull.Reference.Host; {
	case host == "docker.io":
		where = "see www.dockerstatus.com"
	case host == "quay.io":
		where = "see status.redhat.com"
	case host == "ghcr.io":
		where = "see www.githubstatus.com"
	}
	if o.has(evidence.RegistryNotV2) && !o.has(evidence.RegistryUnavailable) {
		return "Look what answers on " + o.host() + o.status() + ": it does not speak as a registry does. Is the host in the image right?"
	}
	return "Find out why " + o.host() + " answers" + or(o.status(), " nothing of use") + " (" + where + "), and restart nothing: the pods go on by themselves once it works."
}

func (o *order) askOwner() string {
	words := ""
	for _, f := range o.findings {
		if f.Outcome == evidence.RegistryPolicy && words == "" {
			words = f.Details["message"]
		}
	}
	if detail := o.e.Symptom.Detail; words == "" && !strings.HasPrefix(detail, strconv.Itoa(o.e.Symptom.Status)+" ") {
		words = detail // more than the status in words
	}
	if words != "" && len(words) <= 180 {
		words = `: it says "` + words + `"`
	} else {
		words = ""
	}
	return "Ask whoever runs " + o.e.Pull.Reference.Host + " about the rule that refuses " + o.it() + words + "."
}

func (o *order) mendCache() string {
	return "On " + o.e.Pull.Reference.Host + ", look at the rule and the login with which it copies " + o.e.Pull.Reference.Repository + " from its source, and at the source's limits."
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// ask asks a registry whether it is one. 401 is a healthy answer, and 200 proves
// nothing of a repository; no login is sent, so that none is read.
func ask(host string) string {
	if host == "" {
		return ""
	}
	return sh("curl", "-sS", "--max-time", "10", "-o", "/dev/null", "-w", `%{http_code} %{remote_ip} %{time_total}s\n`, "https://"+host+"/v2/")
}

// checkWay looks at the way from the node to the host that failed.
func (p byHand) checkWay() []Remedy {
	host := p.asked()
	var route, refused string
	switch {
	case host == "":
	case isAddress(host):
		route = sh("ip", "route", "get", bareHost(host))
	default:
		route = sh("getent", "ahosts", bareHost(host))
	}
	if host != "" {
		refused = sh("curl", "-sS", "--max-time", "10", "-o", "/dev/null", "-w", `%{time_connect}s to connect, %{time_appconnect}s with TLS\n`, "https://"+host+"/v2/")
	}
	return []Remedy{{
		ID: "check-way", Title: fmt.Sprintf("Find where the way from %s to %s ends", orWords(p.node(), "the node"), orWords(host, "the registry")),
		Because: "pulls happen on the node, in its own network: NetworkPolicies do not reach it, firewalls, routes and host policies of the CNI do",
		Steps: []Step{
			{What: "Resolve the host, and see which way its addresses take (ip route get ADDRESS)", Where: p.onNode(), Commands: printable(route, sh("ip", "route", "show")), Afterwards: "addresses that the node has a route to; for an IPv6 address it needs an IPv6 route"},
			{What: "Connect, without a login", Where: p.onNode(), Commands: printable(ask(host), refused), Afterwards: "401 or 200: the way is good; a timeout: something drops; refused: nothing listens, or a firewall rejects; reset: something on the way cuts"},
			{What: "See the node's own rules and proxy", Where: p.onNode(), Commands: printable(sh("nft", "list", "ruleset"), sh("systemctl", "show", p.system().unit, "--property=Environment")), Afterwards: "no rule that drops or rejects the host's addresses; the proxy that it needs, if any"},
			{What: "Open the way in the firewall, security group, route table or egress gateway that the first step's addresses lead through", Where: "in the network", Afterwards: "curl on the node prints 401 or 200; the next attempt succeeds"},
		},
	}}
}

// checkDNS looks at the node's resolver, which is not the cluster's.
func (p byHand) checkDNS() []Remedy {
	host := p.asked()
	name := ""
	if host != "" {
		name = bareHost(host)
	}
	return []Remedy{{
		ID: "check-dns", Title: fmt.Sprintf("Have %s resolve %s", orWords(p.node(), "the node"), orWords(name, "the registry")),
		Because: "the runtime asks the node's resolver, not CoreDNS",
		Steps: []Step{
			{What: "See which resolver the node asks, and what it answers", Where: p.onNode(), Commands: printable(sh("cat", "/etc/resolv.conf"), sh("getent", "ahosts", name)), Afterwards: "addresses; nothing means that the resolver does not know the name, or does not answer"},
			{What: "Ask each resolver of that file by itself", Where: p.onNode(), Commands: printable(sh("resolvectl", "query", name)), Afterwards: "the resolver that fails is the one to mend"},
			{What: "Add the private zone to the nodes' resolver (or link the zone to their network), open UDP and TCP 53 to it, or correct the name in the image", Where: "in the network", Afterwards: "getent on the node prints the addresses; the next attempt succeeds"},
		},
	}}
}

// maxEgress bounds the list of hosts.
const maxEgress = 30

// egressList is every host and port that a pull from this registry needs.
func (p byHand) egressList() []Remedy {
	host := p.host()
	if host == "" {
		return []Remedy{{ID: "egress-list", Title: "Let the nodes reach every host that the pull needs",
			Steps: []Step{{What: "List the registry, its token service and its blob store", Where: withKubectl, Afterwards: "kubectl pullmedic registries HOST prints them"}}}}
	}
	type target struct{ name, at, what string }
	var all []target
	add := func(t target) {
		if !slices.ContainsFunc(all, func(o target) bool { return o.at == t.at }) && len(all) < maxEgress {
			all = append(all, t)
		}
	}
	for _, h := range p.family().Egress(host) {
		what := strings.ReplaceAll(strings.Trim(fmt.Sprint(h.For), "[]"), " ", ", ")
		if h.When != "" {
			what += ", " + h.When
		}
		add(target{h.Name, fmt.Sprintf("%s:%d", h.Name, h.Port), what})
	}
	for _, f := range p.d.Findings {
		kind := map[evidence.SubjectKind]string{evidence.SubjectTokenService: "login", evidence.SubjectBlobStore: "layers"}[f.Subject.Kind]
		if name := matching(hostGrammar, f.Subject.Name); kind != "" && name != "" {
			add(target{bareHost(name), withPort(name), kind + ", seen in this pull"})
		}
	}
	var said, asks []string
	for _, t := range all {
		said = append(said, t.at+" ("+t.what+")")
		if !strings.Contains(t.name, "*") {
			asks = append(asks, ask(strings.TrimSuffix(matching(hostGrammar, t.at), ":443")))
		}
	}
	r := Remedy{
		ID: "egress-list", Title: "Let the nodes reach every host that a pull from " + host + " needs",
		Steps: []Step{
			{What: "Allow TCP from the nodes' addresses to " + strings.Join(said, "; "), Where: "in the network's firewall, security group or proxy", Afterwards: "the commands of the next step answer"},
			{What: "Ask each host from the node", Where: p.onNode(), Commands: printable(asks...), Afterwards: "a status, whichever: only a timeout, a refusal or a name that does not resolve says that the way is closed"},
		},
	}
	if m := ecrGrammar.FindStringSubmatch(host); m != nil {
		r.Steps = append(r.Steps, Step{
			What: "In a network without NAT, have endpoints for com.amazonaws." + m[2] + ".ecr.api, .ecr.dkr (both with private DNS) and .s3 (a gateway)", Where: withCloud,
			Commands:   printable(sh("aws", "ec2", "describe-vpc-endpoints", "--region", m[2], "--query", "VpcEndpoints[].[ServiceName,VpcId,State,PrivateDnsEnabled]", "--output", "table")),
			Afterwards: "all three, available, in the nodes' network",
		})
	}
	if !p.family().Known() {
		r.Because = "the registry is of no known kind: its token service and blob store are where its answers lead, beside those that were seen"
	}
	return []Remedy{r}
}

// dropIn is the file that gives a runtime its proxy.
func dropIn(unit string) string { return "/etc/systemd/system/" + unit + ".service.d/90-proxy.conf" }

// noProxyRanges are what never goes through a proxy: nearly every cluster's pods,
// services and nodes have such addresses.
const noProxyRanges = "localhost,127.0.0.1,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,.svc,.cluster.local"

// proxyDropIn sets the runtime's proxy, or takes the registry out of it.
func (p byHand) proxyDropIn() []Remedy {
	s, host := p.system(), p.asked()
	unit, file := s.unit, dropIn(s.unit)
	r := Remedy{
		ID:    "proxy-drop-in",
		Risks: append(s.restartRisks(), "NO_PROXY here replaces what was set before: add what the first step shows and this lacks, such as the ranges of your nodes, pods and services", "Other nodes are not changed: put the file where new nodes get their configuration from, too"),
	}
	proxy := matching(proxyGrammar, p.o.Proxy)
	except := noProxyRanges
	var settings []string
	switch {
	case proxy != "":
		r.Title = fmt.Sprintf("Have the runtime of %s go through %s", orWords(p.node(), "the node"), proxy)
		r.Because = "you named it"
		settings = []string{"HTTPS_PROXY=" + proxy, "HTTP_PROXY=" + proxy, "NO_PROXY=" + except}
	case p.cause.Cause == "ProxyFailure" && host != "":
		except += "," + bareHost(host)
		if more := p.beside(); more != "" {
			except += "," + more
		}
		r.Title = fmt.Sprintf("Have the runtime of %s go to %s without its proxy", orWords(p.node(), "the node"), bareHost(host))
		r.Because = "the proxy stands in the way; it serves only where there is another way out (else mend the proxy, or let it through to the hosts of egress-list)"
		settings = []string{"NO_PROXY=" + except, "no_proxy=" + except}
	default:
		shows := "what a node that works has is the right one"
		if unit != "" {
			shows = "a node that works shows its own in systemctl show " + unit + " --property=Environment"
		}
		r.Title = "Have the runtime of " + orWords(p.node(), "the node") + " go through the proxy that leads out"
		r.Needs = "--proxy http://HOST:PORT"
		r.Steps = []Step{{What: "Name the proxy, without a login: one that needs a login gets it in the file, by hand", Where: withKubectl, Afterwards: shows}}
		return []Remedy{r}
	}
	switch s.kind {
	case talos:
		var text strings.Builder
		text.WriteString("machine:\n  env:\n")
		for _, one := range settings {
			name, value, _ := strings.Cut(one, "=")
			if !strings.Contains(text.String(), strings.ToLower(name)+":") {
				fmt.Fprintf(&text, "    %s: %q\n", strings.ToLower(name), value)
			}
		}
		r.Risks = r.Risks[1:]
		return []Remedy{p.patched(r, text.String(), "Write the patch", "the next attempt goes that way")}
	case microK8s:
		return []Remedy{p.proxyLines(r, s, settings)}
	}
	var text strings.Builder
	text.WriteString("[Service]\n")
	for _, one := range settings {
		fmt.Fprintf(&text, "Environment=\"%s%s\"\n", s.proxyPrefix, one)
	}
	r.Steps = []Step{
		{What: "See what the runtime has now, and keep the file that is there", Where: p.onNode(), Commands: printable(sh("systemctl", "show", unit, "--property=Environment"), sh("mkdir", "-p", file[:strings.LastIndex(file, "/")]), p.keepCopy(file)), Afterwards: "NO_PROXY and HTTPS_PROXY as they are"},
		{What: "Write the drop-in, and have the runtime take it", Where: p.onNode(), File: &File{Path: file, Content: text.String()}, Commands: printable(sh("systemctl", "daemon-reload"), sh("systemctl", "restart", unit)), Afterwards: "systemctl show " + unit + " --property=Environment shows them; the next attempt goes that way"},
	}
	if s.registries != "" {
		// systemd.exec(5): what a file of variables says goes before Environment.
		more := "/etc/systemd/system/" + unit + ".service.env"
		r.Steps[0].Commands = append(r.Steps[0].Commands, sh("grep", "-e", "PROXY", more))
		r.Steps[0].Afterwards += "; what " + more + " sets under the same names goes before the drop-in: change it there"
	}
	r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(p.putBack(file), sh("systemctl", "daemon-reload"), sh("systemctl", "restart", unit)), Afterwards: "the runtime's environment is as it was"}}
	return []Remedy{r}
}

// proxyLines sets the proxy in the file of variables that MicroK8s gives its
// containerd (https://canonical.com/microk8s/docs/install-proxy).
func (p byHand) proxyLines(r Remedy, s system, settings []string) Remedy {
	const file = microSnap + "/containerd-env"
	edit := []string{"sed", "-i"}
	for _, one := range settings {
		name, _, _ := strings.Cut(one, "=")
		edit = append(edit, "-e", "/^"+name+"=/d")
	}
	for _, one := range settings {
		edit = append(edit, "-e", "$a "+one)
	}
	r.Steps = []Step{
		{What: "See what the runtime has now, and keep that", Where: p.onNode(), Commands: printable(sh("cat", file), p.keepCopy(file)), Afterwards: "the file is kept as " + p.copyOf(file)},
		{What: "Set the variables, and have the runtime take them", Where: p.onNode(), Commands: printable(sh(append(edit, file)...), sh("systemctl", "restart", s.unit)), Afterwards: "the file has each once; the next attempt goes that way"},
	}
	r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(sh("mv", p.copyOf(file), file), sh("systemctl", "restart", s.unit)), Afterwards: "the runtime's environment is as it was"}}
	return r
}

// beside are the other hosts that a pull from the registry needs, for a list
// that a proxy is not asked for; a name with a star has no spelling there.
func (p byHand) beside() string {
	var names []string
	for _, h := range p.family().Egress(p.host()) {
		if !strings.Contains(h.Name, "*") && h.Name != bareHost(p.asked()) && matching(dnsGrammar, h.Name) != "" && !slices.Contains(names, h.Name) {
			names = append(names, h.Name)
		}
	}
	return strings.Join(names, ",")
}

// registryStatus is for whoever runs the registry.
func (p byHand) registryStatus() []Remedy {
	host, f := p.asked(), p.family()
	steps := []Step{{What: "Ask it from another place", Where: withKubectl, Commands: printable(ask(host)), Afterwards: "401 or 200 means that it is back; 5xx that it is not"}}
	if f.Status != "" {
		steps = append(steps, Step{What: "Read its operator's status page: " + f.Status, Where: withKubectl, Afterwards: "an incident, and when it is over"})
	} else {
		steps = append(steps, Step{What: "Mend it, or tell whoever runs it: its process, its storage, its database, its disk, what stands in front of it", Where: atRegistry, Afterwards: "the command above prints 401 or 200; the next attempts succeed, nothing has to be restarted"})
	}
	return []Remedy{{ID: "registry-status", Title: "See whether " + orWords(host, "the registry") + " is back", Risks: []string{"Restarting pods mends nothing, and makes pods that run pull as well"}, Steps: steps}}
}

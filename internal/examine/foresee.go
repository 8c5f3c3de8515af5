// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/trace"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
	"github.com/pullmedic/pullmedic/symptom"
)

// maxForeseen bounds the pulls of one question: images times kinds of nodes.
const maxForeseen = 400

// maxBeside bounds the failing pulls of a node that are told about another one.
const maxBeside = 3

// A Prospect asks what the next pulls of some pods would meet.
type Prospect struct {
	Wants []Want
	// Secrets and Accounts come along with the pods and count as if they were
	// in the cluster; of objects by one name, these.
	Secrets  []keyring.Secret
	Accounts []*corev1.ServiceAccount
	// Platforms that the images have to be for, where no cluster's nodes say it.
	Platforms []evidence.Platform
	// Me, if set, has each registry asked a second time, as a person does it.
	Me *Me
}

// A Foresight is what is known about the next pull of one image on one kind of
// node.
type Foresight struct {
	Want     Want
	Evidence evidence.Evidence
	Place    cluster.Place
	Holding  cluster.Holding
	// Failing are pulls of the same image that fail now, by the status of other
	// pods on nodes of the place; with what the message says.
	Failing []evidence.Evidence
	// Mine is what the person's own pull would meet, nil if nobody asked.
	Mine *Mine
}

// A Foreseen is the answer to a Prospect.
type Foreseen struct {
	Time  time.Time
	Pulls []Foresight
	// NotLookedAt holds for all pulls; with the checks pods and node, for further
	// pulls that were left out.
	NotLookedAt []evidence.Gap
	Sent        evidence.Sent
	// Pods and Secrets that were read in the cluster.
	Pods, Secrets int
	// Alone: there was no cluster to ask, so that findings which elsewhere are the
	// cluster's were made from what came along.
	Alone bool
}

// Foresee asks what each image of the pods would meet on each kind of node that
// they may land on: it reads what the kubelet would read, and climbs the ladder
// with the credentials that it would try. It never fails: what could not be
// read is in NotLookedAt. It makes nothing.
func (x *Examiner) Foresee(ctx context.Context, q Prospect) Foreseen {
	ctx, cancel := context.WithTimeout(ctx, x.deadline)
	defer cancel()
	f := &foresight{look: x.newLook(), q: q, secrets: map[string]bool{}}
	end := trace.Span(ctx, trace.KindStep, "facts")
	around := f.facts(ctx)
	end()
	f.seen = around.seen
	f.survey.NotLookedAt = append(f.survey.NotLookedAt, around.gaps...)
	f.assemble(ctx)
	end = trace.Span(ctx, trace.KindStep, "others and registries")
	f.ask(ctx, around)
	end()
	out := Foreseen{Time: f.now, Pulls: f.pulls, NotLookedAt: f.survey.NotLookedAt, Pods: around.pods, Secrets: len(f.secrets), Alone: around.alone}
	for i, p := range f.patients {
		out.Pulls[i].Evidence = p.e
	}
	if x.prober != nil {
		sent := x.prober.Sent()
		out.Sent = evidence.Sent{Requests: sent.Requests - f.sentBefore.Requests, Logins: sent.Logins - f.sentBefore.Logins}
	}
	return out
}

// foresight is one run of Foresee: a look whose patients are pulls to come.
type foresight struct {
	*look
	q     Prospect
	pods  []expected  // by want
	pulls []Foresight // like the patients

	nodes     []*corev1.Node
	nodesErr  error
	nodesRead bool // the list of nodes is there, and whole

	secrets map[string]bool // that were read
}

// An expected pod is one whose pulls are to come.
type expected struct {
	Want
	// made is the pod as the API server would make it.
	made *corev1.Pod
	// accountUnseen: its service account, and so the secrets that this brings, are
	// not known.
	accountUnseen bool
	// gaps of all its pulls.
	gaps []evidence.Gap
}

// facts asks the API server, side by side, for nodes, service accounts and what
// other pods show.
func (f *foresight) facts(ctx context.Context) surroundings {
	var around surroundings
	var refs []ObjectRef
	f.pods = make([]expected, len(f.q.Wants))
	group := limited(sideBySide)
	anywhere := false
	for i, w := range f.q.Wants {
		refs = append(refs, ObjectRef{Namespace: w.Pod.Namespace})
		anywhere = anywhere || w.Pod.Spec.NodeName == ""
		group.Go(func() error {
			f.pods[i] = f.admitted(ctx, w)
			if name := w.Pod.Spec.NodeName; name != "" {
				_, _ = f.run.Node(ctx, name)
			}
			return nil
		})
	}
	if anywhere && len(f.q.Platforms) == 0 {
		group.Go(func() error {
			f.nodes, f.nodesRead, f.nodesErr = f.x.cluster.Nodes(ctx)
			return nil
		})
	}
	group.Go(func() error { around = f.x.surroundings(ctx, refs, f.look); return nil })
	_ = group.Wait()
	subject := evidence.Subject{Kind: evidence.SubjectNode, Name: "all"}
	if anywhere && len(f.q.Platforms) == 0 && f.nodesErr == nil && !f.nodesRead { // an error is told with each pull
		f.survey.NotLookedAt = append(f.survey.NotLookedAt, evidence.Gap{Check: evidence.CheckNode, Subject: subject,
			Why: "of the cluster's nodes only the first " + number(len(f.nodes)) + " were looked at"})
	}
	return around
}

// admitted is the pod with what admission would add.
func (f *foresight) admitted(ctx context.Context, w Want) expected {
	if w.Exists || len(w.Pod.Spec.ImagePullSecrets) > 0 {
		return expected{Want: w, made: cluster.Admitted(w.Pod, nil)}
	}
	name, namespace := cluster.AccountOf(w.Pod), w.Pod.Namespace
	for _, sa := range f.q.Accounts {
		if sa.Namespace == namespace && sa.Name == name {
			return expected{Want: w, made: cluster.Admitted(w.Pod, sa)}
		}
	}
	sa, err := f.run.ServiceAccount(ctx, namespace, name)
	if err == nil {
		return expected{Want: w, made: cluster.Admitted(w.Pod, sa)}
	}
	subject := evidence.Subject{Kind: evidence.SubjectServiceAccount, Name: namespace + "/" + foreign.Text(name, 253)}
	gap := cluster.GapOf(evidence.CheckPullSecrets, subject, err)
	switch cluster.ReasonOf(err) {
	case cluster.NoCluster:
		gap.Why = foreign.Text("no cluster is asked in this run, so what pull secrets the service account "+name+" brings is not known", 300)
		gap.Needs = "--docker-config FILE, or the service account and its secrets in the file"
	case cluster.NotFound:
		gap.Why = foreign.Text("there is no service account "+name+" in namespace "+namespace+" yet, so that its pull secrets are not known", 200)
	}
	return expected{Want: w, made: cluster.Admitted(w.Pod, nil), accountUnseen: true, gaps: []evidence.Gap{gap}}
}

// assemble makes a patient of each image on each kind of node, and fills in what
// the facts say.
func (f *foresight) assemble(ctx context.Context) {
	for _, pod := range f.pods {
		places, gaps := f.places(ctx, pod.made)
		pod.gaps = slices.Concat(gaps, pod.gaps)
		for _, pull := range pod.pulls() {
			for _, place := range places {
				if len(f.patients) >= maxForeseen {
					f.survey.NotLookedAt = append(f.survey.NotLookedAt, evidence.Gap{
						Check: evidence.CheckPods, Subject: evidence.Subject{Kind: evidence.SubjectWorkload, Name: workloadName(pod.Object)},
						Why: "one run looks at no more than " + number(maxForeseen) + " pulls", Needs: "fewer objects in one run"})
					return
				}
				f.patient(ctx, pod, pull, place)
			}
		}
	}
}

// pulls of the pod: of one that exists with what its status says of those that
// fail.
func (x expected) pulls() []evidence.Pull {
	pulls := cluster.Pulls(x.made)
	var failing []evidence.Pull
	if x.Exists {
		failing = cluster.FailingPulls(x.made)
	}
	for i := range pulls {
		pulls[i].Owner = x.Object
		for _, f := range failing {
			if f.Container == pulls[i].Container && f.ContainerKind == pulls[i].ContainerKind {
				pulls[i].Reason, pulls[i].Message = f.Reason, f.Message
			}
		}
	}
	return pulls
}

// places are the kinds of nodes that the pod may land on.
func (f *foresight) places(ctx context.Context, pod *corev1.Pod) ([]cluster.Place, []evidence.Gap) {
	if len(f.q.Platforms) > 0 {
		return cluster.PlacesOf(pod, f.q.Platforms), nil
	}
	if name := pod.Spec.NodeName; name != "" {
		subject := evidence.Subject{Kind: evidence.SubjectNode, Name: foreign.Text(name, 253)}
		node, err := f.run.Node(ctx, name)
		if err != nil {
			places, _ := cluster.Places(pod, nil)
			return places, []evidence.Gap{cluster.GapOf(evidence.CheckNode, subject, err)}
		}
		places, _ := cluster.Places(pod, []*corev1.Node{node})
		return places, nil
	}
	subject := evidence.Subject{Kind: evidence.SubjectNode, Name: "all"}
	places, more := cluster.Places(pod, f.nodes)
	var gaps []evidence.Gap
	if cluster.ReasonOf(f.nodesErr) == cluster.NoCluster {
		if places[0].Platform.Arch == "" {
			gaps = append(gaps, evidence.Gap{Check: evidence.CheckNode, Subject: subject,
				Why: "no cluster is asked in this run, so it is not known which platform the image has to be for", Needs: "--platform OS/ARCH"})
		}
	} else if f.nodesErr != nil {
		gaps = append(gaps, cluster.GapOf(evidence.CheckNode, subject, f.nodesErr))
	} else if len(places[0].Nodes) == 0 {
		gaps = append(gaps, evidence.Gap{Check: evidence.CheckNode, Subject: subject,
			Why: "the cluster has no node that the pod may land on (by its nodeSelector, required affinity and tolerations)"})
	}
	if more {
		f.survey.NotLookedAt = append(f.survey.NotLookedAt, evidence.Gap{Check: evidence.CheckNode, Subject: subject,
			Why: "a pod may land on nodes of more than " + number(len(places)) + " platforms, and only these were looked at"})
	}
	return places, gaps
}

// patient adds one pull to come, and fills in what the facts say.
func (f *foresight) patient(ctx context.Context, pod expected, pull evidence.Pull, place cluster.Place) {
	p := &patient{e: evidence.Evidence{Pull: pull, Findings: []evidence.Finding{}}, pod: pod.made, image: cluster.Written(pod.made, pull)}
	p.gap(pod.gaps...)
	at := &p.e.Pull
	at.Node, at.Platform = "", place.Platform
	if pull.Reason != "" {
		p.e.Symptom = symptom.Parse(first(pull.Message, pull.Reason))
	}
	p.say(cluster.ReadReference(*at, p.image, f.now))
	p.say(nodesOf(at, place, f.now)...)
	p.say(evidence.FromSymptom(p.e.Symptom, *at)...)
	holding := place.Holding(at.Reference)
	p.say(f.present(*at, place, holding)...)
	f.credentials(ctx, p, pod.accountUnseen)
	f.patients = append(f.patients, p)
	f.pulls = append(f.pulls, Foresight{Want: pod.Want, Place: place, Holding: holding})
}

// nodesOf are the findings about the nodes of a place: of the only one, which the
// pull then is on, all; of several, those that have no room.
func nodesOf(at *evidence.Pull, place cluster.Place, now time.Time) []evidence.Finding {
	if len(place.Nodes) == 1 {
		at.Node = place.Nodes[0].Name
		return cluster.ReadNode(at, place.Nodes[0], now)
	}
	var full []evidence.Finding
	for _, node := range place.Nodes {
		other := *at
		for _, found := range cluster.ReadNode(&other, node, now) {
			if found.Outcome == evidence.NodeDiskPressure {
				full = append(full, found)
			}
		}
	}
	return full
}

// credentials fills in what the kubelet would try.
func (f *foresight) credentials(ctx context.Context, p *patient, accountUnseen bool) {
	answers := f.secretsOf(ctx, p)
	if accountUnseen {
		answers = append(answers, cluster.SecretAnswer{Name: "of the service account", Err: errAccountUnseen})
	}
	p.creds = cluster.ReadCredentials(p.e.Pull, p.image, answers, f.now)
	p.say(p.creds.Findings...)
	for _, g := range p.creds.NotLookedAt {
		if !accountUnseen || g.Why != errAccountUnseen.Error() { // the gap of the account has told it
			p.gap(g)
		}
	}
}

// errAccountUnseen stands for the secrets that a service account may bring.
var errAccountUnseen = errors.New("the service account is not known")

// secretsOf are the answers for the pull secrets of a pod: those that come along
// before those of the cluster.
func (f *foresight) secretsOf(ctx context.Context, p *patient) []cluster.SecretAnswer {
	var answers []cluster.SecretAnswer
	namespace := p.pod.Namespace
	for _, s := range firstSecrets(p.pod) {
		if i := slices.IndexFunc(f.q.Secrets, func(k keyring.Secret) bool { return k.Namespace == namespace && k.Name == s.Name }); i >= 0 {
			answers = append(answers, cluster.SecretAnswer{Name: s.Name, Secret: f.q.Secrets[i], Written: f.now})
			continue
		}
		a := f.run.PullSecret(ctx, namespace, s.Name)
		if a.Err == nil {
			f.secrets[namespace+"/"+s.Name] = true
		}
		answers = append(answers, a)
	}
	if len(p.pod.Spec.ImagePullSecrets) > maxSecrets {
		p.gap(evidence.Gap{Check: evidence.CheckPullSecrets, Subject: evidence.Subject{Kind: evidence.SubjectWorkload, Name: workloadName(p.e.Pull.Owner)},
			Why: "the pod names more than " + number(maxSecrets) + " pull secrets, and only the first were read"})
	}
	return answers
}

// present tells on which nodes of the place the image is, in their kubelets' own
// words.
func (f *foresight) present(p evidence.Pull, place cluster.Place, h cluster.Holding) []evidence.Finding {
	var found []evidence.Finding
	say := func(o evidence.Outcome, nodes []string, check evidence.Check, sentence string) {
		found = append(found, evidence.Finding{
			Check: check, Outcome: o, Vantage: evidence.Node, Time: f.now,
			Subject: evidence.Subject{Kind: evidence.SubjectNode, Name: nodes[0]}, Sentence: foreign.Text(sentence, 200),
			Details: map[string]string{"nodes": foreign.Text(strings.Join(nodes, ","), 1000)},
		})
	}
	if p.Reference.Repository == "" {
		return nil
	}
	if len(h.On) > 0 {
		say(evidence.ImageOnNode, h.On, evidence.CheckNode, someOf(h.On, len(place.Nodes))+" the image among those that are there")
	}
	if len(h.Without) > 0 {
		say(evidence.ImageNotOnNode, h.Without, evidence.CheckNode, someOf(h.Without, len(place.Nodes))+" the images that are there, and not this one")
	}
	if p.Policy == string(corev1.PullNever) && len(h.Without) > 0 {
		say(evidence.PolicyNeverAndAbsent, h.Without, evidence.CheckPolicy, "imagePullPolicy is Never, and "+someOf(h.Without, len(place.Nodes))+" the images that are there, and not this one")
	}
	return found
}

// someOf names the nodes of which something is so: "node-a lists", "2 of 5 nodes
// (a, b) list".
func someOf(nodes []string, of int) string {
	if of == 1 {
		return "node " + nodes[0] + " lists"
	}
	const shown = 3
	names := strings.Join(nodes[:min(len(nodes), shown)], ", ")
	if len(nodes) > shown {
		names += " ..."
	}
	return fmt.Sprintf("%d of %d nodes (%s) list", len(nodes), of, names)
}

// ask asks other pods' events, the registries, and once more as the person.
func (f *foresight) ask(ctx context.Context, around surroundings) {
	var all []*evidence.Evidence
	for _, failing := range around.failing {
		for _, p := range failing.Pulls {
			all = append(all, bystander(p))
		}
	}
	others := cluster.NewOthers(f.run, f.seen, all)
	ladders := f.ladders(func(p *patient) bool {
		return p.e.Pull.Policy != string(corev1.PullNever) && p.e.Pull.Reference.Host != "" && p.creds.Sends != keyring.SendsNothing
	})
	shown := make([][]evidence.Finding, len(f.patients))
	group := limited(sideBySide)
	for i, p := range f.patients {
		group.Go(func() error {
			pull := p.e.Pull
			// What was pulled shortly before now, on these nodes and by this pod, too.
			pull.PodCreated, pull.Node, pull.PodUID = f.now, "", ""
			shown[i] = others.Findings(ctx, pull, p.e.Symptom, f.now)
			return nil
		})
	}
	probes := f.climb(ctx, ladders)
	if f.q.Me != nil {
		f.asMe(ctx)
	}
	_ = group.Wait()
	_ = probes.Wait()
	for i, p := range f.patients {
		p.say(shown[i]...)
		f.pulls[i].Failing = f.beside(p, f.pulls[i].Place, all)
	}
	tellAll(ladders)
	f.names()
}

// beside are those of the failing pulls that want the patient's image on a node
// of the place, and are not the patient's own; at most maxBeside of a node.
func (f *foresight) beside(p *patient, place cluster.Place, failing []*evidence.Evidence) []evidence.Evidence {
	var found []evidence.Evidence
	ref := p.e.Pull.Reference
	if ref.Host == "" {
		return nil
	}
	of := map[string]int{}
	for _, e := range failing {
		at := e.Pull
		if at.Reference.Host != ref.Host || cluster.Canonical(at.Reference) != cluster.Canonical(ref) || of[at.Node] >= maxBeside ||
			at.PodUID != "" && at.PodUID == p.e.Pull.PodUID ||
			!slices.ContainsFunc(place.Nodes, func(n *corev1.Node) bool { return n.Name == at.Node }) {
			continue
		}
		of[at.Node]++
		one := *e
		one.Findings = evidence.FromSymptom(e.Symptom, at)
		found = append(found, one)
	}
	return found
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
	"github.com/pullmedic/pullmedic/symptom"
)

// askAround asks, side by side, what other pulls show, what the service
// accounts and other namespaces have, and the registries.
func (l *look) askAround(ctx context.Context) {
	all := slices.Clone(l.bystanders)
	for _, p := range l.patients {
		all = append(all, &evidence.Evidence{Pull: p.e.Pull, Symptom: p.e.Symptom})
	}
	others := cluster.NewOthers(l.run, l.seen, all)
	ladders := l.ladders(func(p *patient) bool { return !p.unmade() && !p.recovered() && l.x.worth(p.e, p.creds.Sends) })

	type around struct{ elsewhere, account, others []evidence.Finding }
	answers := make([]around, len(l.patients))
	group := limited(sideBySide)
	for i, p := range l.patients {
		group.Go(func() error {
			answers[i] = around{l.elsewhere(ctx, p), l.account(ctx, p), others.Findings(ctx, p.e.Pull, p.e.Symptom, l.now)}
			return nil
		})
	}
	probes := l.climb(ctx, ladders)
	_ = group.Wait()
	_ = probes.Wait()

	for i, p := range l.patients {
		p.say(answers[i].elsewhere...)
		p.say(answers[i].account...)
		p.say(answers[i].others...)
		previous, _ := p.previous()
		p.say(previous...)
	}
	tellAll(ladders)
	l.names()
	l.sizes(ctx)
}

// climb asks the registries, side by side; the group waits for all answers.
func (l *look) climb(ctx context.Context, ladders []*ladder) *errgroup.Group {
	probes := limited(probesAtOnce)
	for _, a := range ladders {
		probes.Go(func() error {
			a.findings, a.gaps = l.x.prober.Probe(ctx, a.target)
			return nil
		})
	}
	return probes
}

// tellAll gives each pull the answers to what it asked.
func tellAll(ladders []*ladder) {
	for _, a := range ladders {
		for _, p := range a.asks {
			p.say(a.findings...)
			p.gap(a.gaps...)
		}
	}
}

// elsewhere looks for a secret that is missing in other namespaces.
func (l *look) elsewhere(ctx context.Context, p *patient) []evidence.Finding {
	var found []evidence.Finding
	for _, f := range p.creds.Findings {
		if f.Outcome != evidence.SecretAbsent || f.Vantage != evidence.Cluster {
			continue
		}
		_, name, _ := strings.Cut(f.Subject.Name, "/")
		if spaces := l.run.SecretElsewhere(ctx, l.seen, p.pod.Namespace, name); len(spaces) > 0 {
			found = append(found, evidence.Finding{
				Check: evidence.CheckPullSecrets, Outcome: evidence.SecretElsewhere, Vantage: evidence.Cluster, Time: l.now,
				Subject:  f.Subject,
				Sentence: "a secret " + name + " is in namespace " + strings.Join(spaces, ", ") + "; a pod can use those of its own only",
				Details:  map[string]string{"namespaces": strings.Join(spaces, ",")},
			})
		}
	}
	return found
}

// account compares the service account's pull secrets with the pod's.
func (l *look) account(ctx context.Context, p *patient) []evidence.Finding {
	pull := p.e.Pull
	if p.unmade() || pull.ServiceAccount == "" || pull.ContainerKind == evidence.Sandbox || pull.Reference.Host == "" {
		return nil
	}
	sa, err := l.run.ServiceAccount(ctx, pull.Namespace, pull.ServiceAccount)
	if err != nil {
		subject := evidence.Subject{Kind: evidence.SubjectServiceAccount, Name: pull.Namespace + "/" + pull.ServiceAccount}
		p.gap(cluster.GapOf(evidence.CheckServiceAccount, subject, err))
		return nil
	}
	template := cluster.Template{}
	if t := p.owner.Template; t != nil {
		template.Known = true
		for _, s := range t.ImagePullSecrets {
			template.PullSecrets = append(template.PullSecrets, s.Name)
		}
	}
	return l.run.ReadAccount(ctx, pull, p.image, sa, template, l.now)
}

// A ladder is one question to a registry, and who asks it.
type ladder struct {
	target   registry.Target
	asks     []*patient
	findings []evidence.Finding
	gaps     []evidence.Gap
}

// ladders returns the questions to registries that are worth asking: one an
// image, platform and list of credentials.
func (l *look) ladders(worth func(*patient) bool) []*ladder {
	var list []*ladder
	known := map[string]*ladder{}
	for _, p := range l.patients {
		measure := !p.unmade() && !p.recovered() && l.sizeInQuestion(p) && p.creds.Sends != keyring.SendsNothing
		if !measure && !worth(p) {
			continue
		}
		limits := p.e.Symptom.Sign == symptom.RateLimited
		subject := evidence.Subject{Kind: evidence.SubjectRegistry, Name: p.e.Pull.Reference.Host}
		if l.x.prober == nil {
			p.gap(evidence.Gap{Check: evidence.CheckPing, Subject: subject, Why: "registries are not asked in this run", Needs: "--probe=anonymous or --probe=credentials"})
			continue
		}
		question := questionOf(p) + fmt.Sprint(measure, limits)
		a := known[question]
		if a == nil {
			if len(list) >= maxLadders {
				p.gap(evidence.Gap{Check: evidence.CheckPing, Subject: subject, Why: "one run asks registries about at most " + number(maxLadders) + " images",
					Needs: "a smaller scope (-n NAMESPACE, or diagnose TYPE/NAME)"})
				continue
			}
			a = &ladder{target: registry.Target{Reference: p.e.Pull.Reference, Platform: p.e.Pull.Platform, Credentials: p.creds.Tried, Measure: measure, Limits: limits}}
			a.target.KnownTags = slices.DeleteFunc(slices.Clone(l.seen.Tags(p.e.Pull.Reference)), func(tag string) bool { return tag == p.e.Pull.Reference.Tag })
			known[question] = a
			list = append(list, a)
		}
		if _, tag := p.previous(); tag != "" && !slices.Contains(a.target.KnownTags, tag) {
			a.target.KnownTags = append([]string{tag}, a.target.KnownTags...)
		}
		a.asks = append(a.asks, p)
	}
	return list
}

// questionOf is the same text for pulls that ask the same. Credentials count
// by the secret and key that they come from: the secret was read once.
func questionOf(p *patient) string {
	pull := p.e.Pull
	parts := []string{cluster.Canonical(pull.Reference), pull.Platform.OS, pull.Platform.Arch, pull.Platform.Variant}
	for _, c := range p.creds.Tried {
		parts = append(parts, c.Secret, c.Key)
	}
	return strings.Join(parts, "\x00")
}

func reference(image string) (evidence.Reference, error) { return keyring.ParseImage(image) }

func number(n int) string { return strconv.Itoa(n) }

func workloadName(o evidence.Object) string {
	return o.Namespace + "/" + o.String()
}

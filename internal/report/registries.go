// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/registry/families"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// Registries is what is known of all families.
func Registries() v1alpha1.Registries {
	r := v1alpha1.Registries{Document: v1alpha1.Head(v1alpha1.KindRegistries), Families: []v1alpha1.RegistryFamily{}}
	for _, f := range families.All() {
		r.Families = append(r.Families, family(f, f.Example()))
	}
	return r
}

// RegistriesOfKind is what is known of a kind of registry by its id; false if
// there is no such kind.
func RegistriesOfKind(id string) (v1alpha1.Registries, bool) {
	f := families.Named(id)
	if !f.Known() {
		return v1alpha1.Registries{}, false
	}
	return v1alpha1.Registries{Document: v1alpha1.Head(v1alpha1.KindRegistries), Families: []v1alpha1.RegistryFamily{family(f, f.Example())}}, true
}

// RegistryOf is what is known of one registry by its host; false if that is of
// no known family. The hosts that a pull needs are told in any case.
func RegistryOf(host string) (v1alpha1.Registries, bool) {
	f := families.Of(host, "", nil)
	one := family(f, host)
	one.Registry = clean(host)
	return v1alpha1.Registries{Document: v1alpha1.Head(v1alpha1.KindRegistries), Families: []v1alpha1.RegistryFamily{one}}, f.Known()
}

func family(f families.Family, registry string) v1alpha1.RegistryFamily {
	out := v1alpha1.RegistryFamily{
		ID: f.ID, Name: f.Name, KnownBy: f.KnownBy(), Tells: f.Kind, SaysNo: []v1alpha1.RegistryRefusal{}, Login: f.Login, Life: f.Life,
		Limits: some(f.Limits), Needs: some(f.Needs), Traps: some(f.Traps), Status: f.Status, Egress: hosts(f.Egress(registry)), Sources: some(f.Sources),
	}
	for _, r := range f.SaysNo {
		out.SaysNo = append(out.SaysNo, v1alpha1.RegistryRefusal{Means: r.Means, Says: r.Says})
	}
	return out
}

func hosts(from []families.Host) []v1alpha1.EgressHost {
	out := []v1alpha1.EgressHost{}
	for _, h := range from {
		one := v1alpha1.EgressHost{Host: clean(h.Name), Port: h.Port, When: h.When, For: []string{}}
		for _, p := range h.For {
			one.For = append(one.For, string(p))
		}
		out = append(out, one)
	}
	return out
}

// egress is every host that a pull needs: those of the table, and those that
// the registry led to.
func egress(d diagnosis.Diagnosis) []v1alpha1.EgressHost {
	registry := d.Pull.Reference.Host
	if registry == "" {
		return []v1alpha1.EgressHost{}
	}
	f := families.Of(registry, "", nil)
	for _, known := range d.Findings { // by its challenge or a header, if not by its host
		if !f.Known() && known.Check == evidence.CheckPing {
			f = families.Named(known.Details["family"])
		}
	}
	list := hosts(f.Egress(registry))
	led := func(host string, purpose families.Purpose) {
		name, port := host, 443
		if h, p, err := net.SplitHostPort(host); err == nil {
			name = h
			port, _ = strconv.Atoi(p)
		}
		i := slices.IndexFunc(list, func(h v1alpha1.EgressHost) bool { return h.Host == name && h.Port == port })
		if i < 0 {
			list = append(list, v1alpha1.EgressHost{Host: clean(name), Port: port, For: []string{}})
			i = len(list) - 1
		}
		list[i].Seen = true
		if !slices.Contains(list[i].For, string(purpose)) {
			list[i].For = append(list[i].For, string(purpose))
		}
	}
	for _, f := range d.Findings {
		if f.Vantage == evidence.Node {
			continue
		}
		switch {
		case f.Check == evidence.CheckPing && f.Outcome == evidence.RegistryAnswers && f.Details["host"] != "":
			led(f.Details["host"], families.API)
		case f.Check == evidence.CheckToken && f.Outcome != evidence.RealmForeign && f.Details["host"] != "":
			led(f.Details["host"], families.Login)
		case f.Outcome == evidence.BlobsPresent:
			for store := range strings.FieldsSeq(f.Details["stores"]) {
				led(store, families.Layers)
			}
		case f.Subject.Kind == evidence.SubjectBlobStore:
			led(f.Subject.Name, families.Layers)
		}
	}
	return list
}

// egress lists hosts under a name.
func (s *sheet) egress(list []v1alpha1.EgressHost) {
	s.several("Egress", list)
}

func egressWords(h v1alpha1.EgressHost) string {
	text := net.JoinHostPort(h.Host, strconv.Itoa(h.Port)) + ", " + strings.Join(h.For, " and ")
	if h.When != "" {
		text += ", " + h.When
	}
	if h.Seen {
		text += " (seen in this run)"
	}
	return text
}

// RegistriesText writes one family whole, or all in brief.
func RegistriesText(w io.Writer, r v1alpha1.Registries, style Style) error {
	s := newSheet(style)
	if len(r.Families) != 1 {
		width := 0
		for _, f := range r.Families {
			width = max(width, cells(f.ID))
		}
		for _, f := range r.Families {
			s.paragraph(pad(f.ID, width)+"  ", bold, normal(f.Name+" ("+f.Tells+"): "+f.Life))
		}
		s.blank()
		if command, ok := shell.Command(append(s.program(), "registries", "HOST")...); ok {
			s.paragraph("", plain, normal("open says what is missing, quiet lists no tags to everybody, hiding answers the same for private and missing. "+command+" tells all about one, and takes these names, too."))
		}
		return s.writeTo(w)
	}
	f := r.Families[0]
	s.hang("", plain, 2, painted(nonEmpty(f.Registry, f.ID)+":", bold), normal(nonEmpty(f.Name, "of no known family; its answers are read by status and code alone")))
	s.blank()
	s.several("Hosts", f.Egress)
	if f.Name == "" {
		s.field("", "and the token service and blob store that it names; diagnose -v shows them")
		return s.writeTo(w)
	}
	for i, n := range f.SaysNo {
		head := ""
		if i == 0 {
			head = "Says no"
		}
		s.field(head, n.Means+": "+n.Says)
	}
	s.field("Login", f.Login+"; "+f.Life)
	s.list("Limits", f.Limits)
	s.list("Needs", f.Needs)
	s.list("Traps", f.Traps)
	s.field("Status", f.Status)
	s.field("Known by", f.KnownBy)
	for i, link := range f.Sources {
		head := ""
		if i == 0 {
			head = "Sources"
		}
		s.b.WriteString(s.paint(bold, pad(head, column)))
		s.verbatim(0, plain, link)
	}
	return s.writeTo(w)
}

func (s *sheet) several(name string, hosts []v1alpha1.EgressHost) {
	var lines []string
	for _, h := range hosts {
		lines = append(lines, egressWords(h))
	}
	s.list(name, lines)
}

// list writes a field of several lines.
func (s *sheet) list(name string, lines []string) {
	for i, line := range lines {
		if i > 0 {
			name = ""
		}
		s.field(name, line)
	}
}

func nonEmpty(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

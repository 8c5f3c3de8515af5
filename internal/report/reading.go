// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/symptom"
)

// Reading is what an error text alone says, with the cause that the catalogue
// suggests for it.
func Reading(c *catalog.Catalog, s symptom.Symptom) v1alpha1.Reading {
	first, others := c.Suggest(s)
	r := v1alpha1.Reading{
		Document: v1alpha1.Head(v1alpha1.KindReading),
		Cause:    first.ID, Alternatives: []string{}, Meaning: first.Meaning, FirstAction: first.FirstAction,
		Symptom: Symptom(s),
	}
	switch {
	case first.ID == catalog.Other && s.Runtime == "kubelet":
		// What the kubelet says of every pull that failed, while it backs off.
		r.FirstAction = "Give the event before it as well, which begins with Failed to pull image and has the cause: this one tells only that a pull failed and the kubelet backs off."
	case first.ID == catalog.Other:
		r.FirstAction = "Give the whole error of the pod's event: this text is too short, or not about a pull."
	}
	for _, o := range others {
		r.Alternatives = append(r.Alternatives, o.ID)
	}
	return r
}

// ShownReading is the reading of a waiting reason alone, such as
// ImagePullBackOff: that says that a pull fails, and not why.
func ShownReading(r v1alpha1.Reading, reason string) v1alpha1.Reading {
	if r.Cause == catalog.Other {
		r.Meaning = clean(reason) + " is what the pod shows, not why: many causes show so"
		r.FirstAction = "Give the whole error of the pod's event that begins with Failed to pull image: it has the cause."
	}
	return r
}

// Symptom is the published shape of a symptom.
func Symptom(s symptom.Symptom) v1alpha1.Symptom {
	out := v1alpha1.Symptom{
		Sign: string(s.Sign), Runtime: clean(s.Runtime), Stage: string(s.Stage), Reference: clean(s.Reference), Code: clean(s.Code),
		Method: clean(s.Method), URL: clean(s.URL), Host: clean(s.Host), Role: string(s.Role), MirrorOf: clean(s.MirrorOf),
		Address: clean(s.Address), Status: max(s.Status, 0), RegistryCode: clean(s.RegistryCode), Detail: clean(s.Detail),
		CredentialSent: clean(s.CredentialSent), NodeTime: at(s.NodeTime), NotBefore: at(s.NotBefore), NotAfter: at(s.NotAfter),
	}
	if out.Sign == "" {
		out.Sign = string(symptom.Other)
	}
	for _, also := range s.Also {
		out.Also = append(out.Also, string(also))
	}
	return out
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package refusal

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
)

func TestTheWebhookRefusesWhatItIsAsked(t *testing.T) {
	answer := httptest.NewRecorder()
	refuse(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1"}}`)))
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(answer.Body.Bytes(), &review); err != nil {
		t.Fatal(err)
	}
	if r := review.Response; r == nil || r.UID != "u-1" || r.Allowed || r.Result.Message != Message {
		t.Errorf("it answers %s", answer.Body)
	}
}

func TestTheWebhookWantsAReview(t *testing.T) {
	answer := httptest.NewRecorder()
	refuse(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("hello")))
	if answer.Code != http.StatusBadRequest {
		t.Errorf("it answers %d", answer.Code)
	}
}

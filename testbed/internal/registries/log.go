// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"sync"
	"time"
)

// A Request is what is remembered of one request, from the moment before its
// answer begins, or when it was dropped. Nothing in it is secret: of
// a credential only its kind, and a mark that tells two credentials apart as
// long as this process lives.
type Request struct {
	Seq      int64     `json:"seq"`
	Time     time.Time `json:"time"`
	From     string    `json:"from"`     // the client's address
	Registry string    `json:"registry"` // its layout name
	Host     string    `json:"host"`     // that was asked for
	Method   string    `json:"method"`   // CONNECT for a connection that a rule broke
	Path     string    `json:"path"`
	Status   int       `json:"status"`
	Took     Duration  `json:"took"` // until the answer began
	// Credential is none, basic, bearer, or form (a password in a POST to a
	// token service).
	Credential string `json:"credential"`
	// Mark of a user and password: equal for equal ones.
	Mark string `json:"mark,omitempty"`
	// Rejected: the user and password were not accepted.
	Rejected bool `json:"rejected,omitempty"`
	// Rule that broke the request.
	Rule string `json:"rule,omitempty"`
}

// remembered is how many requests the log holds; the oldest go first.
const remembered = 20000

type requestLog struct {
	mu       sync.Mutex
	last     int64
	requests []Request // a ring once it is full
}

func newRequestLog() *requestLog { return &requestLog{} }

func (l *requestLog) add(request Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	request.Seq = l.last
	if request.Credential == "" {
		request.Credential = "none"
	}
	if len(l.requests) < remembered {
		l.requests = append(l.requests, request)
		return
	}
	l.requests[(l.last-1)%remembered] = request
}

// after gives the requests with a higher number, in order, and the number of
// the last one.
func (l *requestLog) after(seq int64) ([]Request, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := max(seq+1, l.last-int64(len(l.requests))+1)
	found := []Request{}
	for n := first; n <= l.last; n++ {
		found = append(found, l.requests[(n-1)%remembered])
	}
	return found, l.last
}

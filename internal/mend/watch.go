// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/symptom"
)

// Counted in looks, of which there are four a second unless Options say
// otherwise.
const (
	// settleLooks without any change end the watch once a pod has pulled: what
	// failed before and is still there waits for its owner, not for a registry.
	settleLooks = 20
	// goneLooks are settleLooks while the successor of a pod is still to be made: the
	// pod may take its grace period to go, 30 s unless it says otherwise.
	goneLooks = 120
	// unmadeLooks without a new pod before it is asked why, and as many more
	// before that is taken for the answer.
	unmadeLooks = 10
)

// A watcher looks at the pods of a plan's target until what failed has pulled,
// or the first new pod failed to.
type watcher struct {
	m    *Mender
	plan Plan
	// before are the pods that were there, by UID.
	before map[string]former
	// stale are the hashes of templates that show nothing of the change. Where the
	// plan changes the template, those of pods that failed or are evicted, and of
	// revisions that have other images than are wanted: a pod that still gets one of
	// them was not made from the new one. Where it leaves the template alone, those
	// of former revisions of which no pod failed: they pulled without the change.
	stale map[string]bool
	// inPlace are the pods that the plan changes themselves, by UID.
	inPlace map[string]bool
	// wanted is how many pods the owner is to have; see due.
	wanted int
	// first is when the first pod had pulled.
	first time.Time
	told  map[string]bool
	looks int
	// attempts of pods whose pull failed in a way that may pass, by UID.
	attempts map[string]*attempted
	// heardOfPulls are the events that pods which are changed in place had before, by
	// UID; heardOfPods are those about pods that could not be made. Without an answer
	// they are nil.
	heardOfPulls map[string]cluster.Heard
	heardOfPods  cluster.Heard
	going        bool           // pods were on their way out when one was refused
	hindrance    string         // why no new pod can be made as yet
	refused      int            // looks in which no new pod was there and its owner says why
	rest         []*corev1.Pod  // that the plan is still to evict
	spared       []string       // why pods of the plan were not evicted
	evicted      []*corev1.Pod  // so far
	again        int            // new pods that were evicted, or were to be
	early        map[string]int // looks at a pod that may have pulled early, by UID
	account      bool           // the plan changes the pods' service account
	template     bool           // the plan changes the pods' template
	lineage      lineage
	live         *unstructured.Unstructured // the target as it was read last; nil of a pod
	say          Tell
}

// A former is a pod as it was before the change.
type former struct {
	// messages of failing containers, and ids of all that had run, by name.
	messages, ids map[string]string
	// failing: a pull of it failed.
	failing bool
}

func newWatcher(m *Mender, p Plan, tell Tell) *watcher {
	w := &watcher{m: m, plan: p, say: tell, rest: p.goes(), before: map[string]former{}, stale: map[string]bool{}, inPlace: map[string]bool{}, told: map[string]bool{},
		attempts: map[string]*attempted{}, heardOfPulls: map[string]cluster.Heard{}, early: map[string]int{}}
	for _, c := range p.Changes {
		switch {
		case c.Object.Kind == "Pod":
			w.inPlace[c.Object.UID] = true
		case c.Object.Kind == "ServiceAccount":
			w.account = true
		case p.isTarget(c.Object):
			w.template = true
		}
	}
	for _, pod := range p.Case.Pods {
		w.know(pod)
	}
	for _, r := range p.Case.Target.Revisions {
		if r.Hash != "" && (w.template && p.otherImages(r.Template) || !w.template && !w.failed(r.Hash)) {
			w.stale[r.Hash] = true
		}
	}
	if p.Case.Target.Kind == "Pod" {
		w.inPlace[p.Case.Target.UID] = true
	}
	return w
}

// know notes a pod as it is before the change.
func (w *watcher) know(pod *corev1.Pod) {
	f := former{messages: messagesOf(pod), ids: map[string]string{}, failing: len(cluster.FailingPulls(pod)) > 0}
	for _, s := range statusesOf(pod) {
		f.ids[s.Name] = s.ContainerID
	}
	w.before[string(pod.UID)] = f
	if hash := templateHash(pod); w.template && hash != "" && w.goes(pod) {
		w.stale[hash] = true
	}
}

// goes tells a pod that failed before the change, or is evicted.
func (w *watcher) goes(pod *corev1.Pod) bool {
	return w.before[string(pod.UID)].failing || slices.Contains(w.plan.Evict, Pod{pod.Namespace, pod.Name, string(pod.UID)})
}

// failed tells a template of which a pod failed, or is evicted.
func (w *watcher) failed(hash string) bool {
	return slices.ContainsFunc(w.plan.Case.Pods, func(pod *corev1.Pod) bool { return templateHash(pod) == hash && w.goes(pod) })
}

// messagesOf are what a pod's containers say that they wait for.
func messagesOf(pod *corev1.Pod) map[string]string {
	messages := map[string]string{}
	for _, s := range statusesOf(pod) {
		if s.State.Waiting != nil {
			messages[s.Name] = s.State.Waiting.Message
		}
	}
	return messages
}

// begin notes what came since the plan was made, while a person thought it over:
// further pods, and what those of the plan say by now. None of it is of the change.
// If the pods cannot be read now, the watch says so soon.
func (w *watcher) begin(ctx context.Context) {
	pods, _ := w.pods(ctx)
	for _, pod := range pods {
		f, known := w.before[string(pod.UID)]
		if !known {
			w.know(pod)
			continue
		}
		f.messages = messagesOf(pod)
		w.before[string(pod.UID)] = f
		if w.inPlace[string(pod.UID)] {
			if heard, err := w.m.cluster.HeardOfPulls(ctx, pod); err == nil {
				w.heardOfPulls[string(pod.UID)] = heard
			}
		}
	}
	if w.plan.Case.Target.Kind != "Pod" {
		w.lastRefusal(ctx)
	}
}

// otherImages tells a template from the one that the plan wants, by the images that
// the plan sets. Templates are compared, as admission may rewrite those of pods.
func (p Plan) otherImages(template corev1.PodTemplateSpec) bool {
	return slices.ContainsFunc(p.Chosen, func(c Choice) bool {
		image, _ := imageOf(&corev1.Pod{Spec: template.Spec}, c.Diagnosis.Pull)
		return c.Remedy.Image != "" && image != "" && image != c.Remedy.Image
	})
}

// A look is what one look at the pods gave.
type look struct {
	pulled  []string
	waiting int    // pods that have the change and are not done
	pulling int    // those of them that a node has
	going   int    // pods that are on their way out
	old     int    // pods that failed before and do not have it yet
	unmade  int    // pods that were there before, and whose successors are still to be made
	serving int    // pods that were well before and have what is wanted
	failed  string // a pod with the change whose pull failed, and why
	ofAll   bool   // every other pod will fail so
	why     string // what is not done yet
	next    string // what a pod that pulled waits for now
	inPlace int    // pods that were changed in place and may still pull
	ended   string // why a pod will never pull
	back    string // who has set back what was changed
}

// same tells whether nothing has happened since another look.
func (l look) same(o look) bool {
	return len(l.pulled) == len(o.pulled) && l.waiting == o.waiting && l.old == o.old && l.unmade == o.unmade && l.failed == o.failed
}

// left are the pods that are still to pull.
func (l look) left() int { return l.waiting + l.old + l.unmade }

// wait watches until all that failed has pulled, the first new pod fails, or
// time runs out. first is called once, when the first pod has pulled.
func (w *watcher) wait(ctx context.Context, timeout time.Duration, first func()) Result {
	person := ctx
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(w.m.poll)
	defer tick.Stop()
	var last look
	trouble := "" // why the last looks gave nothing
	for n, still := 0, 0; ; n++ {
		l, err := w.look(ctx)
		var gone goneError
		switch {
		case errors.As(err, &gone):
			return Result{Outcome: TargetGone, Pulled: last.pulled, Why: string(gone), removed: true}
		case err != nil && ctx.Err() == nil:
			trouble = err.Error()
		case err == nil:
			trouble = ""
			if l.same(last) {
				still++
			} else {
				still = 0
			}
			last = l
			w.tell(l)
			if len(l.pulled) > 0 && w.first.IsZero() {
				w.first = w.m.now()
				first()
			}
			if r, done := w.judge(ctx, l, n, still); done {
				return r
			}
		}
		select {
		case <-ctx.Done():
			r := w.late(last, trouble)
			if person.Err() != nil && r.Outcome == StillPulling {
				r.Why = "the watch was interrupted; " + r.Why
			}
			return r
		case <-tick.C:
		}
	}
}

// judge says whether a look is final, and how the plan ended then.
func (w *watcher) judge(ctx context.Context, l look, n, still int) (Result, bool) {
	r := Result{Pulled: l.pulled, Left: l.left(), Next: l.next}
	switch {
	case l.back != "": // then the next pod fails again, whatever was pulled meanwhile
		when := "before a pod could pull"
		if n := len(l.pulled); n > 0 {
			when = "after pod/" + l.pulled[n-1] + " had pulled"
		}
		r.Outcome, r.Why = Undone, l.back+" has set back what was changed, "+when+"; halt it first"
		return r, true
	case l.failed != "" && len(l.pulled) == 0 && (l.ofAll || l.pulling == 0):
		r.Outcome, r.Why = Undone, l.failed
		return r, true
	case l.failed != "" && l.waiting == 0 && still >= settleLooks: // it does help, if not everywhere
		r.Outcome, r.Why, r.Left = StillPulling, l.failed, r.Left+1
		return r, true
	case l.failed != "":
		return r, false
	case r.Left == 0 && len(l.pulled) > 0:
		r.Outcome = Mended
		return r, true
	case r.Left == 0 && w.served(l):
		r.Outcome, r.Served = Mended, l.serving
		w.first = w.m.now()
		return r, true
	case len(l.pulled) > 0 && l.waiting == 0 && (l.unmade == 0 && still >= settleLooks || still >= goneLooks):
		r.Outcome = Mended
		return r, true
	case len(l.pulled) == 0 && l.waiting == 0:
		return w.unshown(ctx, l, n, r)
	}
	return r, false
}

// served tells that nothing needed to be pulled: what failed is gone, and as many
// pods as are wanted by now have run what is wanted all the time.
func (w *watcher) served(l look) bool { return l.serving > 0 && l.serving >= w.wanted }

// late is the result when time has run out.
func (w *watcher) late(l look, trouble string) Result {
	r := Result{Outcome: StillPulling, Pulled: l.pulled, Left: l.left(), Next: l.next, Why: l.why}
	switch {
	case l.failed != "":
		r.Why, r.Left = l.failed, r.Left+1
	case len(l.pulled) > 0 && l.waiting == 0:
		r.Outcome = Mended
	case r.Why != "":
	case w.hindrance != "":
		r.Why = w.hindrance
	case trouble != "":
		r.Why = trouble
	case l.old > 0:
		r.Why = fmt.Sprintf("%s has made no new pod; what failed before is still there", w.plan.Case.Target)
	default:
		r.Why = "no new pod was made"
	}
	return r
}

// tell tells of each pod once that it has pulled, and once what is waited for.
func (w *watcher) tell(l look) {
	for _, name := range l.pulled {
		if !w.told[name] {
			w.told[name] = true
			w.say("pulled: pod/" + name)
		}
	}
	for _, why := range []string{l.why, w.hindrance} {
		if why != "" && !w.told[why] {
			w.told[why] = true
			w.say(why)
		}
	}
}

// look looks once.
func (w *watcher) look(ctx context.Context) (look, error) {
	pods, err := w.pods(ctx)
	if err != nil {
		return look{}, err
	}
	var l look
	w.looks++
	if w.live != nil {
		l.back = w.setBack(w.live)
	}
	there := 0
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			l.going++
			continue
		}
		over := ended(pod)
		if over == "" || w.runsToEnd() {
			there++
		}
		state, why := w.state(pod)
		shown := state == failed
		if said := w.triedInVain(ctx, pod); state == waiting && said != "" {
			state, why = failed, said
		}
		if state == failed && w.anotherTry(ctx, pod) {
			state, why = waiting, "it begins anew"
		}
		if state == failed && w.pulledEarly(pod, why) {
			state, why = waiting, why+"; its kubelet may not have had the secret yet, so its next attempt tells"
		}
		if state == failed {
			if later := w.passing(ctx, pod, why, shown); later != "" {
				state, why = waiting, why+"; "+later
			}
		}
		if over != "" && (state == waiting || state == old) {
			l.ended = over
			continue // who made it makes another
		}
		if w.inPlace[string(pod.UID)] {
			l.inPlace++
		}
		switch state {
		case pulled:
			l.pulled = append(l.pulled, pod.Name)
			if why != "" {
				l.next = why
			}
		case failed:
			if all := ofAll(symptom.Parse(why).Sign); l.failed == "" || all && !l.ofAll {
				l.failed, l.ofAll = "pod/"+pod.Name+": "+why, all
			}
		case waiting:
			l.waiting++
			if pod.Spec.NodeName != "" {
				l.pulling++
			}
			l.why = "pod/" + pod.Name + ": " + why
		case old:
			l.old++
		case serving:
			l.serving++
		case other:
		}
	}
	l.unmade = max(0, w.due()-there)
	return l, nil
}

// due is how many pods are there again once their owner has made those that went:
// as many as before, but not more than it is to have now.
func (w *watcher) due() int {
	n := 0
	for _, pod := range w.plan.Case.Pods {
		if pod.DeletionTimestamp == nil {
			n++
		}
	}
	if w.runsToEnd() { // what is over stays
		return n
	}
	return min(n, w.wanted)
}

// runsToEnd tells that a pod which has ended is not made anew for that alone.
func (w *watcher) runsToEnd() bool {
	kind := w.plan.Case.Target.Kind
	return kind == "Job" || kind == "CronJob"
}

func (w *watcher) pods(ctx context.Context) ([]*corev1.Pod, error) {
	k := w.plan.Case
	if k.Target.Kind == "Pod" {
		pod, err := w.m.cluster.Pod(ctx, k.Target.Namespace, k.Target.Name)
		switch {
		case cluster.ReasonOf(err) == cluster.NotFound:
			return nil, w.gone("%s was removed meanwhile, and nobody makes it anew")
		case err != nil:
			return nil, err
		case string(pod.UID) != k.Target.UID:
			return nil, w.gone("%s was removed meanwhile, and another of that name made")
		case pod.DeletionTimestamp != nil:
			return nil, w.gone("%s is being deleted, and nobody makes it anew")
		}
		return []*corev1.Pod{pod}, nil
	}
	live, err := w.m.edit.Get(ctx, k.Target.Object)
	switch {
	case edit.ReasonOf(err) == edit.NotFound:
		return nil, w.gone("%s was removed meanwhile")
	case err != nil:
		return nil, err
	case string(live.GetUID()) != k.Target.UID:
		return nil, w.gone("%s was removed meanwhile, and another of that name made")
	case live.GetDeletionTimestamp() != nil:
		return nil, w.gone("%s is being deleted")
	}
	w.live, w.wanted = live, wantedPods(live)
	if w.lineage.sets == nil {
		w.lineage = w.m.lineage(live, k.Diagnoses)
	}
	return w.m.podsOf(ctx, selectorsOf(live, k.Diagnoses), w.lineage)
}

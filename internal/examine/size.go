// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/symptom"
)

// sizeInQuestion tells whether the image's size may be why it cannot be pulled:
// where time or room ran out. Then the registry is asked even if no answer of it
// can change the order of the causes, for the answer wants the figures. Only
// where single objects are looked at: an overview stays modest.
func (l *look) sizeInQuestion(p *patient) bool {
	if !l.whole || p.e.Pull.Reference.Host == "" || p.unmade() {
		return false
	}
	switch p.e.Symptom.Sign {
	case symptom.PullTimeout, symptom.DiskFull:
		return true
	}
	return p.found(evidence.PullUnfinished, evidence.NodeDiskPressure)
}

// sizes adds the node's side to the image's size: its disk, and when its runtime
// gives up.
func (l *look) sizes(ctx context.Context) {
	for _, p := range l.patients {
		if p.e.Pull.Node == "" || !l.sizeInQuestion(p) {
			continue
		}
		node, err := l.run.Node(ctx, p.e.Pull.Node)
		if err != nil {
			continue // told with the node's platform
		}
		if f, ok := cluster.ReadLimits(node, l.now); ok {
			p.say(f)
		}
		disk, ok := cluster.ReadDisk(node, l.now)
		if !ok {
			continue
		}
		p.say(disk)
		if f, ok := exceeds(p.e.Findings, disk); ok {
			p.say(f)
		}
	}
}

// exceeds tells an image that is larger, even compressed, than the node's disk.
func exceeds(findings []evidence.Finding, disk evidence.Finding) (evidence.Finding, bool) {
	i := slices.IndexFunc(findings, func(f evidence.Finding) bool { return f.Outcome == evidence.BlobsPresent })
	if i < 0 {
		return evidence.Finding{}, false
	}
	size, _ := strconv.ParseInt(findings[i].Details["bytes"], 10, 64)
	room, _ := strconv.ParseInt(disk.Details["capacity"], 10, 64)
	if size <= 0 || room <= 0 || size <= room {
		return evidence.Finding{}, false
	}
	return evidence.Finding{
		Check: evidence.CheckNode, Outcome: evidence.ImageExceedsDisk, Vantage: evidence.Cluster, Time: disk.Time, Subject: disk.Subject,
		Sentence: fmt.Sprintf("the image has %d MiB compressed, the node's whole disk %d MiB", size>>20, room>>20),
		Details:  map[string]string{"bytes": findings[i].Details["bytes"], "capacity": disk.Details["capacity"]},
	}, true
}

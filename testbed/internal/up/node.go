// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/place"
)

const containerd2Config = `version = 3
root = "%[1]s/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "%[1]s/cni"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = "%[2]s"
[plugins.'io.containerd.cri.v1.images']
  image_pull_progress_timeout = "45s"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "pause.local/pause:1"
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = "/etc/containerd/certs.d"
[plugins.'io.containerd.image-verifier.v1.bindir']
  bin_dir = "%[1]s/verifiers"
`

const containerd1Config = `version = 2
root = "%[1]s/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "pause.local/pause:1"
  image_pull_progress_timeout = "45s"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "%[1]s/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "%[2]s"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
`

const containerdConfig = "/etc/containerd/config.toml"

// A pull fails as it would on a machine of its own: no limit on pulls a second,
// none waits for another, no event waits behind those of a hundred other pods, of
// which there is room for more than the usual 110, and a shared disk that fills
// evicts nobody and costs no image.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /%s
resolvConf: ""
evictionHard: {memory.available: "1%%", nodefs.available: "1%%", imagefs.available: "1%%", nodefs.inodesFree: "0%%"}
imageGCHighThresholdPercent: 100
enforceNodeAllocatable: []
maxPods: 250
serializeImagePulls: false
registryPullQPS: %d
registryBurst: 1
eventRecordQPS: 500
eventBurst: 1000
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
port: 10250
readOnlyPort: 0
failSwapOn: false
`

// A Setting is how a node is set up otherwise than usual.
type Setting struct {
	// PullQPS of the kubelet, 0 is no limit.
	PullQPS int
	// Env of the runtime, such as HTTPS_PROXY=http://proxy:3128.
	Env []string
}

// Set starts a node's programs anew where their settings are others than what is
// asked for, and returns when the node is ready. The zero Setting is the usual.
func Set(ctx context.Context, t *cluster.Testbed, node layout.Node, setting Setting) error {
	u := &starter{testbed: t, store: Store(t)}
	before, _ := u.store.Record(node.Name + "-kubelet")
	if err := u.node(ctx, node, setting); err != nil {
		return fmt.Errorf("setting up %s: %w", node.Name, err)
	}
	after, err := u.store.Record(node.Name + "-kubelet")
	if err != nil {
		return err
	}
	return ready(ctx, t, node, before.PID != after.PID)
}

// Restart ends one of a node's programs, containerd or kubelet, and starts it
// again, and returns when the node is ready.
func Restart(ctx context.Context, t *cluster.Testbed, node layout.Node, program string) error {
	if err := Store(t).Restart(node.Name + "-" + program); err != nil {
		return err
	}
	return ready(ctx, t, node, program == "kubelet")
}

// RestartWith is Restart with variables of the program's environment set
// otherwise than they are, as a drop-in of systemd does.
func RestartWith(ctx context.Context, t *cluster.Testbed, node layout.Node, program string, env []string) error {
	store, name := Store(t), node.Name+"-"+program
	record, err := store.Record(name)
	if err != nil {
		return err
	}
	spec := record.Spec
	for _, set := range env {
		key, _, _ := strings.Cut(set, "=")
		spec.Env = append(slices.DeleteFunc(slices.Clone(spec.Env), func(e string) bool { return strings.HasPrefix(e, key+"=") }), set)
	}
	if err := store.Stop(name); err != nil {
		return err
	}
	if _, err := store.Start(spec); err != nil {
		return err
	}
	if program == "containerd" { // which tells systemd when it serves
		if err := wait(ctx, "containerd of "+node.Name, func() error {
			return t.Exec(ctx, node.Name, runtimeBin(t, node)+"/ctr", "version").Run()
		}); err != nil {
			return err
		}
	}
	return ready(ctx, t, node, program == "kubelet")
}

// Stop kills one of a node's programs.
func Stop(t *cluster.Testbed, node layout.Node, program string) error {
	return Store(t).Kill(node.Name + "-" + program)
}

// ready waits until a node is ready, as a kubelet says that was started just now
// or any.
func ready(ctx context.Context, t *cluster.Testbed, node layout.Node, anew bool) error {
	kube, err := t.Kube()
	if err != nil {
		return err
	}
	since := time.Now()
	return wait(ctx, node.Name, func() error {
		found, err := kube.CoreV1().Nodes().Get(ctx, node.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range found.Status.Conditions {
			if c.Type == corev1.NodeReady && (c.Status != corev1.ConditionTrue || anew && c.LastHeartbeatTime.Add(time.Second).Before(since)) {
				return fmt.Errorf("node %s: %s", node.Name, c.Message)
			}
		}
		return nil
	})
}

// node starts one node.
func (u *starter) node(ctx context.Context, node layout.Node, setting Setting) error {
	t := u.testbed
	older := node.Name == layout.Nodes[1].Name // its containerd is the 1.7 one
	dir := filepath.Join(t.Run(), node.Name)
	for _, d := range []string{t.NodeHostsDir(node.Name, ""), dir + "/cni", dir + "/providers", dir + "/verifiers"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("making the directories of %s: %w", node.Name, err)
		}
	}
	bin, config := runtimeBin(t, node), containerd2Config
	if older {
		config = containerd1Config
	}
	// As kubeadm and the packages of containerd have it.
	settings := place.NodeFile(t, node.Name, "/var/lib/kubelet/config.yaml")
	files := map[string]string{
		dir + "/cni/10-bridge.conf":                    `{"cniVersion":"0.4.0","name":"pods","type":"bridge","bridge":"cni0","isGateway":true,"ipam":{"type":"host-local","subnet":"` + node.Pods + `","routes":[{"dst":"0.0.0.0/0"}]}}`,
		place.NodeFile(t, node.Name, containerdConfig): fmt.Sprintf(config, dir, t.Bin("runc")),
		dir + "/providers.yaml":                        providersConfig,
		settings:                                       fmt.Sprintf(kubeletConfig, cgroup(node.Name), setting.PullQPS),
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing the configuration of %s: %w", node.Name, err)
		}
	}
	if err := writePrograms(dir); err != nil {
		return fmt.Errorf("writing the programs of %s: %w", node.Name, err)
	}
	path := []string{"PATH=" + Path(t, node)}
	if err := u.start(ctx, node.Name+"-containerd", node.Name, append(setting.Env, path...), bin+"/containerd", "-c", containerdConfig); err != nil {
		return err
	}
	if err := wait(ctx, "containerd of "+node.Name, func() error {
		return t.Exec(ctx, node.Name, bin+"/ctr", "-n", "k8s.io", "images", "import", t.PauseArchive()).Run()
	}); err != nil {
		return err
	}
	if err := makeCgroups(node.Name); err != nil {
		return err
	}
	kubeconfig, err := u.kubeconfig(filepath.Join(dir, "kubeconfig"), "system:node:"+node.Name)
	if err != nil {
		return err
	}
	return u.start(ctx, node.Name+"-kubelet", node.Name, path, t.Bin("kubelet"), "--config="+settings, "--kubeconfig="+kubeconfig,
		"--node-ip="+node.Addr, "--hostname-override="+node.Name, "--root-dir=/var/lib/kubelet", "--cert-dir=/var/lib/kubelet/pki",
		"--image-credential-provider-config="+dir+"/providers.yaml", "--image-credential-provider-bin-dir="+dir+"/providers")
}

// runtimeBin is the directory of a node's containerd, its shim and its ctr.
func runtimeBin(t *cluster.Testbed, node layout.Node) string {
	if node.Name == layout.Nodes[1].Name {
		return t.Bin("containerd1")
	}
	return t.Bin("containerd2")
}

// Path is where a node's programs look for others.
func Path(t *cluster.Testbed, node layout.Node) string {
	return runtimeBin(t, node) + ":" + filepath.Join(t.Dir(), "bin") + ":/usr/sbin:/usr/bin:/sbin:/bin"
}

const cgroupMount = "/sys/fs/cgroup"

// cgroup is the name of the cgroup below which a node's pods live.
func cgroup(node string) string { return "pullmedic-" + node }

// makeCgroups makes the kubelet's root in each cgroup v1 hierarchy: two kubelets
// that share one would delete each other's pods.
func makeCgroups(node string) error {
	hierarchies, err := os.ReadDir(cgroupMount)
	if err != nil {
		return fmt.Errorf("listing the cgroup hierarchies: %w", err)
	}
	for _, h := range hierarchies {
		if !h.IsDir() || h.Name() == "unified" {
			continue
		}
		dir := filepath.Join(cgroupMount, h.Name(), cgroup(node))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making cgroup %s: %w", dir, err)
		}
		if h.Name() != "cpuset" {
			continue
		}
		for _, f := range []string{"cpuset.cpus", "cpuset.mems"} {
			data, err := os.ReadFile(filepath.Join(cgroupMount, h.Name(), f))
			if err != nil {
				return fmt.Errorf("reading %s: %w", f, err)
			}
			if err := os.WriteFile(filepath.Join(dir, f), []byte(strings.TrimSpace(string(data))), 0o644); err != nil {
				return fmt.Errorf("writing %s of %s: %w", f, dir, err)
			}
		}
	}
	return nil
}

// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// handOver gives what has to be done by hand: on a node, at a registry, in a
// cloud account. A value gets into a command or a file only if it has the
// grammar of what it is; otherwise the step names it in words and has no
// command.
func (p *planner) handOver() []Remedy {
	var all []Remedy
	for _, f := range handedOver()[p.cause.Cause] {
		for _, r := range f(byHand{p}) {
			if r, ok := (byHand{p}).suited(r); ok {
				r.Kind = HandedOver
				all = append(all, r)
			}
		}
	}
	return all
}

// byHand is the planner as what is handed over sees it: its own methods give
// only what may be printed.
type byHand struct{ *planner }

// A handFamily makes handed-over remedies of one sort, none if they do not apply.
type handFamily func(byHand) []Remedy

// handedOver tells what is handed over for which cause, the best first: what mends
// it now, then what keeps it from coming back, then what only looks.
func handedOver() map[string][]handFamily {
	type h = []handFamily
	var (
		access  = h{byHand.writeSecret, byHand.pullAccount, byHand.credentialProvider, byHand.externalSecret, byHand.replaceJob}
		wayOut  = h{byHand.checkWay, byHand.egressList, byHand.proxyDropIn, byHand.hostsMirror}
		rebuild = h{byHand.pushAgain, byHand.replaceJob}
	)
	return map[string][]handFamily{
		catalog.InvalidImageName:    {byHand.replaceJob, byHand.helmRollback, byHand.correctSource},
		catalog.RepositoryNotFound:  {byHand.replaceJob, byHand.helmRollback, byHand.createRepository, byHand.correctSource},
		catalog.TagNotFound:         {byHand.replaceJob, byHand.helmRollback, byHand.correctSource, byHand.pushAgain},
		catalog.DigestNotFound:      {byHand.replaceJob, byHand.helmRollback, byHand.pushFromNode, byHand.correctSource},
		catalog.PlatformMismatch:    {byHand.helmRollback, byHand.buildPlatform, byHand.replaceJob},
		catalog.UnsupportedManifest: {byHand.helmRollback, byHand.convertImage, byHand.buildPlatform, byHand.replaceJob},
		catalog.LayerMissing:        append(h{byHand.pushFromNode}, rebuild...),
		catalog.ContentMismatch:     append(h{byHand.removeImage, byHand.hostsDirect}, rebuild...),

		catalog.CredentialsMissing:          access,
		catalog.SecretMissing:               append(h{byHand.helmRollback}, access...),
		catalog.SecretNotUsed:               access,
		catalog.ServiceAccountRace:          {byHand.recreatePods, byHand.replaceJob},
		catalog.CredentialsInvalid:          append(slices.Clone(access), byHand.auditLog),
		catalog.CredentialsExpired:          {byHand.writeSecret, byHand.pullAccount, byHand.credentialProvider, byHand.externalSecret},
		catalog.CredentialsBreakPublicImage: {byHand.writeSecret, byHand.pullAccount, byHand.externalSecret},
		catalog.SecretMalformed:             {byHand.writeSecret, byHand.externalSecret},
		catalog.PermissionDenied:            {byHand.grantPull, byHand.auditLog, byHand.pullAccount},
		catalog.CredentialProviderFailure:   {byHand.credentialProvider, byHand.grantPull, byHand.restartKubelet},
		catalog.ClientCertificateRequired:   {byHand.hostsClient},

		catalog.DNSFailure:            {byHand.checkDNS, byHand.egressList, byHand.hostsMirror},
		catalog.ConnectionTimeout:     wayOut,
		catalog.ConnectionRefused:     append(h{byHand.checkWay, byHand.hostsMirror}, byHand.egressList),
		catalog.ConnectionReset:       wayOut,
		catalog.NoRoute:               wayOut,
		catalog.TLSVersionUnsupported: {byHand.tlsAtRegistry},
		catalog.TLSUntrusted:          {byHand.hostsCA, byHand.systemCA, byHand.tlsAtRegistry},
		catalog.TLSInvalid:            {byHand.tlsAtRegistry},
		catalog.ClockSkew:             {byHand.setClock},
		catalog.HTTPInsteadOfHTTPS:    {byHand.tlsAtRegistry, byHand.hostsHTTP},
		catalog.ProxyFailure:          {byHand.proxyDropIn, byHand.egressList},

		catalog.RateLimited:           {byHand.writeSecret, byHand.hostsMirror, byHand.pullAccount},
		catalog.RegistryUnavailable:   {byHand.registryStatus, byHand.hostsMirror},
		catalog.RegistryRetired:       {byHand.newAddress, byHand.replaceJob},
		catalog.RegistryPolicyBlocked: {byHand.registryPolicy, byHand.auditLog},
		catalog.UpstreamCacheFailure:  {byHand.cacheLogin, byHand.hostsDirect},

		catalog.DiskFull:               {byHand.freeDisk, byHand.imageGC},
		catalog.CorruptedCache:         {byHand.removeImage, byHand.renewStore},
		catalog.UnpackFailed:           {byHand.unpackSpace, byHand.removeImage, byHand.buildPlatform},
		catalog.RuntimeUnavailable:     {byHand.restartRuntime},
		catalog.RuntimeConfigInvalid:   {byHand.runtimeConfig, byHand.hostsDirect},
		catalog.PullTimeout:            {byHand.progressTimeout, byHand.parallelPulls, byHand.checkWay},
		catalog.PullStuck:              {byHand.recreatePods, byHand.restartStuck, byHand.parallelPulls, byHand.progressTimeout},
		catalog.PullThrottledByKubelet: {byHand.pullQPS},

		catalog.NeverPull:                {byHand.loadImage, byHand.replaceJob},
		catalog.SignatureRejected:        {byHand.signImage, byHand.signaturePolicy, byHand.replaceJob},
		catalog.AdmissionDenied:          {byHand.admissionRule},
		catalog.CredentialReverification: {byHand.writeSecret, byHand.verificationAllowlist},

		catalog.MirrorFailure: {byHand.hostsDirect, byHand.hostsMirror},

		catalog.AccessDeniedAmbiguous: {byHand.askWhoMaySee, byHand.auditLog},
		catalog.Other:                 {byHand.askNode},
	}
}

// The places where steps are done, beside nodes.
const (
	withKubectl = "where kubectl is"
	atRegistry  = "at the registry"
	withCloud   = "where the cloud's command line is logged in"
	withSources = "where the image is built"
	withDocs    = "where the workload's source is"
	anyNode     = "as root on each node that ran it"
	thatNode    = "as root on that node"
)

// onNode is the pull's node as a place, with who one has to be there.
func (p byHand) onNode() string {
	as := "as root "
	if !p.system().commands() {
		as = ""
	}
	if n := p.node(); n != "" {
		return as + "on node " + n
	}
	return as + "on the pod's node"
}

// sh is a command of words, "" if one of them may not be printed.
func sh(words ...string) string {
	command, ok := shell.Command(words...)
	if !ok {
		return ""
	}
	return command
}

// joined puts an operator of the shell between lines, "" if one is missing.
func joined(operator string, lines ...string) string {
	for _, l := range lines {
		if l == "" {
			return ""
		}
	}
	return strings.Join(lines, " "+operator+" ")
}

// pipe sends what each command says into the next.
func pipe(lines ...string) string { return joined("|", lines...) }

// into writes what a command says into a file.
func into(command, file string) string { return joined(">", command, sh(file)) }

// printable are those that could be printed.
func printable(all ...string) []string {
	var some []string
	for _, l := range all {
		if l != "" {
			some = append(some, l)
		}
	}
	return some
}

// asking adds a flag whose value only the person knows (or for no flag that value
// alone): a variable of the shell, without which the command does not run.
func asking(command, flag, prefix, variable string) string {
	if command == "" {
		return ""
	}
	if flag != "" {
		flag += " "
	}
	return command + " " + flag + prefix + `"${` + variable + `:?}"`
}

// copyOf is the name under which this plan keeps a file. It has the plan's time, so
// that no plan takes what an earlier one kept for its own.
func (p byHand) copyOf(path string) string {
	return path + ".before-" + p.Now.UTC().Format("20060102-150405")
}

// keepCopy copies a file beside itself, if it is there and this plan's copy is not:
// what is done twice keeps what was there before the first time.
func (p byHand) keepCopy(path string) string {
	return joined("||", sh("test", "!", "-e", path), sh("test", "-e", p.copyOf(path)), sh("cp", "-p", path, p.copyOf(path)))
}

// putBack puts back what keepCopy kept, or takes the file away.
func (p byHand) putBack(path string) string {
	return joined("||", joined("&&", sh("test", "-e", p.copyOf(path)), sh("mv", p.copyOf(path), path)), sh("rm", "-f", path))
}

// orWords are said in place of a value that may not be printed.
func orWords(value, instead string) string {
	if value == "" {
		return instead
	}
	return value
}

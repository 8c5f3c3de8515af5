// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"strings"
)

// A cloud is what a registry's name tells of its place in a cloud.
type cloud struct{ account, region string }

func (p byHand) ecr() (cloud, bool) {
	if m := ecrGrammar.FindStringSubmatch(p.host()); m != nil {
		return cloud{account: m[1], region: m[2]}, true
	}
	return cloud{}, false
}

// google takes the project and the repository from the image's path.
func (p byHand) google() (place, project, repository string, ok bool) {
	m := googleGrammar.FindStringSubmatch(p.host())
	parts := strings.Split(p.repository(), "/")
	if m == nil || len(parts) < 2 {
		return "", "", "", false
	}
	return m[1], parts[0], parts[1], true
}

func (p byHand) azure() (name string, ok bool) {
	m := azureGrammar.FindStringSubmatch(p.host())
	if m == nil {
		return "", false
	}
	return m[1], true
}

// writeSecret writes the pull secret anew from a file, so that no password is on
// a command line. The registry's tools that write such a file themselves put
// the login into it; a credential store would leave an empty entry there.
//
// What a bare pod names cannot be changed, and a static pod can name none: for
// these the login goes another way, see login.
func (p byHand) writeSecret() []Remedy {
	named, host := p.secret() != "", p.host()
	if p.bare() && (!named || p.static()) {
		return nil
	}
	name := orWords(p.secret(), "pull-secret")
	var risks []string
	if t, ok := p.token(); ok {
		risks = append(risks, "The token is that of whoever runs this, with their rights, and ends after "+t.life+": the pull fails again then, unless something renews the secret or the nodes log in by themselves")
	}
	steps := p.loginFile(name, named)
	if !p.bare() {
		step := Step{What: "If the pods do not name it, name it in their template under imagePullSecrets; linked to the service account it counts for pods that are made afterwards", Where: withDocs, Afterwards: "kubectl pullmedic diagnose says that the login is the only match and may pull"}
		if !named {
			step.What = "Name it in the pods' template under imagePullSecrets, as nothing names it yet; linked to the service account it counts for pods that are made afterwards"
		}
		steps = append(steps, step)
	}
	return []Remedy{{
		ID: "write-secret", Title: fmt.Sprintf("Write secret %s of %s with a login that %s takes", name, orWords(p.namespace(), "the pod's namespace"), orWords(host, "the registry")),
		Risks: append(risks, "A secret with more registries than this one loses the others: its whole content is replaced", "An immutable secret, or one of another type, has to be made under another name, and the pods name that"),
		Steps: steps,
	}}
}

// loginFile makes a pull secret of a login that somebody types, or of a cloud's
// token; named tells whether the pods that fail name it.
func (p byHand) loginFile(name string, named bool) []Step {
	command, how := p.logIn("pull.json")
	applied := "secret/" + name + " serverside-applied"
	if named {
		applied += "; the kubelet reads it at its next attempt, within 300 s plus up to 15"
	}
	return []Step{
		{What: "Log in with a file of its own, which skopeo, podman and buildah write themselves; " + how, Where: withKubectl, Commands: printable(command), Afterwards: "Login Succeeded, and pull.json has an entry with auth"},
		{What: "Write the secret from it", Where: withKubectl, Commands: printable(p.secretCommand(name)), Afterwards: applied},
		{What: "Delete the file", Where: withKubectl, Commands: printable(sh("rm", "pull.json")), Afterwards: "it is gone"},
	}
}

// secretCommand writes the file into the secret. Server-side apply leaves no copy
// of it in an annotation.
func (p byHand) secretCommand(name string) string {
	return pipe(sh("kubectl", "create", "secret", "docker-registry", matching(dnsGrammar, name), "-n", p.namespace(), "--from-file=.dockerconfigjson=pull.json", "--dry-run=client", "-o", "yaml"),
		sh("kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-"))
}

// pullAccount is a login for pulling alone, by the registry's kind.
func (p byHand) pullAccount() []Remedy {
	f := p.family()
	r := Remedy{ID: "pull-account", Title: "Have a login at " + orWords(p.host(), "the registry") + " that may pull, and nothing else"}
	step := Step{Where: atRegistry, Afterwards: "kubectl pullmedic diagnose says that the registry takes it and that it may pull"}
	switch f.ID {
	case "docker-hub":
		step.What = "Make an access token of the organisation or of an account of its own, with the scope public read or read; an account has a limit of its own, and paid plans more"
	case "ghcr":
		step.What = "Make a personal access token (classic) with read:packages, and authorise it for the organisation if that has single sign-on; fine-grained tokens do not log in"
	case "gitlab":
		step.What = "Make a deploy token with read_registry in the project or group (Settings, Repository, Deploy tokens); CI_JOB_TOKEN ends with its job"
	case "quay":
		step.What = "Make a robot account in the organisation and give it read on the repository itself"
	case "harbor":
		step.What = "Make a robot account of the project with pull alone, note its end, and put its name between single quotes: it has a $"
	case "artifactory":
		step.What = "Make a user with read on the repository and an access token for it, with an end that you will know of"
	case "ecr", "artifact-registry":
		step.What = "No password lasts here: let the nodes pull with their own identity (credential-provider), or have something renew the secret (external-secret)"
	case "acr":
		step.What = "Let the nodes pull with their own identity, or make a token of the registry with content/read on this repository; the admin user never expires and may do everything"
		if name, ok := p.azure(); ok && p.repository() != "" {
			step.Where = withCloud
			step.Commands = printable(sh("az", "acr", "token", "create", "--registry", name, "--name", "kubernetes-pull", "--repository", p.repository(), "content/read"))
		}
	default:
		step.What = "Have whoever runs the registry make an account that may pull this repository, with an end that you will know of"
		if f.Login != "" {
			step.What += "; it logs in with: " + f.Login
		}
	}
	r.Steps = []Step{step}
	if f.Life != "" {
		r.Because = f.Life
	}
	return []Remedy{r}
}

// grantPull gives the account the right, by the registry's kind.
func (p byHand) grantPull() []Remedy {
	r := Remedy{ID: "grant-pull", Title: "Grant the right to pull " + orWords(p.named(), "the image"), Risks: []string{"It is a right to read, and counts for all that the repository has and will have"}}
	const afterwards = "nothing in the cluster changes, and the next attempt succeeds"
	if c, ok := p.ecr(); ok {
		const actions = `["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:BatchCheckLayerAvailability"]`
		policy := `{"Version":"2012-10-17","Statement":[{"Sid":"pull","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::CLUSTER_ACCOUNT:root"},"Action":` + actions + `}]}` + "\n"
		r.Steps = []Step{
			{What: "The nodes' role (or whoever made the login) may pull: AmazonEC2ContainerRegistryPullOnly is enough for it", Where: withCloud, Commands: printable(sh("aws", "iam", "list-roles", "--query", "Roles[?contains(RoleName,'ode')].RoleName", "--output", "text")), Afterwards: "the role of the nodes; attach the policy arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly to it with aws iam attach-role-policy"},
			{What: "Where the cluster is in another account than " + c.account + ", the repository's policy has to allow it as well: put that account's number in the place of CLUSTER_ACCOUNT; it replaces the policy that is there, so add its statements", Where: withCloud, File: &File{Path: "pull-policy.json", Content: policy},
				Commands:   printable(sh("aws", "ecr", "get-repository-policy", "--registry-id", c.account, "--region", c.region, "--repository-name", p.repository())),
				Afterwards: "then aws ecr set-repository-policy with --policy-text file://pull-policy.json; " + afterwards},
		}
		return []Remedy{r}
	}
	if place, project, repository, ok := p.google(); ok {
		r.Steps = []Step{{
			What: "Give the nodes' service account (or that of the key) the role on the repository: set ACCOUNT to its address first; nodes made with narrow access scopes need storage-ro or cloud-platform as well", Where: withCloud,
			Commands: printable(sh("gcloud", "artifacts", "repositories", "get-iam-policy", repository, "--location", place, "--project", project),
				asking(sh("gcloud", "artifacts", "repositories", "add-iam-policy-binding", repository, "--location", place, "--project", project, "--role", "roles/artifactregistry.reader"), "--member", "serviceAccount:", "ACCOUNT")),
			Afterwards: afterwards,
		}}
		return []Remedy{r}
	}
	if name, ok := p.azure(); ok {
		r.Steps = []Step{
			{What: "Give the kubelet's identity AcrPull on the registry: set CLUSTER and GROUP to the cluster's name and resource group first", Where: withCloud, Commands: printable(asking(asking(sh("az", "aks", "update", "--attach-acr", name), "--name", "", "CLUSTER"), "--resource-group", "", "GROUP"), sh("az", "acr", "check-health", "--name", name, "--yes")), Afterwards: afterwards},
			{What: "Without AKS, bind the role to the identity or service principal: set PRINCIPAL to its object id and SCOPE to the registry's id, which the first command prints", Where: withCloud, Commands: printable(sh("az", "acr", "show", "--name", name, "--query", "id", "--output", "tsv"), asking(asking(sh("az", "role", "assignment", "create", "--role", "AcrPull"), "--assignee", "", "PRINCIPAL"), "--scope", "", "SCOPE")), Afterwards: afterwards},
		}
		return []Remedy{r}
	}
	what := map[string]string{
		"docker-hub":        "Give the account's team read on the repository (Permissions), or make the account a member of the organisation",
		"ghcr":              "Give the account or its team read on the package (Package settings, Manage access), or have the package inherit from its repository",
		"gitlab":            "Give the account at least Reporter on the project, or take a deploy token of it with read_registry",
		"quay":              "Give the robot or team read on the repository (Settings, User and robot permissions)",
		"harbor":            "Give the account at least Limited guest on the project, or take a robot of the project with pull",
		"artifactory":       "Give the account's group read on the repository, and for a remote one on its cache",
		"artifact-registry": "Give the account the role roles/artifactregistry.reader on the repository",
	}[p.family().ID]
	r.Steps = []Step{{What: orWords(what, "Have whoever runs the registry give the account the right to pull this repository"), Where: atRegistry, Afterwards: afterwards}}
	return []Remedy{r}
}

// auditLog shows who was refused, where the registry's kind has a log of it.
func (p byHand) auditLog() []Remedy {
	r := Remedy{ID: "audit-log", Title: "See whom " + orWords(p.host(), "the registry") + " refused", Because: "the registry's own log names the account that came and the right that it lacked; the kubelet's words name neither"}
	const afterwards = "the account that came, the right that it lacked, and from which address"
	if c, ok := p.ecr(); ok {
		r.Steps = []Step{
			{What: "The last pulls, in the registry's account " + c.account, Where: withCloud, Commands: printable(sh("aws", "cloudtrail", "lookup-events", "--region", c.region, "--lookup-attributes", "AttributeKey=EventName,AttributeValue=BatchGetImage", "--max-results", "20", "--query", "Events[].CloudTrailEvent", "--output", "text")), Afterwards: afterwards + ": errorCode AccessDenied, userIdentity"},
			{What: "Logins, in the cluster's account", Where: withCloud, Commands: printable(sh("aws", "cloudtrail", "lookup-events", "--region", c.region, "--lookup-attributes", "AttributeKey=EventName,AttributeValue=GetAuthorizationToken", "--max-results", "20", "--query", "Events[].[EventTime,Username]", "--output", "table")), Afterwards: "which role asks for tokens, and when it last did"},
		}
		return []Remedy{r}
	}
	if _, project, _, ok := p.google(); ok {
		r.Steps = []Step{{
			What: "Refused reads of the last hour (Data Access audit logs have to be on for Artifact Registry)", Where: withCloud,
			Commands:   printable(sh("gcloud", "logging", "read", `protoPayload.serviceName="artifactregistry.googleapis.com" AND protoPayload.status.code=7`, "--project", project, "--freshness", "1h", "--limit", "20", "--format", "table(timestamp,protoPayload.authenticationInfo.principalEmail,protoPayload.resourceName)")),
			Afterwards: afterwards,
		}}
		return []Remedy{r}
	}
	if name, ok := p.azure(); ok {
		r.Steps = []Step{
			{What: "Find the workspace that the registry's diagnostic settings send ContainerRegistryLoginEvents and ContainerRegistryRepositoryEvents to", Where: withCloud, Commands: printable(sh("az", "acr", "show", "--name", name, "--query", "id", "--output", "tsv")), Afterwards: "its id, for az monitor diagnostic-settings list --resource ID"},
			{What: "Refused logins and pulls of the last hour: set WORKSPACE to the workspace's id first", Where: withCloud, Commands: printable(asking(sh("az", "monitor", "log-analytics", "query", "--analytics-query", "union ContainerRegistryLoginEvents, ContainerRegistryRepositoryEvents | where TimeGenerated > ago(1h) and ResultType startswith '4' | project TimeGenerated, Identity, CallerIpAddress, Repository, ResultDescription"), "--workspace", "", "WORKSPACE")), Afterwards: afterwards},
		}
		return []Remedy{r}
	}
	what := map[string]string{
		"docker-hub":  "Read the organisation's audit logs (Admin Console, Audit logs); refused pulls are not in them, removed members and revoked tokens are",
		"ghcr":        "Read the organisation's audit log (Settings, Logs, Audit log), with the query action:packages",
		"gitlab":      "Read the registry's log on a GitLab of your own (gitlab-ctl tail registry), or the project's audit events",
		"quay":        "Read the organisation's usage logs: pull_repo and pull_repo_failed, with the robot's name",
		"harbor":      "Read the project's log (Projects, Logs), and core.log of Harbor for refused logins",
		"artifactory": "Read access-audit.log and artifactory-access.log: DENIED with user, address and repository",
	}[p.family().ID]
	r.Steps = []Step{{What: orWords(what, "Ask whoever runs the registry for the lines of its access log with status 401 and 403 and this repository"), Where: atRegistry, Afterwards: afterwards}}
	return []Remedy{r}
}

// askWhoMaySee is the question that decides between private and missing.
func (p byHand) askWhoMaySee() []Remedy {
	login, how := p.logIn("see.json")
	return []Remedy{{
		ID: "ask-who-may-see", Title: "Ask with an account that is known to see " + orWords(p.named(), "the repository"),
		Because: "the registry gives the same answer for private and for missing, so only who may see it can tell",
		Steps: []Step{
			{What: "Log in with a file of its own, as somebody who may see the repository; " + how, Where: withKubectl, Commands: printable(login), Afterwards: "Login Succeeded"},
			{What: "Ask for the image", Where: withKubectl, Commands: printable(sh("skopeo", "inspect", "--raw", "--authfile", "see.json", withPrefix("docker://", p.stored()))), Afterwards: "a manifest: the image is there, and the cluster lacks a login or a right; manifest unknown: it is missing; denied: ask somebody else"},
			{What: "Delete the file", Where: withKubectl, Commands: printable(sh("rm", "see.json")), Afterwards: "it is gone"},
		},
	}}
}

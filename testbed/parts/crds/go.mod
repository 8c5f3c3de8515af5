module github.com/pullmedic/pullmedic/testbed/parts/crds

go 1.26.0

require (
	github.com/argoproj/argo-cd/v3 v3.4.13
	github.com/controlplaneio-fluxcd/flux-operator v0.53.0
	github.com/external-secrets/external-secrets v1.3.2
)

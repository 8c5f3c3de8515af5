# Every target runs on a bare Debian machine with Go and make. What starts a
# kubelet (test's last part, e2e, backoff) needs root and Linux; a plain user gets the
# rest and is told what was left out.

TESTBED  := testbed/bin/testbed
PLUGIN   := bin/kubectl-pullmedic
FUZZTIME ?= 30s
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  := -s -w -X github.com/pullmedic/pullmedic/internal/cli.version=$(VERSION)
# Runs a step, prints how long it took, and at the end what failed.
STEP     := ./tools/step
# A slow machine is no failure; the default would end a package after ten minutes.
GOTEST   := go test -timeout 60m
# A real cluster has its own pace: up to two tests that fail on it run once more,
# each alone, and the log tells which.
GOTESTSUM := bin/gotestsum
AGAIN     := --format testname --format-icons text --no-color --packages . --rerun-fails=1 --rerun-fails-max-failures=2 --rerun-fails-run-root-test --rerun-fails-report /dev/stdout
# TWICE=./tools/twice gives the runs over all faults a second try.
TWICE    ?=

.PHONY: all build demo test unit agreement integration e2e handover backoff bench fuzz lint vuln generate corpus clean

all: build

demo: ## a broken cluster to look at; needs no cluster
	go run ./cmd/kubectl-pullmedic demo

build: $(PLUGIN)

$(PLUGIN): FORCE
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/kubectl-pullmedic

test: unit agreement integration ## all tests; as a plain user without what starts a kubelet

unit: ## the product's own tests
	$(STEP) "unit tests" $(GOTEST) ./...

agreement: ## ours against the kubelet's own code, 100,000 cases
	$(STEP) "keyring agreement" sh -c 'cd testbed && $(GOTEST) -count=1 -v ./agreement/'

integration: build ## the plugin against a real API server and kubelets
	@if [ "$$(id -u)" = 0 ] && [ "$$(uname -s)" = Linux ]; then \
	  $(MAKE) --no-print-directory testbed-up && \
	  $(STEP) "testbed unit tests" sh -c 'cd testbed && $(GOTEST) -count=1 ./internal/...' && \
	  (cd tools && go build -o ../$(GOTESTSUM) gotest.tools/gotestsum) && \
	  $(STEP) "integration tests" sh -c 'cd testbed/integration && ../../$(GOTESTSUM) $(AGAIN) -- -timeout 60m -count=1' && \
	  $(STEP) "25 faults" $(TWICE) $(TESTBED) e2e --core --plugin $(PLUGIN); \
	else \
	  $(STEP) "testbed unit tests" sh -c 'cd testbed && $(GOTEST) ./internal/...'; \
	  echo "Left out, as they start kubelets and need root on Linux: testbed/integration and make e2e; of testbed/internal/handover what needs skopeo, awscli or a registry, unless testbed build has made them"; \
	fi

.PHONY: testbed-up
testbed-up: $(TESTBED)
	$(STEP) "testbed build" $(TESTBED) build
	$(STEP) "testbed up" $(TESTBED) up

$(TESTBED): FORCE
	@mkdir -p testbed/bin
	cd testbed && go build -o bin/testbed .

e2e: build testbed-up ## every fault on every runtime, named and proven
	$(STEP) "e2e" $(TWICE) $(TESTBED) e2e --plugin $(PLUGIN)

handover: build testbed-up ## what is handed over, carried out to the letter on real nodes
	$(STEP) "handover" $(TWICE) $(TESTBED) handover --plugin $(PLUGIN)

backoff: build testbed-up ## when kubelets try again against what is told, 11 minutes; not part of test
	$(STEP) "backoff" $(TESTBED) backoff --plugin $(PLUGIN)

bench: build $(TESTBED) ## benchmarks; each prints its reference from the same run
	go test -run '^$$' -bench . -benchmem ./symptom ./internal/registry ./internal/cluster ./catalog
	@if [ "$$(id -u)" = 0 ] && [ "$$(uname -s)" = Linux ]; then \
	  $(STEP) "testbed build" $(TESTBED) build && \
	  $(STEP) "bench" $(TESTBED) bench --plugin $(PLUGIN); \
	else \
	  echo "Left out, as it starts an API server and needs root on Linux: the report on 10,000 pods"; \
	fi

fuzz: ## FUZZTIME=10m make fuzz for more
	@for t in $$(grep -rlE '^func Fuzz' --include='*_test.go' symptom kubelet internal catalog); do \
	  for f in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/p' $$t); do \
	    $(STEP) "fuzz $$f" go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$t) || exit 1; \
	  done; \
	done

lint: ## golangci-lint, from tools/
	@mkdir -p bin
	$(STEP) "build the linters" sh -c 'cd tools && go build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint'
	$(STEP) "lint" bin/golangci-lint run --allow-serial-runners ./...
	$(STEP) "lint testbed" sh -c 'cd testbed && ../bin/golangci-lint run --allow-serial-runners --config ../.golangci.yml ./...'

vuln: ## known vulnerabilities of what is linked (needs vuln.go.dev)
	cd tools && go build -o ../bin/govulncheck golang.org/x/vuln/cmd/govulncheck
	bin/govulncheck ./...

generate: ## what is made from other files: JSON Schema, tables of the docs, golden files, the README's pictures
	go test ./catalog ./api/... ./internal/report/... ./internal/watch ./internal/cli/... ./internal/remedy ./internal/registry/families -update
	./docs/pictures/make

corpus: build ## CORPUS=file.jsonl: how many labelled messages are named right
	PULLMEDIC_CORPUS=$(abspath $(CORPUS)) go test -count=1 -v -run Corpus ./catalog/ ./symptom/

clean:
	rm -rf bin testbed/bin

FORCE:

# The front door. Every target works as the first command on a fresh clone: it installs what is missing.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# `make test` never touches the cluster that a shell's KUBECONFIG names; only `make conformance` does.
# npm puts node_modules/.bin first on PATH, and the pinned Node with it: the system's Node may be older.
NPM := npm --silent
RUN := $(NPM) run
NODE := $(NPM) exec -- node

.PHONY: help
help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node_modules/.installed: package.json package-lock.json
	npm ci --ignore-scripts --no-fund --no-audit
	@touch $@

.PHONY: tools
tools: node_modules/.installed
	@sh test/setup.sh

.PHONY: demo
demo: tools ## Run the whole product on this machine and watch it (KEEP=1 leaves it running)
	@$(NODE) test/demo/main.ts $(if $(KEEP),--keep)

.PHONY: test
test: tools ## All tests (SUITE="unit contract" runs some of them)
	@env -u KUBECONFIG $(NODE) test/run.ts $(SUITE)

.PHONY: conformance
conformance: tools ## The conformance suite; on a real API server with KUBEBUILDER_ASSETS or KUBECONFIG set
	@$(NODE) test/run.ts conformance e2e

.PHONY: bench
bench: tools build ## Compare with Socket.IO, BullMQ and a naive inbox; writes bench/results.md (QUICK=1 only prints)
	@$(NODE) bench/main.ts $(if $(QUICK),--quick)

.PHONY: operator-bench
operator-bench: tools ## What the operator costs with 100 clusters of 10 instances; writes bench/operator.md (about 4 minutes)
	@$(NODE) bench/operator/main.ts

.PHONY: faults
POINTS ?= 250
faults: tools ## Break a fleet in POINTS places (all: every one), then its surroundings, then its protocol
	@$(NODE) test/faults/main.ts --points $(POINTS) --parallel 3 $(if $(SEED),--seed $(SEED)) $(if $(REDIS),--redis $(REDIS))
	@$(NODE) test/faults/environment.ts $(if $(SEED),--seed $(SEED)) $(if $(REDIS),--redis $(REDIS))
	@$(NODE) test/faults/fuzz.ts --messages 200000 --socket-messages 10000 $(if $(SEED),--seed $(SEED))

.PHONY: faults-slice
faults-slice: tools ## The part of `make faults` that CI runs: at least 250 points struck and survived, hostile messages
	@$(NODE) test/faults/main.ts --points 256 --needs 250 --parallel 3 --seed 12
	@$(NODE) test/faults/fuzz.ts --messages 200000 --socket-messages 10000 --seed 12

.PHONY: planted
planted: tools ## Plant bugs one by one and see that a test catches each (OF=operator or OF=scheduler: only there)
	@$(NODE) test/faults/planted.ts $(if $(OF),--of $(OF))

.PHONY: lint
lint: node_modules/.installed ## ESLint, Prettier
	@$(RUN) lint

.PHONY: typecheck
typecheck: node_modules/.installed ## Type check
	@$(RUN) typecheck

.PHONY: format
format: node_modules/.installed ## Rewrite all files in the project's format
	@$(RUN) format

.PHONY: generate
generate: node_modules/.installed ## Regenerate types and reference pages from crds/ and the code
	@$(RUN) generate

.PHONY: manifests
manifests: tools ## Render manifests/install into the flat manifests/install.yaml, and what the chart has of it
	@$(NODE) manifests/generate.ts

.PHONY: build
build: node_modules/.installed ## Bundle both programs and the kubectl plugin into dist/
	@$(RUN) build

.PHONY: install-plugin
PREFIX ?= $(HOME)/.local
install-plugin: build ## Put `kubectl lingua` into PREFIX/bin, ~/.local/bin unless told otherwise
	@mkdir -p $(PREFIX)/bin
	@install -m 0755 dist/kubectl-lingua $(PREFIX)/bin/kubectl-lingua
	@command -v kubectl-lingua >/dev/null || echo 'put $(PREFIX)/bin on PATH, or kubectl does not find it'

.PHONY: sbom
sbom: node_modules/.installed ## Bundle, and write what each bundle is made of (CycloneDX) beside it
	@$(NODE) sbom.ts

.PHONY: images
images: tools ## Build both images with stand-in bases, start them and print their sizes (needs buildah)
	@$(NODE) --test --test-timeout=540000 test/ship/images/images.test.ts

# Not in .ci/run: its tests are part of `make test` there.
.PHONY: verify
verify: tools ## What is shipped, seen by promtool, kubectl, buildah and nginx; manifests on a real API server when one is set
	@$(NODE) test/verify.ts

.PHONY: check
check: lint typecheck test ## What CI runs

.PHONY: clean
clean: ## Remove what was built or installed here
	rm -rf node_modules dist coverage

# The targets that people and scripts use. Each does its own set-up.
SHELL := /bin/sh
GO ?= go
BIN := bin/docket
DEMO_DATA ?= data/demo
LISTEN ?= 127.0.0.1:9699
FUZZTIME ?= 30s
PACKAGES ?= ./shared/...
SCHEDULES ?= 20000
TABLES ?= local
SEED ?= 0
KILLS ?= 200
CDK := 2.1148.1


.PHONY: help build run functions synth rehearse bootstrap deploy diff destroy test check fuzz bench bench-compare bench-peers simulate kill vuln clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

build: ## build bin/docket
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/docket

run: build ## run the demo on 127.0.0.1:9699, with real records to look at
	$(BIN) serve --listen $(LISTEN) --data $(DEMO_DATA) --demo

check: ## formatting, vet, staticcheck
	@out=$$(gofmt -l cmd functions infra shared); if [ -n "$$out" ]; then echo "run gofmt -w on:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

FUNCTIONS := authorizer enum search write fallback ingest compact
# Reproducible, and without what a function never uses (RPC mode, symbols).
FUNCTION_FLAGS := -tags lambda.norpc -trimpath -buildvcs=false -ldflags="-s -w -buildid="

functions: ## build the Lambda functions for arm64 into bin/functions
	@for f in $(FUNCTIONS); do \
	  CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) build $(FUNCTION_FLAGS) -o bin/functions/$$f/bootstrap ./functions/$$f || exit 1; \
	done

synth: functions ## write the CloudFormation templates to cdk.out; needs no account
	CDK_OUTDIR=cdk.out CDK_CONTEXT_JSON="$$($(GO) run ./infra/context $(SETTINGS))" $(GO) run ./infra

rehearsal: build synth
	@for f in $(FUNCTIONS); do \
	  CGO_ENABLED=0 $(GO) build $(FUNCTION_FLAGS) -o bin/rehearsal/$$f/bootstrap ./functions/$$f || exit 1; \
	done

rehearse: rehearsal ## run the AWS deployment on 127.0.0.1:9700, or PORT; SETTINGS="ingestQueue=true …" go over cdk.json; TABLES=memory: without Java
	$(BIN) rehearse --tables $(TABLES) --listen 127.0.0.1:$${PORT:-9700} --assembly cdk.out --binaries bin/rehearsal

bootstrap: functions ## prepare the AWS account and region of your credentials, once
	npx --yes aws-cdk@$(CDK) bootstrap

# The samples are of all sources.
invoke: SETTINGS = ingestQueue=true ingestBucket=true ingestCloudTrail=true ingestCustomEvents=true
invoke: rehearsal ## run FUNCTION once with EVENT, a file in events/
	@test -n "$(EVENT)" || { echo "usage: make invoke FUNCTION=enum EVENT=events/enum/get.json"; exit 2; }
	@$(BIN) invoke --tables $(TABLES) $(if $(FUNCTION),--function $(FUNCTION)) --assembly cdk.out --binaries bin/rehearsal --event $(EVENT)

deploy: functions ## deploy to the AWS account of your credentials
	npx --yes aws-cdk@$(CDK) deploy --all

diff: functions ## what a deployment would change
	npx --yes aws-cdk@$(CDK) diff

destroy: ## remove the API stack; tables, keys and secrets are kept
	npx --yes aws-cdk@$(CDK) destroy '*Api'

test: check ## everything that must hold before a commit
	$(GO) test -race $$($(GO) list ./... | grep -v '/infra')
# What the detector is too slow for, or cannot look into.
	$(GO) test -run '^(TestManyClients|TestRandomDamage)$$' ./cmd/docket ./shared/table/bolt
	$(GO) test -run '^TestSimulation$$' ./shared/simulation -args -schedules $(SCHEDULES)
# The CDK has one goroutine and no race, but takes minutes to compile for the detector.
	$(GO) test ./infra/...

fuzz: ## every fuzz target for FUZZTIME (30s)
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$f"; \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$pkg; \
	  done; \
	done

bench: ## micro-benchmarks of all packages
	$(GO) test -run '^$$' -bench . -benchmem ./...


bench-compare: ## micro-benchmarks here against those of BASE (a commit), by benchstat
	@test -n "$(BASE)" || { echo "usage: make bench-compare BASE=COMMIT [PACKAGES=./shared/segment]"; exit 2; }
	@set -e; dir=$$(mktemp -d); trap 'git worktree remove --force "$$dir/base"; rm -rf "$$dir"' EXIT; \
	git worktree add --quiet --detach "$$dir/base" "$(BASE)"; \
	(cd "$$dir/base" && $(GO) test -run '^$$' -bench . -count 6 $(PACKAGES)) > "$$dir/base.txt"; \
	$(GO) test -run '^$$' -bench . -count 6 $(PACKAGES) > "$$dir/here.txt"; \
	$(GO) run golang.org/x/perf/cmd/benchstat@latest "$$dir/base.txt" "$$dir/here.txt"

PEERS ?=
bench-peers: build ## Docket beside DuckDB and PostgreSQL: see cmd/docket/peers/README.md
	npm --prefix cmd/docket/peers install --no-package-lock --no-audit --no-fund
	node cmd/docket/peers/peers.mjs --docket $(BIN) $(PEERS)

simulate: ## SCHEDULES random fault schedules of ledger, compaction and search, the first with SEED (0: a new one)
	$(GO) test ./shared/simulation -run '^TestSimulation$$' -v -timeout 0 -args -schedules $(SCHEDULES) -seed $(SEED)

kill: ## KILLS times kill -9 under load, of the store and of the server
	$(GO) test ./shared/table/bolt -run '^TestKill' -v -timeout 0 -args -kills $(KILLS)
	$(GO) test ./cmd/docket -run '^TestKill$$' -v -timeout 0 -args -kills $(KILLS)

vuln: ## known vulnerabilities of what is linked (needs the Go vulnerability database)
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./...

clean: ## remove what was built; data directories stay
	rm -rf bin cdk.out

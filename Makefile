# The targets that people and scripts use. Each does its own set-up.
SHELL := /bin/sh
GO ?= go
BIN := bin/docket
DEMO_DATA ?= data/demo
LISTEN ?= 127.0.0.1:9699
FUZZTIME ?= 30s


help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

build: ## build bin/docket
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/docket

run: build ## run the demo on 127.0.0.1:9699, with real records to look at
	$(BIN) serve --listen $(LISTEN) --data $(DEMO_DATA) --demo

check: ## formatting, vet, staticcheck
	@out=$$(gofmt -l cmd shared); if [ -n "$$out" ]; then echo "run gofmt -w on:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

test: check ## everything that must hold before a commit
	$(GO) test -race ./...

fuzz: ## every fuzz target for FUZZTIME (30s)
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$f"; \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; \
	done

bench: ## micro-benchmarks of all packages
	$(GO) test -run '^$$' -bench . -benchmem ./...


vuln: ## known vulnerabilities of what is linked (needs the Go vulnerability database)
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./...

clean: ## remove what was built; data directories stay
	rm -rf bin cdk.out

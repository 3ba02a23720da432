# Lyceum. `make` lists the targets.

GO   ?= go
ARGS ?=
CRASHES ?= 50
SEEDS ?= 10000
SOAK  ?= 2h
DATA ?= ../shared/data

.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## serve on http://localhost:8080 with data in ./data (ARGS="..." are passed on)
	$(GO) run ./cmd/lyceum serve $(ARGS)

demo: ## a running class with a hundred lively viewers
	$(GO) run ./cmd/lyceum demo $(ARGS)

build: ## build bin/lyceum, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/lyceum ./cmd/lyceum

# Packages whose tests start processes or go through all of SQLite, which is Go
# here and crawls under the race detector: of the store, what many goroutines
# share runs under it as well.
SLOW = /(internal/(e2e|trial|formats|store/sqlite)|cmd/lyceum)

# What the checks need from npm; the server needs none of it.
node_modules: package.json
	npm install --no-package-lock --no-audit --no-fund --silent
	@touch node_modules

test: node_modules ## all tests: Go, most with the race detector, JavaScript, and the browser
	$(GO) test -race $$($(GO) list ./... | grep -vE '$(SLOW)')
	$(GO) test -race -run 'Contracts|Writers|OneFailure|CloseAnswers|TailIsFiled' ./internal/store/sqlite -rapid.checks=10
	$(GO) test $$($(GO) list ./... | grep -E '$(SLOW)' | grep -v /internal/e2e)
	node --test test/js/*.test.js
	$(MAKE) e2e

crash: ## 50 times kill -9 under hundreds of clients, with a checker (CRASHES=n)
	LYCEUM_CRASHES=$(CRASHES) $(GO) test -count=1 -v -run TestCrash -timeout 60m ./internal/trial

simulate: ## rooms on fake time with seeded faults (SEEDS=n)
	$(GO) test ./room -count=1 -run 'TestSim$$' -timeout 60m -sim.seeds=$(SEEDS)

trials: ## every long trial: power cuts, failing disks, planted bugs, slow and lost clients
	LYCEUM_LONG=1 $(GO) test -count=1 -timeout 90m ./internal/store/sqlite ./room
	LYCEUM_TRIAL=long $(GO) test -count=1 -v -timeout 90m ./internal/trial

soak: ## two hours of classes with people coming and going: goroutines and heap (SOAK=20m)
	LYCEUM_SOAK=$(SOAK) $(GO) test -count=1 -v -timeout 0 -run 'TestSoak$$' ./internal/trial

e2e: node_modules ## the browser test: a whole class in real Chromium
	$(GO) test -count=1 -timeout 10m ./internal/e2e

screenshots: node_modules ## pictures of every page and state into ./screenshots
	LYCEUM_SCREENSHOTS=$(CURDIR)/screenshots $(GO) test -count=1 -timeout 10m ./internal/e2e

check: node_modules ## gofmt, vet, staticcheck, imports, JSDoc types
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "gofmt these files"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test ./internal/arch
	node_modules/.bin/tsc -p tsconfig.json

bench: ## the figures of docs/benchmarks.md
	$(GO) run ./cmd/lyceum bench $(ARGS)
	$(GO) run ./cmd/lyceum bench answers -viewers 5000 -rounds 3
	$(GO) test -run '^$$' -bench . -benchtime 1s ./internal/store/sqlite ./quiz ./poll ./qa ./media ./recommend

bench-media: ## packets, memory and joins of the SFU, beside a bare sendmmsg loop; then latency and bad networks in Chromium
	$(GO) run ./cmd/lyceum bench media -viewers 300 -rounds 3 $(ARGS)
	LYCEUM_MEASURE=1 $(GO) test -count=1 -v -timeout 15m -run 'Test(Network|Broadcast)$$' ./internal/e2e

evaluate: ## the recommender on recorded behaviour (DATA=folder of the sets)
	$(GO) run ./cmd/lyceum evaluate -history $(DATA)/kuairand/history.csv.gz -events $(DATA)/kuairand/events.csv.gz \
		-catalog $(DATA)/kuairand/catalog.csv.gz -target long_view -cutoff 1651330800000
	$(GO) run ./cmd/lyceum evaluate -events $(DATA)/movietweetings/events.csv.gz \
		-catalog $(DATA)/movietweetings/catalog.csv.gz -target rate -cutoff 1375229568000
	$(GO) run ./cmd/lyceum offpolicy -logs $(DATA)/obd-men/random.csv.gz,$(DATA)/obd-men/bts.csv.gz
	$(GO) run ./cmd/lyceum offpolicy -simulate 1000
	$(GO) run ./cmd/lyceum simulate -rate 0.2 -people 5000

fuzz: ## every fuzz target for a minute
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime 60s -fuzzminimizetime 10x $$p || exit 1; \
		done; \
	done

.PHONY: help run demo build test crash simulate trials soak e2e screenshots check bench bench-media evaluate fuzz

# Shuniu 枢纽. `make help` lists what there is.
SHELL := /bin/bash -o pipefail
export GOFLAGS := -buildvcs=false -tags=sqlite_fts5,duckdb_arrow
export CGO_ENABLED := 1
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
BIN := bin/shuniu
TOOLS := .tools
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
DATA ?= ./shuniu-data
LISTEN ?= 127.0.0.1:8420

.PHONY: help setup build web run test check go-check web-check go-test web-test e2e bench soak fmt clean
.DEFAULT_GOAL := help

help: ## what one can make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: ## install what is missing: compiler, browser, fonts, PostgreSQL (apt; asks for root when needed)
	@deploy/setup.sh

web/node_modules/.package-lock.json: web/package-lock.json web/.npmrc
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run --silent build

web: web/dist/index.html ## build the front end

build: setup web ## build bin/shuniu with the front end in it
	go build -ldflags "$(LDFLAGS)" -o $(BIN) ./cmd/shuniu

run: build ## build, then start the hub with the demo files and print address and accounts
	$(BIN) serve --data $(DATA) --listen $(LISTEN) --demo

test: setup check go-test web-test e2e ## everything that must pass, set-up included
	@echo "all of make test passed"

check: go-check web-check ## format, lint, vet, types

$(TOOLS)/golangci-lint: tools/go.mod
	cd tools && GOFLAGS=-buildvcs=false go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

go-check: web/dist/index.html $(TOOLS)/golangci-lint
	go mod verify >/dev/null
	go vet ./...
	$(TOOLS)/golangci-lint run ./...

web-check: web/node_modules/.package-lock.json
	cd web && npm run --silent typecheck && npm run --silent lint

go-test: web/dist/index.html
	go test -race -timeout 20m ./...

web-test: web/node_modules/.package-lock.json
	cd web && npm test --silent

e2e: build ## drive the real pages in Chromium
	deploy/e2e.sh

bench: build ## measure the budgets; figures go to docs/benchmarks.md by hand
	deploy/bench.sh

soak: build ## the long campaigns: 1,000 power cuts, 5,000 kills, all parsers fuzzed
	SHUNIU_SOAK=1 go test -timeout 12h -v -run 'Power|Kill|Fault|Soak' ./brain/... ./metadb/... ./collect/... ./shuniutest/...

fmt: $(TOOLS)/golangci-lint ## format the Go sources
	$(TOOLS)/golangci-lint fmt ./...

clean: ## remove what was built
	rm -rf bin web/dist/assets web/dist/index.html $(TOOLS)

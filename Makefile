# The verbs of this project. `make` alone lists them.
# Wanted on the machine: Python 3.11 or newer with venv, and make. Everything else goes into .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
PORT ?= 8000
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet

export PIP_ROOT_USER_ACTION := ignore
export PYTHON PORT

.PHONY: help
help: ## List these verbs
	@echo "make VERB, where VERB is one of"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r verb does; do printf '%-10s %s\n' "$$verb" "$$does"; done

.PHONY: setup
setup: .venv/runtime.stamp ## Make .venv with what running needs

.PHONY: run
run: setup ## Serve on http://127.0.0.1:8000 (PORT=...), with the demo clinic if the database is empty
	@$(BIN)/python -c 'import socket, sys; socket.create_server(("127.0.0.1", int(sys.argv[1])))' "$$PORT" 2> /dev/null \
		|| { echo "Port $$PORT is taken or cannot be had: choose another, as in PORT=9000 make run"; exit 1; }
	@$(BIN)/clinic db upgrade && $(BIN)/clinic demo --if-empty && exec $(BIN)/clinic serve --port "$$PORT"

.PHONY: demo
demo: setup ## Make the demo clinic anew, dated around today
	@$(BIN)/clinic db upgrade && $(BIN)/clinic demo

.PHONY: test
test: .venv/dev.stamp ## Run the tests on SQLite and on a PostgreSQL of their own (ARGS="-k name -n 0")
	@echo "Running the tests"
	@$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadscope $(ARGS)

.PHONY: check
check: lint test ## Everything CI runs: lint, types, layers, tests

.PHONY: coverage
coverage: .venv/dev.stamp ## Run the tests once more, slower, and say which branches of the domain they miss
	@$(MAKE) test ARGS="--cov --cov-report="
	@echo "Branch coverage of the domain"
	@$(BIN)/python -m coverage report --include="scheduler/*" --show-missing --skip-covered

.PHONY: lint
lint: .venv/dev.stamp ## Formatting, lint, types and which way imports point
	@echo "Checking format"
	@$(BIN)/ruff format --check .
	@echo "Checking lint"
	@$(BIN)/ruff check .
	@echo "Checking types"
	@$(BIN)/mypy
	@echo "Checking imports"
	@$(BIN)/lint-imports

.PHONY: format
format: .venv/dev.stamp ## Put the code in its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: .venv/dev.stamp ## Measure what is claimed, on both engines; writes bench/results.md
	@$(BIN)/python -m bench $(ARGS)

.PHONY: soak
soak: .venv/dev.stamp ## Race bookers and live the model for a long time, on both engines (ARGS="operations steps seed")
	@$(BIN)/python -m bench.soak $(ARGS)

.PHONY: lock
lock: .venv/dev.stamp ## Resolve the dependencies anew into the two lock files
	@echo "Installing uv into .venv"
	@$(PIP) install --quiet uv
	@echo "Resolving requirements.lock"
	@$(LOCK) --upgrade --output-file requirements.lock
	@echo "Resolving requirements-dev.lock"
	@$(LOCK) --upgrade --extra dev --constraint requirements.lock --output-file requirements-dev.lock

.PHONY: clean
clean: ## Remove .venv and caches; the data in var/ stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/pyvenv.cfg:
	@echo "Making .venv with $(PYTHON)"
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which with PYTHON=..."; exit 1; }
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; echo "On Debian: apt-get install python3-venv"; exit 1; }

# A stamp is newer than what it was made from, so a second run starts at once. The development lock holds
# everything the runtime lock does, in the same versions: whoever has it needs no second installation.
.venv/runtime.stamp: .venv/pyvenv.cfg requirements.lock pyproject.toml
	@echo "Installing what running needs (1/2: libraries)"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@echo "Installing what running needs (2/2: this project)"
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/pyvenv.cfg requirements-dev.lock pyproject.toml
	@echo "Installing what developing needs (1/2: libraries)"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@echo "Installing what developing needs (2/2: this project)"
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch .venv/runtime.stamp $@

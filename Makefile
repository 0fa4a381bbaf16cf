# Works in a fresh checkout with Python 3.11, 3.12 or 3.13 and, for speed, a C compiler. Nothing is installed outside .venv.
#
#   make run     set up, build, and play the main job
#   make test    linters, types, all tests, and the wheel in a clean environment
#   make build   set up and build only
#   make lint    linters and types only
#   make docs    regenerate what is generated in docs/
#   make lock    pin the newest allowed dependencies (needs uv)
#   make clean   remove everything that was built, the environment included
#
# PYTHON=/path/to/python chooses the interpreter, ARGUMENTS="--data-folder data" goes to the main job.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: run test build lint docs lock clean

ALGORITHM ?= algorithms/ibm_tick_momentum.py
ARGUMENTS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TWINS := $(shell find live -name '*.pxd')
COMPILED_SOURCES := $(TWINS) $(TWINS:.pxd=.py) $(wildcard live/hot/*.h)

run: build
	$(BIN)/lean-live dry-run $(ALGORITHM) $(ARGUMENTS)

test: lint
	$(BIN)/python -m pytest

build: .stamps/build

lint: build
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: build
	$(BIN)/python tools/generate_docs.py

lock:
	uv lock --upgrade
	uv export --frozen --quiet --no-hashes --no-annotate --no-header --no-emit-project \
	    --group dev --extra pandas --output-file requirements.lock

clean:
	rm -rf .venv .stamps build dist ./*.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find live -name '*.so' -delete

.stamps/venv: requirements.lock
	@mkdir -p .stamps
	@python="$${PYTHON:-}"; \
	for name in python3.11 python3.12 python3.13 python3 python; do \
	    [ -z "$$python" ] || break; \
	    "$$name" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	        && python="$$name" || true; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "error: no Python 3.11, 3.12 or 3.13 with venv was found; install one, or name it: make PYTHON=/path/to/python" >&2; \
	    exit 4; \
	fi; \
	echo "setting up .venv with $$("$$python" --version)"; \
	"$$python" -m venv --clear .venv
	$(PIP) install -r requirements.lock
	@touch $@

.stamps/build: .stamps/venv pyproject.toml setup.py live/__init__.py $(COMPILED_SOURCES)
	@echo "building"
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

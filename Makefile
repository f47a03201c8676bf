# What can be done with a checkout: make help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
PYTEST_ARGS ?= -n auto

# The constraints give the tested set of versions; without them the bounds of setup.py hold.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check \
	$(if $(wildcard constraints.txt),-c constraints.txt)
INPUTS := requirements.txt $(wildcard constraints.txt) setup.py pyproject.toml \
	$(filter-out databoard/frontend/node_modules,$(wildcard databoard/frontend/*))

.DEFAULT_GOAL := help
.PHONY: help install demo test coverage test-slow check format docs audit bench plots chaos messages screenshots clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "databoard needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/pyvenv.cfg $(INPUTS)
	$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	$(INSTALL) -e ".[dev,dask]"
	@touch $@

install: $(VENV)/.installed  ## make .venv and install databoard into it

demo: $(VENV)/.installed  ## fill a database, train some thirty submissions, serve the site
	@$(BIN)/python -m databoard.cli.demo --port $(PORT)

test: $(VENV)/.developing  ## install what the tests need and run them, but for the slow ones
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not slow"

coverage: $(VENV)/.developing  ## the same, and which lines of the code no test runs
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not slow" --cov --cov-report=term:skip-covered

test-slow: $(VENV)/.developing  ## run the slow tests: the demo, releases, chaos, clusters
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m slow

check: $(VENV)/.developing  ## lint, types, contracts, templates, scripts, spelling, docs, secrets, known holes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy databoard
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint databoard/web/templates --lint --quiet
	$(BIN)/shellcheck .ci/run $(wildcard tools/*.sh)
	$(BIN)/codespell
	$(BIN)/python -m mkdocs build --quiet --strict
	$(BIN)/python tools/audit.py

docs: $(VENV)/.developing  ## build the documentation, which the site serves under /docs
	$(BIN)/python tools/reference.py
	$(BIN)/python -m mkdocs build --quiet --strict

audit: $(VENV)/.developing  ## look for secrets in the tree and for known holes in the packages
	$(BIN)/python tools/audit.py

format: $(VENV)/.developing  ## lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.developing  ## run every benchmark, one after the other
	@set -e; for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script; done

plots: $(VENV)/.developing  ## measure how costs grow and draw it into docs/plots
	$(BIN)/python benchmarks/_plots.py

chaos: $(VENV)/.developing  ## torment the training engine for a quarter of an hour
	$(BIN)/python -m tests.chaos.chaos --minutes 15

messages: $(VENV)/.developing  ## bring the translations of the interface up to date
	$(BIN)/python tools/messages.py

screenshots: $(VENV)/.developing  ## take a picture of every page into docs/screenshots
	$(BIN)/python tools/screenshots.py

clean:  ## remove the virtual environment and what was built; data and submissions stay
	rm -rf $(VENV) build databoard.egg-info databoard/static/dist databoard/static/docs .mypy_cache .ruff_cache .pytest_cache

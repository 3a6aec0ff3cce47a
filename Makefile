# Each habit is one command. `make run` is the main job; every target sets itself up.

PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
STAMP := $(VENV)/.complete
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: setup run smoke test test-slow check format adopt reproduce audit bench

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make setup: no Python 3.11 or newer on PATH: install one, or give PYTHON=..." >&2; exit 1; }
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	touch $@

run: setup
	snakemake
	@cat results/tables/scores.md

smoke: setup # the whole workflow in a temporary copy, in minutes
	python -m pytest -q tests/workflow -m slow -k "smoke and not one_core"

test: setup
	python -m pytest -q -n auto -m "not slow"

test-slow: setup
	python -m pytest -q -n auto -m slow

check: setup
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	python workflow/lint.py
	mypy
	lint-imports --no-cache
	$(MAKE) --no-print-directory smoke

format: setup
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

reproduce: setup # all results anew from a clean clone, compared with results/digests.json
	python workflow/reproduce.py

audit: setup # known vulnerabilities of the pinned packages: not part of `check`, since it asks a service on the network
	python -m pip install --quiet --disable-pip-version-check pip-audit
	pip-audit --requirement constraints.txt --no-deps --disable-pip

bench: setup # the tables of docs/performance.md, measured here: speed against other libraries, on one thread
	python -m pip install --quiet --disable-pip-version-check -e '.[bench]' -c constraints.txt
	OMP_NUM_THREADS=1 python -m benchmarks

adopt: setup # make files that DVC pulled or checked out count as done
	python workflow/adopt.py

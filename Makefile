# Each habit is one command. `make run` is the main job; every target sets itself up.

PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
STAMP := $(VENV)/.complete
# With uv, if there is one: the same versions with the same hashes, sooner.
INSTALL := $(if $(shell command -v uv),uv pip install --python $(VENV)/bin/python,$(VENV)/bin/python -m pip --disable-pip-version-check install) --quiet
# What `make run` makes: BUDGET=..., or what params.yaml names.
BUDGET_OF_RUN = $(or $(BUDGET),$(shell sed -n 's/^budget: *\([a-z0-9_]*\).*/\1/p' params.yaml))
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: setup lock run test coverage test-slow check format adopt reproduce audit bench demo docs site

setup: $(STAMP)

# Scripts in an environment name its folder: after a copy of the project they would run the other folder's code.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

# The lock is its own constraint: else pip before 23.3 takes `coverage[toml]` for a package of its own, of the newest version.
$(STAMP): pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "make setup: no Python 3.11 or newer on PATH: install one, or give PYTHON=..." >&2; exit 1; }
	@test ! -d $(VENV) || test "$$(cat $@ 2>/dev/null)" = "$(CURDIR)" || \
		{ echo "make setup: $(VENV) is unfinished, or was made in another folder: making it anew" >&2; rm -rf $(VENV); }
	@rm -f $@ # an interrupted installation starts anew
	@echo "make setup: installing into $(VENV): 6.6 GB, most of it PyTorch with CUDA; this takes minutes" >&2
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes --requirement requirements.lock --constraint requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@echo "$(CURDIR)" > $@

lock: # the versions of constraints.txt, with the hash of each file, for every Python and system: needs uv
	@command -v uv >/dev/null || { echo "make lock: needs uv: pip install uv" >&2; exit 1; }
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		--extra dev --extra cluster --constraint constraints.txt pyproject.toml --output-file requirements.lock

run: setup # of BUDGET=..., a file in params/; `smoke` tries everything in minutes
	snakemake $(if $(BUDGET),--config budget=$(BUDGET))
	@cat results/$(BUDGET_OF_RUN)/tables/scores.md
	@echo "The report: results/$(BUDGET_OF_RUN)/report.html"

test: setup
	python -m pytest -q -n auto --dist loadscope -m "not slow" # what tests of one file share is made once

coverage: setup # of the rooms that decide what runs and what counts, by their own tests
	python -m pytest -q -n auto -m "not slow" tests/config tests/scores tests/test_params.py \
		--cov=metascore.config --cov=metascore.scoring --cov-report=term --cov-fail-under=90

test-slow: setup
	python -m pytest -q -n auto -m slow

check: setup
	ruff check .
	ruff format --check .
	codespell
	snakefmt --check Snakefile workflow
	python workflow/lint.py
	mypy
	lint-imports --no-cache
	python -m metascore pack --check --budget reference
	python workflow/docs.py --check
	$(MAKE) --no-print-directory coverage
	python -m pytest -q tests/workflow -m slow -k "smoke and not one_core"

format: setup
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

docs: setup # the tables of README.md and docs/ anew from results/; `check` says where they are stale
	python workflow/docs.py

reproduce: setup # results again in a clean clone, compared with digests.json: of BUDGET=..., all or (SAMPLE=1) one seed of each learner
	python workflow/reproduce.py $(if $(SAMPLE),--sample) $(if $(BUDGET),--budget $(BUDGET))

audit: setup # what is installed (sbom.json, CycloneDX), and its known vulnerabilities: it asks a service on the network
	cyclonedx-py requirements --pyproject pyproject.toml --output-file sbom.json requirements.lock
	python -m pip install --quiet --disable-pip-version-check pip-audit
	pip-audit --requirement requirements.lock --disable-pip

site: setup # the documentation in both languages, in site/: for reading without a network
	python website/assemble.py
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet --config-file website/mkdocs.yml
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet --config-file website/mkdocs.zh.yml

demo: setup # a shipped checkpoint asked about shipped pictures: which class is it, and which of these is it?
	cd demo && python -m metascore predict checkpoint.safetensors classes pictures --figure answers.png
	cd demo && python -m metascore find checkpoint.safetensors one among

bench: setup # the tables of docs/reference/performance.md, measured here: speed against other libraries, on one thread
	python -m pip install --quiet --disable-pip-version-check -e '.[bench]' -c constraints.txt
	OMP_NUM_THREADS=1 python -m benchmarks

adopt: setup # what DVC keeps of the default budget, from its remote; then what is left to do
	python workflow/adopt.py

# A thin face over the `ssif` command line: every target is one of its commands or one of Python's tools.
# Windows, or no make: README.md shows the same in plain commands. `make help` prints what stands behind ##.

STUDY ?= data_raw/example
PYTHON ?= python3
BIN := .venv/bin

.PHONY: evaluate new validate power release serve notebook test test-fast check hooks fleet attack torture calibrate bench \
	example lock clean help

evaluate: .venv/running ## evaluate a study: STUDY=folder (the example unless given), OFFICERS=1, FRESH=1, VERBOSE=1
	@$(BIN)/ssif evaluate $(if $(STUDY),"$(STUDY)") $(if $(VERBOSE),--verbose) $(if $(OFFICERS),--officers) $(if $(FRESH),--fresh)

new: .venv/running ## lay out a new study's folder: STUDY=data_raw/<name>
	@$(BIN)/ssif new $(if $(STUDY),"$(STUDY)")

validate: .venv/running ## list all that is wrong with the files of a study: STUDY=folder
	@$(BIN)/ssif validate $(if $(STUDY),"$(STUDY)")

power: .venv/running ## what a study could detect, from earlier years alone: STUDY=folder
	@$(BIN)/ssif power $(if $(STUDY),"$(STUDY)")

release: .venv/running ## record that a run was published: STUDY=folder DATE=2018-10-02
	@$(BIN)/ssif release $(if $(STUDY),"$(STUDY)") --date $(if $(DATE),$(DATE),$(error say when it was published: make release DATE=2018-10-02))

serve: .venv/page ## open Dagster's page on this machine, with schedule and sensor
	@$(BIN)/ssif serve

notebook: .venv/page ## open your own copy of a notebook, never overwritten: NOTEBOOK=explore, STUDY=folder
	@$(BIN)/python -m notebooks $(or $(NOTEBOOK),explore) $(if $(STUDY),"$(STUDY)")

test: .venv/testing ## every test: about nineteen minutes on two cores
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal

# Folders that find most mistakes for their seconds. No whole run is among them.
FAST := tests/conventions/test_conventions.py tests/conventions/test_papers.py \
	$(addprefix tests/unit/,errors store protocol marts impact released)

test-fast: .venv/testing ## under a minute: structure, protocol, SQL of the marts, estimators, disclosure gate
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(FAST)

check: .venv/testing ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

hooks: .venv/testing ## have git ask for `make check` before each commit
	@$(BIN)/pre-commit install

bench: .venv/testing ## measure times and memory beside other packages and the last figures: ONLY="cells pack", RECORD=1
	@$(BIN)/python -m tests.bench $(ONLY) $(if $(RECORD),--record)

calibrate: .venv/testing ## simulate how often the headline errs, and write the table and page of it
	@$(BIN)/python -m tests.calibration
	@CITIES=200 $(BIN)/python -m pytest tests/reference/test_coverage_of_planted_effects.py

fleet: .venv/testing ## evaluate drawn studies and count each printed number again: STUDIES=1000
	@$(BIN)/python -m tests.fleet --studies $(if $(STUDIES),$(STUDIES),1000)

attack: .venv/testing ## attack the releases of invented studies: STUDIES=160
	@$(BIN)/python -m tests.disclosure --studies $(if $(STUDIES),$(STUDIES),160)

torture: .venv/testing ## kill, cut and crowd runs, and look at what is left: SHARE=0.2 for a fifth
	@$(BIN)/python -m tests.torture --share $(if $(SHARE),$(SHARE),1)

example: .venv/running ## draw the invented example study again
	@$(BIN)/ssif example

# A lock holds hashes and no index address: whichever index a machine is set up for, the files are the same.
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-strip-extras --quiet --custom-compile-command "make lock"

lock: .venv/testing ## choose the versions of all packages anew and write the three locks
	$(LOCK) --group dev --extra page --extra postgres --extra kubernetes --output-file requirements-test.lock
	$(LOCK) --group build --extra page --constraint requirements-test.lock --output-file requirements-page.lock
	$(LOCK) --group build --constraint requirements-test.lock --output-file requirements.lock

clean: ## delete outputs, .venv and caches; studies stay
	find data_marts -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	rm -rf .venv artefacts .pytest_cache .mypy_cache .ruff_cache

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# What an evaluation needs; what is shown in a browser, and the tests, need more, which is added when first asked for.
.venv/running: requirements.lock pyproject.toml
	@echo "Making .venv from requirements.lock: about a minute, once."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/page: requirements-page.lock .venv/running
	@echo "Adding the packages of Dagster's page and of notebooks to .venv, once."
	@$(PIP) --require-hashes --requirement requirements-page.lock
	@touch $@

.venv/testing: requirements-test.lock .venv/running
	@echo "Adding the packages of tests and checks to .venv: about a minute, once."
	@$(PIP) --require-hashes --requirement requirements-test.lock
	@touch $@

# A thin face over the `ssif` command line: every target is one of its commands or one of Python's tools.
# Windows, or no make: README.md shows the same in plain commands.

STUDY ?= data_raw/example
PYTHON ?= python3
BIN := .venv/bin

.PHONY: evaluate new validate power release test check serve notebook bench calibrate fleet example lock clean

evaluate: .venv/running
	@$(BIN)/ssif evaluate $(STUDY) $(if $(VERBOSE),--verbose) $(if $(OFFICERS),--officers)

new: .venv/running
	@$(BIN)/ssif new $(STUDY)

validate: .venv/running
	@$(BIN)/ssif validate $(STUDY)

power: .venv/running
	@$(BIN)/ssif power $(STUDY)

release: .venv/running
	@$(BIN)/ssif release $(STUDY) --date $(if $(DATE),$(DATE),$(error say when it was published: make release DATE=2018-10-02))

test: .venv/testing
	@$(BIN)/python -m pytest --numprocesses auto

check: .venv/testing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

serve: .venv/page
	@$(BIN)/ssif serve

notebook: .venv/testing
	@$(BIN)/jupytext --quiet --set-kernel python3 --to ipynb --output data_marts/explore.ipynb notebooks/explore.py
	@$(BIN)/jupyter-execute --inplace data_marts/explore.ipynb
	@echo "Written: data_marts/explore.ipynb"

bench: .venv/testing
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench_pack
	@$(BIN)/python -m tests.bench_cells
	@$(BIN)/python -m tests.bench_randomisation
	@$(BIN)/python -m tests.bench_validation

calibrate: .venv/testing
	@$(BIN)/python -m tests.calibration

fleet: .venv/testing
	@$(BIN)/python -m tests.fleet --studies $(if $(STUDIES),$(STUDIES),1000)

example: .venv/running
	@$(BIN)/ssif example

# A lock holds hashes and no index address: whichever index a machine is set up for, the files are the same.
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-strip-extras --quiet --custom-compile-command "make lock"

lock: .venv/testing
	$(LOCK) --group dev --extra page --output-file requirements-test.lock
	$(LOCK) --group build --extra page --constraint requirements-test.lock --output-file requirements-page.lock
	$(LOCK) --group build --constraint requirements-test.lock --output-file requirements.lock

clean:
	find data_marts -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	rm -rf .venv artefacts .pytest_cache .mypy_cache .ruff_cache

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# What an evaluation needs; the page, and the tests, need more, which is added when first asked for.
.venv/running: requirements.lock pyproject.toml
	@echo "Making .venv from requirements.lock: about a minute, once."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/page: requirements-page.lock .venv/running
	@echo "Adding the packages of Dagster's page to .venv, once."
	@$(PIP) --require-hashes --requirement requirements-page.lock
	@touch $@

.venv/testing: requirements-test.lock .venv/running
	@echo "Adding the packages of tests and checks to .venv: about a minute, once."
	@$(PIP) --require-hashes --requirement requirements-test.lock
	@touch $@

# A thin face over the `ssif` command line: every target is one of its commands or one of Python's tools.
# Windows, or no make: README.md shows the same in plain commands.

STUDY ?= data_raw/example
PYTHON ?= python3
BIN := .venv/bin

.PHONY: evaluate new validate power release test check serve notebook bench calibrate fleet example lock clean

evaluate: .venv/ready
	@$(BIN)/ssif evaluate $(STUDY) $(if $(VERBOSE),--verbose) $(if $(OFFICERS),--officers)

new: .venv/ready
	@$(BIN)/ssif new $(STUDY)

validate: .venv/ready
	@$(BIN)/ssif validate $(STUDY)

power: .venv/ready
	@$(BIN)/ssif power $(STUDY)

release: .venv/ready
	@$(BIN)/ssif release $(STUDY) --date $(if $(DATE),$(DATE),$(error say when it was published: make release DATE=2018-10-02))

test: .venv/ready
	@$(BIN)/python -m pytest --numprocesses auto

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

serve: .venv/ready
	@$(BIN)/ssif serve

notebook: .venv/ready
	@$(BIN)/jupytext --quiet --set-kernel python3 --to ipynb --output data_marts/explore.ipynb notebooks/explore.py
	@$(BIN)/jupyter-execute --inplace data_marts/explore.ipynb
	@echo "Written: data_marts/explore.ipynb"

bench: .venv/ready
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench_pack
	@$(BIN)/python -m tests.bench_cells
	@$(BIN)/python -m tests.bench_randomisation
	@$(BIN)/python -m tests.bench_validation

calibrate: .venv/ready
	@$(BIN)/python -m tests.calibration

fleet: .venv/ready
	@$(BIN)/python -m tests.fleet --studies $(if $(STUDIES),$(STUDIES),1000)

example: .venv/ready
	@$(BIN)/ssif example

# The lock holds hashes and no index address: whichever index a machine is set up for, the files are the same.
lock: .venv/ready
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-strip-extras --quiet --output-file requirements.lock

clean:
	find data_marts -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	rm -rf .venv artefacts .pytest_cache .mypy_cache .ruff_cache

.venv/ready: requirements.lock pyproject.toml
	@echo "Making .venv from requirements.lock: about a minute, once."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

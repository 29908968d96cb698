# make help names the targets. PYTHON is the interpreter that makes the virtual environment; everything goes there.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

# How many tests run at a time: "auto" is one for each processor.
TEST_JOBS ?= auto

# What was installed into the virtual environment, and from which pyproject.toml, is remembered there.
MADE  := $(VENV)/.made
RUN   := $(VENV)/.installed-to-run
TEST  := $(VENV)/.installed-to-test

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint bench qemu guest-kernels venv clean

help:
	@echo 'make demo   replay the scenario of the mission (needs python3 >= 3.11 and a package index for PyYAML)'
	@echo 'make test   lint, type check and tests; live tests skip without a QEMU, REQUIRE_LIVE=1 forbids that'
	@echo 'make qemu   install a live QEMU, and edk2 for Arm, for the live tests (Debian, Ubuntu)'
	@echo 'make guest-kernels'
	@echo '            fetch Linux kernels to boot guests from, into your cache; nothing is installed (Debian, Ubuntu)'
	@echo 'make lint   ruff and mypy only'
	@echo 'make bench  the benchmarks'
	@echo 'make venv   the virtual environment in $(VENV), with everything that the tests need'
	@echo 'make clean  remove what the others made'
	@echo 'PYTHON=python3.12 chooses the interpreter, TEST_JOBS=1 lets one test run at a time'

demo: $(RUN)
	@$(BIN)/python -c 'from sandbox.cli import script; script()' replay scenarios/grace-hopper-mig.yaml

test: lint
	$(BIN)/python -m pytest -n $(TEST_JOBS)

lint: $(TEST)
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(TEST)
	@set -e; for bench in benchmarks/[!_]*.py; do echo "== $$bench"; $(BIN)/python "$$bench"; done

qemu:
	@tools/install-qemu

guest-kernels:
	@tools/fetch-guest-kernels

venv: $(TEST)

$(MADE):
	@command -v $(PYTHON) >/dev/null || { \
	    echo 'No $(PYTHON) here. On Debian and Ubuntu: apt-get install python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "$(PYTHON) is $$($(PYTHON) -V 2>&1), but 3.11 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	    echo "$(PYTHON) lacks venv or ensurepip. On Debian and Ubuntu: apt-get install" \
	        "$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUN): $(MADE) pyproject.toml
	@$(BIN)/python -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	    print(*project["dependencies"], sep="\n")' > $(VENV)/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(VENV)/requirements.txt
	@touch $@

$(TEST): $(MADE) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat -e '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Needs only make, git and a Python >= 3.11 with venv. Works with GNU make 3.81 (macOS).
# Everything is installed into .venv from the lock files in binder/; nothing outside this folder changes.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The interpreter that makes .venv: `make test PYTHON=/path/to/python` chooses one by hand.
PYTHON :=
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3.11 python3 python)

VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip
LAB_SETTINGS := $(VENV)/share/jupyter/lab/settings
LAB_STAMP := $(VENV)/.lab-installed
TEST_STAMP := $(VENV)/.test-installed

# One lock for every supported Python and system; it names no index.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(RUN) -m uv pip compile pyproject.toml --upgrade --quiet \
    --universal --python-version 3.11 --fork-strategy fewest --no-annotate --no-emit-index-url --no-emit-find-links

# Settings of the user's own that would lead pip or Jupyter out of .venv.
unexport PYTHONHOME PYTHONPATH PIP_PREFIX PIP_TARGET
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONNOUSERSITE := 1
export JUPYTER_PREFER_ENV_PATH := 1

.PHONY: help
help:  ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

.PHONY: lab
lab: $(LAB_STAMP)  ## open JupyterLab on the first notebook
	$(RUN) -m jupyterlab --allow-root --LabApp.default_url=/lab/tree/notebooks/01_spiral_data.ipynb

.PHONY: test
test: $(TEST_STAMP)  ## run every test: units, notebooks, browser
	$(RUN) -m pytest

.PHONY: lint
lint: $(TEST_STAMP)  ## check style and types
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

.PHONY: format
format: $(TEST_STAMP)  ## mend style where that can be done automatically
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

.PHONY: notebooks
notebooks: $(LAB_STAMP)  ## run every notebook and save its outputs, cleaned
	$(RUN) tools/refresh_notebooks.py $(ONLY)

.PHONY: benchmark
benchmark: $(LAB_STAMP)  ## measure the speed beside other libraries, and write the README's table
	$(RUN) benchmarks/training.py --write $(ARGS)

.PHONY: address
address: $(LAB_STAMP)  ## write the public address everywhere: make address URL=https://...
	$(RUN) tools/set_address.py "$(URL)"

.PHONY: lock
lock: $(LAB_STAMP)  ## renew the lock files in binder/ with the newest versions
	$(PIP) install --quiet uv
	$(COMPILE) --extra lab --output-file binder/requirements.txt
	$(COMPILE) --extra test --constraint binder/requirements.txt --output-file binder/requirements-test.txt

.PHONY: clean
clean:  ## remove .venv and what the tools leave behind
	rm -rf $(VENV) benchmarks/.venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache test-artifacts
	find . \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# A .venv whose pip does not answer was left half made, or its Python is gone: it is made anew.
define MAKE_VENV
set -e; \
if ! $(RUN) -m pip --version >/dev/null 2>&1; then \
    for candidate in $(CANDIDATES) none; do \
        if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then break; fi; \
    done; \
    if [ "$$candidate" = none ]; then \
        echo "Found no Python 3.11 or newer with venv and ensurepip (tried:" $(CANDIDATES)")." >&2; \
        echo "Install one (Debian and Ubuntu: the package python3-venv belongs to it)," >&2; \
        echo "or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
        exit 1; \
    fi; \
    echo "Making $(VENV) with $$("$$candidate" --version) ($$candidate)"; \
    "$$candidate" -m venv --clear $(VENV); \
fi
endef

$(LAB_STAMP): binder/requirements.txt pyproject.toml
	@$(MAKE_VENV)
	@echo "Installing the versions of binder/requirements.txt (once, a minute or two)"
	@$(PIP) install --quiet --requirement binder/requirements.txt
	@$(PIP) install --quiet --no-deps --editable .
	@mkdir -p $(LAB_SETTINGS) && cp binder/overrides.json $(LAB_SETTINGS)
	@touch $@

$(TEST_STAMP): $(LAB_STAMP) binder/requirements-test.txt
	@echo "Installing the test tools of binder/requirements-test.txt (once)"
	@$(PIP) install --quiet --requirement binder/requirements-test.txt
	@touch $@

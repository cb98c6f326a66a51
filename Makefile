# Needs only make, git and a Python >= 3.11 with venv. Works with GNU make 3.81 (macOS).
# Everything is installed into .venv from the lock files in binder/, and what the programs keep stays there too.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The interpreter that makes .venv: `make test PYTHON=/path/to/python` chooses one by hand.
PYTHON :=
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3.11 python3 python)

VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip
LAB_STAMP := $(VENV)/.lab-installed
TEST_STAMP := $(VENV)/.test-installed

# One lock for every supported Python and system; it names no index.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(RUN) -m uv pip compile pyproject.toml --upgrade --quiet \
    --universal --python-version 3.11 --fork-strategy fewest --no-annotate --no-emit-index-url --no-emit-find-links

# Settings of the user's own that would lead Python, pip, Jupyter or Matplotlib out of .venv.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PIP_PREFIX PIP_TARGET
unexport JUPYTER_CONFIG_PATH JUPYTER_PATH MATPLOTLIBRC MPLBACKEND
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONNOUSERSITE := 1
export JUPYTER_PREFER_ENV_PATH := 1

# Where they keep things: not in HOME, which need not even be writable. tools/open_lab.py has Jupyter's
# again, for those without make.
KEPT := $(CURDIR)/$(VENV)/var
export XDG_CACHE_HOME := $(KEPT)/cache
export PIP_CACHE_DIR := $(KEPT)/cache/pip
export UV_CACHE_DIR := $(KEPT)/cache/uv
export JUPYTER_CONFIG_DIR := $(KEPT)/jupyter/config
export JUPYTER_DATA_DIR := $(KEPT)/jupyter/data
export JUPYTER_RUNTIME_DIR := $(KEPT)/jupyter/runtime
export JUPYTERLAB_DIR := $(CURDIR)/$(VENV)/share/jupyter/lab
export JUPYTERLAB_SETTINGS_DIR := $(KEPT)/jupyter/settings
export JUPYTERLAB_WORKSPACES_DIR := $(KEPT)/jupyter/workspaces
export IPYTHONDIR := $(KEPT)/ipython
export MPLCONFIGDIR := $(KEPT)/matplotlib
export npm_config_cache := $(KEPT)/cache/npm
export CHROME_CONFIG_HOME := $(KEPT)/chrome
export KERAS_HOME := $(KEPT)/keras

.PHONY: help
help:  ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

.PHONY: lab
lab: $(LAB_STAMP)  ## open JupyterLab on the first notebook
	$(RUN) tools/open_lab.py $(ARGS)

.PHONY: test
test: $(TEST_STAMP)  ## run every test: units, notebooks, browser
	$(RUN) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

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

.PHONY: mutants
mutants: $(TEST_STAMP)  ## change the package at random places: do the tests notice?
	@$(PIP) install --quiet --requirement binder/requirements-mutants.txt
	$(RUN) tools/mutants.py $(ARGS)

.PHONY: address
address: $(LAB_STAMP)  ## write the public address everywhere: make address URL=https://...
	$(RUN) tools/set_address.py "$(URL)"

.PHONY: lock
lock: $(LAB_STAMP)  ## renew the lock files in binder/ with the newest versions
	$(PIP) install --quiet uv
	$(COMPILE) --extra lab --extra binder --output-file binder/requirements.txt
	$(COMPILE) --extra test --constraint binder/requirements.txt --output-file binder/requirements-test.txt
	$(COMPILE) --extra mutants --constraint binder/requirements-test.txt --output-file binder/requirements-mutants.txt

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

# A path relative to .venv, instead of the one that pip writes: the folder may be moved, renamed or copied.
define FOLLOW_FOLDER
import os, pathlib, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
for link in site.glob("*vanishing*.pth"):
    link.write_text(os.path.relpath(".", site))
endef
export FOLLOW_FOLDER

# Asked, not remembered: a .venv can lose its Python, or hold the package of another folder. Then it is installed anew.
FOUND := $(shell $(RUN) -I -c 'import importlib.util as util, os; \
    print(os.path.samefile(util.find_spec("vanishing").origin, "vanishing/__init__.py"))' 2>/dev/null)
ifneq ($(FOUND),True)
.PHONY: $(LAB_STAMP)
endif

# __init__.py holds the version.
$(LAB_STAMP): binder/requirements.txt pyproject.toml vanishing/__init__.py
	@$(MAKE_VENV)
	@echo "Installing the versions of binder/requirements.txt (once, a minute or two)"
	@$(PIP) install --quiet --requirement binder/requirements.txt
	@$(PIP) install --quiet --no-deps --editable .
	@$(RUN) -c "$$FOLLOW_FOLDER"
	@mkdir -p $(VENV)/var
	@touch $@

$(TEST_STAMP): $(LAB_STAMP) binder/requirements-test.txt
	@echo "Installing the test tools of binder/requirements-test.txt (once)"
	@$(PIP) install --quiet --requirement binder/requirements-test.txt
	@touch $@

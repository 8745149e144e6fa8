# Every target makes what it needs: a clone, python3 (3.11 or later), make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out/2020
# small matrix products are faster on one thread, and the tests run in two processes
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: install reproduce test test-slow check bench docs lab lock clean
.DEFAULT_GOAL := reproduce

$(VENV)/.installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sapa needs Python 3.11 or later; say which with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "python3 has no venv module here; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing into $(VENV), once: about a minute, silent while it loads."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: $(VENV)/.installed

reproduce: $(VENV)/.installed
	@$(BIN)/sapa reproduce --progress --out "$(OUT)"

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2

test-slow: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 -m slow

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks

# Warnings, links without target and anything loaded from another host are errors; the notebooks run.
docs: $(VENV)/.installed
	$(BIN)/sphinx-build -W --keep-going -q -j 2 -d build/docs docs site
	@rm -rf jupyter_execute
	@echo "site/index.html opens in a browser, without a server."

lab: $(VENV)/.installed
	$(BIN)/jupyter lab notebooks $(LABFLAGS)

# The lock pins every package with its hashes, for every Python and platform; no index address is written.
lock: $(VENV)/.installed
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --all-extras --group dev pyproject.toml requirements-build.in -o requirements.lock

clean:
	rm -rf $(VENV) out dist build site docs/reference docs/notebooks .pytest_cache .mypy_cache .ruff_cache .hypothesis

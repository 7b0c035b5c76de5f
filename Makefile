# One vocabulary: install, run, test, lint, bench. Each does what it needs first, on a machine with Python 3.11 and pip.
PYTHON ?= python3.11
UV_VERSION := 0.13.9
UV := .tools/bin/uv
BIN := .venv/bin
# The extras of pyproject.toml that this installation has; `make install EXTRAS=sqlserver` sets them for good, EXTRAS= none.
EXTRAS_STAMP := .venv/.extras
INSTALLED_EXTRAS := $(shell cat $(EXTRAS_STAMP) 2>/dev/null)
EXTRAS ?= $(INSTALLED_EXTRAS)
export UV_PYTHON_DOWNLOADS := never
export KEDRO_DISABLE_TELEMETRY := 1
export MLFLOW_DISABLE_TELEMETRY := true

.DEFAULT_GOAL := help
.PHONY: help install run viz test lint bench truth package clean

help: ## what there is to ask for
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

install: .venv/.installed ## everything the project needs, into .venv; EXTRAS=sqlserver for Microsoft's ODBC driver

$(UV):
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tools uv==$(UV_VERSION)

ifneq ($(strip $(EXTRAS)),$(strip $(INSTALLED_EXTRAS)))
.PHONY: .venv/.installed
endif
.venv/.installed: uv.lock pyproject.toml $(UV)
	env -u PYTHONPATH $(UV) sync --frozen --compile-bytecode --python $(PYTHON) $(EXTRAS:%=--extra %)
	$(BIN)/python -m compileall -q src
	@echo "$(EXTRAS)" > $(EXTRAS_STAMP)
	@touch $@

run: install ## the whole run: database to report, on the demo world unless CORY_DUCKDB_PATH names another
	$(BIN)/kedro run --pipeline=full

viz: install ## the pipelines in a browser
	$(BIN)/kedro viz run

test: install ## every test, with coverage
	$(BIN)/pytest --cov --cov-report=term --numprocesses=auto --maxprocesses=4 --dist=loadscope --no-loadscope-reorder

lint: install ## style, types, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install ## the benchmarks, as ratios side by side
	$(BIN)/python benchmarks/full_run.py
	$(BIN)/python benchmarks/scrubbing.py
	$(BIN)/python benchmarks/odbc_extraction.py
	$(BIN)/python benchmarks/features.py
	$(BIN)/python benchmarks/modelling.py

truth: run ## how close results come to planted truth and public data, after a run; takes hours
	$(BIN)/python benchmarks/oracle.py
	$(BIN)/python benchmarks/effects.py
	$(BIN)/python benchmarks/power.py
	$(BIN)/python benchmarks/shuffled.py
	$(BIN)/python benchmarks/leakage.py
	$(BIN)/python benchmarks/drift.py .
	$(BIN)/python benchmarks/public_data.py
	$(BIN)/python benchmarks/upworthy.py

package: install ## a wheel and the configuration's archive, in dist/
	$(UV) build --wheel --out-dir dist
	tar -czf dist/conf-lead_conversion.tar.gz --exclude=conf/local/* conf

clean: ## what can be made again, but not data/
	rm -rf .venv .tools dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

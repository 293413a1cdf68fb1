# refinelake: `make run` and `make test` need Python 3.11+ and a network, nothing else.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CACHE ?= .cache
WAREHOUSE ?= warehouse
SET ?= demo
export GX_ANALYTICS_ENABLED = false
# Java 17 or 21: JAVA_HOME, else java on PATH, else Debian's package (docker/java.sh says so or installs it).
JAVA = source docker/java.sh &&

.PHONY: help setup run test lint golden docs bench profile wheel clean

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/.installed: requirements.lock setup.cfg docker/java.sh
	@$(PYTHON) docker/check_python.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip install -q --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@$(JAVA) $(BIN)/refinelake doctor
	@touch $@

setup: $(BIN)/.installed  ## virtual environment, pinned packages, Java, Delta's JARs

run: setup  ## fetch the demo sources, run the pipeline, write report.html
	@$(BIN)/refinelake fetch $(SET) --to $(CACHE)/$(SET)
	@$(JAVA) $(BIN)/refinelake run --sources $(CACHE)/$(SET)/sources.jsonl --warehouse $(WAREHOUSE) --report report.html

test: setup  ## all tests, on two cores
	@$(JAVA) $(BIN)/python -m pytest -n 2 --dist loadfile

lint: setup  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

golden: setup  ## run the tests and rewrite the golden files
	@$(JAVA) REFRESH_GOLDEN=1 $(BIN)/python -m pytest

docs: setup  ## rewrite the pages generated from code
	@$(JAVA) $(BIN)/refinelake docs

bench: setup  ## measure every stage against the floor (SET=tiny, demo or bench)
	@$(BIN)/refinelake fetch $(SET) --to $(CACHE)/$(SET)
	@$(JAVA) $(BIN)/python -m benchmarks --set $(SET) --sources $(CACHE)/$(SET)/sources.jsonl

profile: setup  ## profile a kernel: make profile KERNEL=signals FILES=some/folder
	@$(BIN)/refinelake profile $(KERNEL) --files $(FILES)

wheel: setup  ## build the wheel into dist/
	$(BIN)/python -m build --wheel

clean:  ## remove the demo warehouse and caches, keep the environment
	rm -rf $(WAREHOUSE) report.html .pytest_cache .mypy_cache .ruff_cache build

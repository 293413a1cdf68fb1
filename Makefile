# refinelake: `make run` and `make test` need Python 3.11.5+ and a network, nothing else.
.DEFAULT_GOAL := help
SHELL := bash
# The first that will do: Debian 12's python3 is 3.11.2, which will not.
PYTHON ?= $(or $(shell for p in python3 python3.12 python3.11; do $$p docker/check_python.py >/dev/null 2>&1 && echo $$p && break; done),python3)
VENV ?= .venv
BIN := $(VENV)/bin
CACHE ?= .cache
WAREHOUSE ?= warehouse
RUNS ?= runs
SET ?= demo
PYTHON_THERE ?= 3.12
export GX_ANALYTICS_ENABLED = false
# Java 17 or 21: JAVA_HOME, else java on PATH, else Debian's package (docker/java.sh says so or installs it).
JAVA = source docker/java.sh &&

.PHONY: help setup run web synth model evidence test test-long lint golden docs bench profile bundle wheel pack clean

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/.installed: requirements.lock setup.cfg docker/java.sh
	@$(PYTHON) docker/check_python.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip install -q --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@# Where no process may write bytecode (containers often say so), each would compile 2,000 modules anew: 7 s.
	@$(BIN)/python -m compileall -q -j 2 $(VENV)/lib jobs schemas training udfs >/dev/null 2>&1 || true
	@$(JAVA) $(BIN)/refinelake doctor
	@touch $@

setup: $(BIN)/.installed  ## virtual environment, pinned packages, Java, Delta's JARs

run: setup  ## fetch the demo sources, run the pipeline, recall web pages, train a toy model, write report.html, web_report.html, data_report.html and training.html
	@$(BIN)/refinelake fetch $(SET) --to $(CACHE)/$(SET)
	@$(JAVA) $(BIN)/refinelake run --sources $(CACHE)/$(SET)/sources.jsonl --warehouse $(WAREHOUSE) --report report.html
	@$(MAKE) --no-print-directory web
	@$(MAKE) --no-print-directory model
	@echo "make synth plays recipes of synthetic data over this corpus: it fetches a model of 253 MB under Gemma's terms of"
	@echo "use, or refinelake instruct run asks an endpoint of yours (docs/instruct.md); neither is asked here"

# Two rounds and a small matrix: a minute on two cores.
RECALL = --set fasttext.dim=32 --set fasttext.buckets=65536 --set recall.folds=3 --rounds 2
web: setup  ## fetch documentation sites as a crawl, train the classifier of code pages, recall them, write web_report.html
	@$(BIN)/refinelake fetch web --to $(CACHE)/web
	@$(JAVA) $(BIN)/refinelake web train --sources $(CACHE)/web/web.jsonl --from $(CACHE)/web/labels.jsonl \
		--warehouse $(WAREHOUSE) $(RECALL)
	@$(JAVA) $(BIN)/refinelake web run --sources $(CACHE)/web/web.jsonl --warehouse $(WAREHOUSE) --report web_report.html

# A model of 270 million parameters, fetched by name under its own terms: it shows the way, its rows are poor.
synth: setup  ## play recipes of synthetic data with a small model on the CPU: calls, runs, costs, instruct_report.html
	@$(JAVA) $(BIN)/python -m benchmarks.synth --warehouse $(WAREHOUSE) --cache $(CACHE)/model

# A twentieth of the repositories is held out: of 143 there would be none at the default of one in a thousand.
HELD_OUT = --set tokens.held_out=0.05
# Threads that wait for each other sleep: spinning, two of them take ten times as long where another program runs too.
TRAIN = OMP_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE $(BIN)/refinelake train
TOKENIZER = $(RUNS)/tokenizer
model: setup  ## tokenizer, token tables, pretraining, annealing, both SFT stages, export, scores, training.html
	@rm -rf $(RUNS) && mkdir -p $(RUNS)
	@$(JAVA) $(BIN)/refinelake tokenizer --warehouse $(WAREHOUSE) --to $(TOKENIZER) --vocabulary 2048 --mb 8 $(HELD_OUT)
	@$(JAVA) $(BIN)/refinelake tokens --warehouse $(WAREHOUSE) --tokenizer $(TOKENIZER) $(HELD_OUT) --report data_report.html
	@$(TRAIN) pretrain --model toy --tokens $(WAREHOUSE)/pretrain_tokens --tokenizer $(TOKENIZER) --to $(RUNS)/pretrain
	@$(TRAIN) anneal --model toy --from $(RUNS)/pretrain --part original=$(WAREHOUSE)/pretrain_tokens \
		--set data.missing=renormalise --tokenizer $(TOKENIZER) --to $(RUNS)/anneal
	@$(BIN)/refinelake export --run $(RUNS)/anneal --to $(RUNS)/annealed
	@$(BIN)/refinelake evaluate --model $(RUNS)/annealed --to $(RUNS)/annealed-scores \
		--held-out $(WAREHOUSE)/pretrain_tokens --held-out-tokens 5000
	@$(TRAIN) sft1 --model toy --from $(RUNS)/anneal --tokens $(WAREHOUSE)/sft_tokens --tokenizer $(TOKENIZER) --to $(RUNS)/sft1
	@$(TRAIN) sft2 --model toy --from $(RUNS)/sft1 --tokens $(WAREHOUSE)/sft_tokens --tokenizer $(TOKENIZER) --to $(RUNS)/sft2
	@$(BIN)/refinelake export --run $(RUNS)/sft2 --to $(RUNS)/model
	@$(BIN)/refinelake evaluate --model $(RUNS)/model --to $(RUNS)/scores --held-out $(WAREHOUSE)/pretrain_tokens \
		--held-out-tokens 5000 --human-eval --chat --tasks 16 --most-tokens 64
	@$(BIN)/refinelake training-report --run $(RUNS)/pretrain --run $(RUNS)/anneal --run $(RUNS)/sft1 --run $(RUNS)/sft2 \
		--evaluation $(RUNS)/annealed-scores/evaluation.json --evaluation $(RUNS)/scores/evaluation.json --data-report report.html --to training.html

# What a killed one left is gone on with; another setting wants another folder (EVIDENCE=DIR).
EVIDENCE ?= $(CACHE)/evidence
TABLES = $(EVIDENCE)/tables
COMPARE = OMP_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE $(BIN)/refinelake evidence
PAGE = --page docs/evidence.md
# What is tried for a comparison, and is no reader's, has a warehouse of its own, brought to each setting in turn.
TRIED = $(EVIDENCE)/warehouse
TRIED_BY = $(if $(TRY),--sources $(EVIDENCE)/stars.jsonl --warehouse $(TRIED) $(filter-out default,$(TRY)))
UP_TO_CLEANED = --only ingest,text_scores,text_decisions,file_decisions,exact_duplicates,fingerprints,near_pairs,near_duplicates,cleaned_texts
$(EVIDENCE)/stars.jsonl: | setup
	@mkdir -p $(@D) && $(BIN)/python -m benchmarks.stand_in_stars --sources $(CACHE)/$(SET)/sources.jsonl --to $@
$(TABLES)/%/files.json: | $(EVIDENCE)/stars.jsonl
	@rm -rf $(@D) && mkdir -p $(TABLES)
	@$(JAVA) $(if $(TRY),$(BIN)/refinelake run $(TRIED_BY),true)
	@$(JAVA) $(BIN)/refinelake tokens --of $(OF) --share $(SHARE) --to $(@D) --warehouse $(if $(TRY),$(TRIED),$(WAREHOUSE)) \
		--tokenizer $(TOKENIZER) $(HELD_OUT)
$(TABLES)/raw/files.json: OF = contents
$(TABLES)/raw/files.json: SHARE = 0.12
$(TABLES)/refined/files.json: OF = code_corpus
$(TABLES)/refined/files.json: SHARE = 0.25
$(TABLES)/web/files.json: OF = web_corpus
$(TABLES)/web/files.json: SHARE = 1
STARS = $(TABLES)/all/files.json $(TABLES)/starred/files.json
$(STARS): OF = code_corpus
$(STARS): SHARE = 0.25
$(TABLES)/all/files.json: TRY = default
$(TABLES)/starred/files.json: TRY = --set file_rules.min_stars=5
# About as many tokens as a run reads: copies of a text are then met again, as in the paper's whole passes. The claim is
# about two strategies; make TABLE of the others, and name them by --arm, to train them too.
STRATEGIES = $(patsubst %,$(TABLES)/%/files.json,file repository chunk file+chunk repository+chunk)
$(STRATEGIES): OF = near_duplicates
$(STRATEGIES): SHARE = 0.04
$(STRATEGIES): TRY = --set dedup.strategy=$(notdir $(@D)) $(UP_TO_CLEANED)
evidence: setup $(TABLES)/raw/files.json $(TABLES)/refined/files.json $(TABLES)/web/files.json $(STARS) $(TABLES)/file/files.json $(TABLES)/repository/files.json  ## compare what tables give a toy model beside the papers' claims (after make run); writes docs/evidence.md
	@$(COMPARE) raw-refined --tables $(TABLES) --tokenizer $(TOKENIZER) --tokens 500000 --to $(EVIDENCE)/raw-refined $(PAGE)
	@$(COMPARE) microannealing --from $(EVIDENCE)/raw-refined/refined-0 --candidate $(TABLES)/web/files.json \
		--to $(EVIDENCE)/microannealing $(PAGE)
	@$(COMPARE) dedup --arm file=$(TABLES)/file/files.json --arm repository=$(TABLES)/repository/files.json \
		--held-out file=$(TABLES)/file/files.json --tokenizer $(TOKENIZER) --tokens 300000 --to $(EVIDENCE)/dedup $(PAGE)
	@$(COMPARE) stars --tables $(TABLES) --tokenizer $(TOKENIZER) --tokens 500000 --to $(EVIDENCE)/stars $(PAGE)
	@$(COMPARE) sft-stages --tables $(WAREHOUSE) --from $(EVIDENCE)/raw-refined/refined-0 --set data.too_long=cut --tokens 200000 \
		--to $(EVIDENCE)/sft-stages $(PAGE)

test: setup  ## the tests, on two cores
	@source docker/chromium.sh; $(JAVA) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 15

test-long: setup  ## more seeds and strategies of the tests that make test runs once
	@$(JAVA) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m long --durations 15

lint: setup  ## ruff, mypy, hadolint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint docker/*.Dockerfile

golden: setup  ## run the tests and rewrite the golden files
	@$(JAVA) REFRESH_GOLDEN=1 $(BIN)/python -m pytest

docs: setup  ## rewrite the pages generated from code
	@$(JAVA) $(BIN)/refinelake docs

bench: setup  ## measure every stage against the floor (SET=tiny, demo or bench)
	@$(BIN)/refinelake fetch $(SET) --to $(CACHE)/$(SET)
	@$(JAVA) $(BIN)/python -m benchmarks --set $(SET) --sources $(CACHE)/$(SET)/sources.jsonl

profile: setup  ## profile a kernel: make profile KERNEL=signals FILES=some/folder
	@$(BIN)/refinelake profile $(KERNEL) --files $(FILES)

bundle: setup  ## the training benchmark for a GPU machine without network: dist/bundle (PYTHON_THERE=3.12)
	@$(BIN)/python -m benchmarks.bundle --to dist/bundle --python $(PYTHON_THERE)

wheel:  ## build the wheel into dist/, with nothing but Python and pip
	@# What an earlier build left would go into this one, and an earlier wheel to Databricks.
	@rm -rf build dist/refinelake-*.whl
	$(PYTHON) -m pip wheel -q --no-deps --wheel-dir dist .

pack: setup  ## what a cluster's workers lack: dist/cluster/env.tar.gz, JARs, settings for spark-submit
	@$(BIN)/refinelake pack --to dist/cluster

clean:  ## remove the demo warehouse, the toy model and caches, keep the environment
	rm -rf $(WAREHOUSE) $(RUNS) report.html web_report.html data_report.html training.html .pytest_cache .mypy_cache .ruff_cache build

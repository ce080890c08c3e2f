# `make plan` and `make test` do all their set-up themselves, in .venv.
PYTHON ?= python3
BOOK ?= data/sample
REGION ?= North

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help plan test engines lab pictures golden bench format lock

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

plan: .venv/ready ## Plan every region of the sample (BOOK=FOLDER for your own book)
	@$(BIN)/kapkit run --book $(BOOK)

test: .venv/ready-test ## Check style, types and structure; run all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n 2 -m "not slow"
	$(BIN)/pytest -n 2 --dist loadscope -m slow
	$(BIN)/pytest -n 2 --dist loadscope --nbval --nbval-current-env \
		--nbval-sanitize-with tests/golden/sanitize.cfg tests/golden

engines: .venv/ready-engines ## Add Spark and the benchmarks' peers, for the tests that need them

lab: .venv/ready ## Open JupyterLab on a copy of a region's notebooks (REGION="North")
	@$(BIN)/kapkit lab $(if $(REGION),"$(REGION)") --book $(BOOK)

pictures: .venv/ready-test plan ## Take the README's pictures of the sample's pages
	@$(BIN)/python -m tests.pages.pictures reports/sample/2026-06-30 docs/pictures

golden: .venv/ready-test ## Execute the golden notebooks again, after a change that was meant
	@$(BIN)/python -m tests.golden

bench: .venv/ready-engines ## Measure speed and memory, as ratios against peers
	@for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

format: .venv/ready-test ## Format the code
	@$(BIN)/ruff check --fix --quiet .; $(BIN)/ruff format --quiet .

lock: .venv/ready-test ## Write what is generated: locks, environment.yml, data dictionary
	@printf 'hatchling>=1.27\neditables>=0.5\n' | $(LOCK) pyproject.toml - --output-file requirements.lock
	@$(LOCK) --extra test --constraint requirements.lock pyproject.toml --output-file requirements-test.lock
	@$(LOCK) --extra postgres --extra spark --extra dask --extra bench --constraint requirements-test.lock pyproject.toml \
		--output-file requirements-engines.lock
	@$(BIN)/python -m tests.environment > environment.yml
	@$(BIN)/python -m kapkit.book.dictionary > data/README.md

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kapkit needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	@echo "Setting up .venv, once; this takes a minute or two"
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready-test: .venv/ready requirements-test.lock
	@$(PIP) --require-hashes --requirement requirements-test.lock
	@touch $@

.venv/ready-engines: .venv/ready-test requirements-engines.lock
	@$(PIP) --require-hashes --requirement requirements-engines.lock
	@touch $@

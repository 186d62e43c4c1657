# All set-up happens here, in .venv; a second run of any target is fast.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check --no-input
COMPILE := $(BIN)/pip-compile

.DEFAULT_GOAL := help
.PHONY: help demo sandbox run test check lint bench screenshots lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/.run ## Show the main job: a sample is shared, its English stands in the thread (no account, no key)
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/dragoman sandbox --share sample; \
	else $(BIN)/dragoman sandbox --share sample --once; fi

sandbox: .venv/.run ## Start the embedded sandbox with the bot
	@$(BIN)/dragoman sandbox

run: .venv/.run ## Run the bot with what the environment and .env say
	@$(BIN)/dragoman run

test: .venv/.dev ## Run the tests
	@$(BIN)/python -m pytest -q -n auto $(COVERAGE)

# `check` runs the same tests, measured; `make check test` (CI) runs them once.
check: COVERAGE = --cov --cov-report=
check: lint test ## What CI runs: format, lint, types, tests, coverage
	@$(BIN)/python tests/coverage_gate.py

lint: .venv/.dev ## Format, lint and types alone
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: .venv/.dev ## Measure what docs/benchmarks.md lists
	@$(BIN)/python -m benchmarks

screenshots: .venv/.dev ## Take the pictures of docs/images anew (needs Chromium)
	@$(BIN)/python tools/screenshots.py

lock: .venv/.dev ## Pin the newest versions that pyproject.toml allows, with their hashes
	@$(COMPILE) --upgrade --build-deps-for=editable --output-file=requirements.txt pyproject.toml
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
		| $(COMPILE) --upgrade --constraint=requirements.txt --output-file=requirements-dev.txt -

clean: ## Remove what the other targets made
	@rm -rf .venv build *.egg-info .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=…")'
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: .venv/.made requirements.txt pyproject.toml
	@echo "Installing what Dragoman needs into .venv …" >&2
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt
	@echo "Installing the development tools into .venv …" >&2
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@

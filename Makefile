# What a person types. Needs Python 3.11 or later, make and pip; everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset serve test torture lint bench lock

help:  ## Show what there is to make.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "audit_api needs Python 3.11 or later; run: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)  ## Start everything on embedded services, load Batken 2021, serve until Ctrl-C; HOST=an address of this machine lets a phone reach it.
	@$(BIN)/audit-api demo $(if $(HOST),--host $(HOST))

demo-reset: $(STAMP)  ## Forget the demo's data.
	@$(BIN)/audit-api demo --reset

serve: $(STAMP)  ## Serve with DATABASE_URL and S3_* from the environment.
	@$(BIN)/gunicorn wsgi:app

test: $(STAMP)  ## Run the whole test suite on real services.
	@$(BIN)/python -m tests

torture: $(STAMP)  ## Sync under kills, cuts and crashes; SECONDS=60 SEED=made-up BUG=one-to-plant (docs/torture.md).
	@$(BIN)/python -m torture $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(if $(BUG),--bug $(BUG))

lint: $(STAMP)  ## Style, types, import direction.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(STAMP)  ## Measure side by side with raw psycopg; writes docs/benchmarks.md.
	@$(BIN)/python -m bench

lock:  ## Renew requirements.lock (needs uv).
	uv pip compile --universal --generate-hashes --python-version 3.11 --all-extras --no-emit-index-url --no-header pyproject.toml -o requirements.lock

# Two commands do all the set-up: `make run` and `make test`. `make help` lists the rest.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STATIC := $(shell find static -type f 2>/dev/null)
CATALOGUES := $(shell find locale -name '*.po' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run run-aws test test-previous rehearse check format screenshots requirements demo translations shell reset

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/ready staticfiles/staticfiles.json $(CATALOGUES:.po=.mo) ## The whole desk with its demo on http://localhost:8000
	@scripts/run

run-aws: $(VENV)/ready-dev staticfiles/staticfiles.json $(CATALOGUES:.po=.mo) ## The same desk on PostgreSQL, Redis and a local AWS
	@scripts/run-aws

test: $(VENV)/ready-dev staticfiles/staticfiles.json $(CATALOGUES:.po=.mo) ## Every check and test, on SQLite and PostgreSQL, in a real browser
	@scripts/test

test-previous: $(VENV)/ready-dev ## The tests of the release before on this schema: make test-previous SINCE=v1
	@scripts/test-previous $(if $(SINCE),--since $(SINCE))

rehearse: $(VENV)/ready-dev staticfiles/staticfiles.json $(CATALOGUES:.po=.mo) ## A release on one machine under load: canary, blue/green, rollback, migration
	@scripts/rehearse

check: $(VENV)/ready-dev ## Only the checks that need no server: lint, types, imports, templates
	@scripts/check

format: $(VENV)/ready-dev ## Lay out code and templates
	$(BIN)/ruff check --fix --exit-zero --quiet . && $(BIN)/ruff format .
	$(BIN)/djlint --reformat --quiet templates

screenshots: $(VENV)/ready-dev staticfiles/staticfiles.json $(CATALOGUES:.po=.mo) ## Take the pictures of docs/screenshots anew, in Chromium
	VAR_DIR=$$(mktemp -d) SCREENSHOTS=docs/screenshots $(BIN)/pytest --quiet tests/e2e/test_looks.py

requirements: $(VENV)/ready-dev ## Compile requirements.txt and requirements-dev.txt anew from pyproject.toml
	scripts/compile-requirements

demo: $(VENV)/ready ## Load the demo into an empty desk: make demo TICKETS=300
	$(BIN)/python manage.py release
	DEMO=1 $(BIN)/python manage.py demo --tickets $(or $(TICKETS),300)

translations: $(VENV)/ready ## Bring the catalogues in locale/ up to the sources
	$(BIN)/python manage.py translations

shell: $(VENV)/ready ## A Python shell with the desk loaded
	$(BIN)/python manage.py shell

# Hashed and compressed once, not at every start.
staticfiles/staticfiles.json: $(STATIC) requirements.txt | $(VENV)/ready
	@echo "Preparing static files ..."
	@$(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@

%.mo: %.po | $(VENV)/ready
	@$(BIN)/python manage.py compile_translations --verbosity 0

reset: ## Forget what the desks here keep: database, files, mail and jobs, of `make run-aws` too
	rm -rf "$$(realpath -m var/aws/pg)" var

$(VENV)/bin/python:
	@scripts/make-venv "$(PYTHON)" "$(VENV)"

$(VENV)/ready: $(VENV)/bin/python requirements.txt
	@echo "Installing what the desk runs on ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.txt
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

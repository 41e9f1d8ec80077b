# `make run` and `make test` set up all they need on a fresh Debian or Ubuntu machine with Python 3.11; the second start takes seconds.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
PYTEST := .venv/bin/pytest
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
           --custom-compile-command "make lock" pyproject.toml .ci/build.in
SLOW := load or kill or bench
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 2 ] && echo $$n || echo 2)

.PHONY: help run test test-all lint format lock clean fresh-demo setup setup-test

help: ## what can be asked for
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: setup ## set up, fill a demo bank on the first start, serve it at http://127.0.0.1:8000
	@.ci/demo
	@exec .venv/bin/portal serve

test: setup-test lint ## set up, then lint and the tests of every day
	@$(PYTEST) -n $(WORKERS) --dist loadgroup -m "not ($(SLOW))"

test-all: test ## and kills, load and benches, one at a time
	@$(PYTEST) -m "$(SLOW)"

lint: setup-test ## style, types, import rules
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo --no-cache

format: setup-test ## put the code into the house's form
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

lock: setup-test ## pin the dependencies of pyproject.toml with hashes
	@$(COMPILE) --output-file requirements.lock
	@$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

fresh-demo: setup ## throw the demo bank away and build it anew (PORTAL_TODAY sets its date)
	@.ci/demo --fresh

clean: ## remove the environment and all data of the demo
	rm -rf .venv .make var

setup:
	@.ci/setup run

setup-test:
	@.ci/setup test

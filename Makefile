# What the project can do. `make help` lists it.
SHELL := /bin/bash
export PYTHONSAFEPATH := 1
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup lint typecheck test test-unit
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

setup: .venv/.done ## make the virtual environment

.venv/.done: pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q 'uv>=0.9'
	@UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync -q --frozen --inexact --group dev
	@touch $@

test: test-unit ## everything that must pass

test-unit: .venv/.done ## unit tests
	$(BIN)/python -m pytest tests/unit

# The project's commands; `make help` lists them.

PYTHON ?= python3
ARGS ?=

VENV := .venv/bin
# What needs no machine to itself runs in two processes, a file's tests in one of them; browsers and kill -9 follow alone.
JOURNEYS := tests/journeys tests/miniprogram
define run-tests
	$(VENV)/python -m pytest -n 2 --dist loadfile $(JOURNEYS:%=--ignore=%)
	$(VENV)/python -m pytest $(JOURNEYS)
endef

VERSION_CHECK := import sys; v = sys.version_info; (3, 11) <= v[:2] < (3, 14) or sys.exit("City code needs Python 3.11, 3.12 or 3.13 and this is %d.%d; name another: make PYTHON=python3.12" % v[:2])

.DEFAULT_GOAL := help
.PHONY: help run test check format coverage bench day fuzz lock clean python run-environment test-environment test-machine fuzz-environment

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
	@echo 'ARGS="..." goes on to run, test, bench, fuzz and lock; PYTHON=python3.12 chooses the Python.'

run: run-environment ## set up what is missing and start the service
	@exec $(VENV)/python -m codeservice run $(ARGS)

test: test-environment test-machine ## set up what is missing and run all tests
ifeq ($(strip $(ARGS)),)
	$(run-tests)
else
	$(VENV)/python -m pytest $(ARGS)
endif

check: test-environment test-machine ## format, lint, types, import rules, tests: what a change must pass
	$(VENV)/python -m ruff format --check .
	$(VENV)/python -m ruff check .
	$(VENV)/python -m mypy
	$(VENV)/lint-imports
	$(run-tests)

format: test-environment ## put the code into the common format and mend what lint can mend
	$(VENV)/python -m ruff format .
	$(VENV)/python -m ruff check --fix .

coverage: test-environment test-machine ## run all tests and show which lines and branches they miss
	$(VENV)/python -m coverage run -m pytest
	$(VENV)/python -m coverage combine --quiet
	$(VENV)/python -m coverage report

bench: test-environment ## measure, against the bounds in bench/
	$(VENV)/python -m bench $(ARGS)

day: test-environment ## play a scripted day in the demo city by HTTP, twice, and see that it balances
	@$(VENV)/python -m day $(ARGS)

fuzz: fuzz-environment ## attack every reader of outside bytes; ARGS="--seconds 600 --target NAME"
	@.venv-fuzz/bin/python -m fuzz $(ARGS)

lock: python ## re-make the locks; ARGS=--upgrade takes newer versions
	@$(PYTHON) setup/environment.py lock
	@sh setup/lock.sh $(ARGS)

clean: ## remove what set-up and the tools made; data stays
	rm -rf .venv .venv-fuzz .venv-lock .venv-oracle node_modules wallet/lib wallet/miniprogram/core wallet/miniprogram/lib build dist *.egg-info htmlcov .coverage .coverage.*
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@$(PYTHON) -c '$(VERSION_CHECK)'

run-environment: python
	@$(PYTHON) setup/environment.py run

test-environment: python
	@$(PYTHON) setup/environment.py test

test-machine:
	@sh setup/browser.sh
	@sh setup/softhsm.sh
	@sh setup/strace.sh

fuzz-environment: python
	@$(PYTHON) setup/environment.py fuzz

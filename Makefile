SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
PY := .venv/bin/python
UV ?= uv

.PHONY: help setup setup-runtime lock demo check test bench corpora pictures clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/.runtime: requirements.lock pyproject.toml run_service.py
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.frontend: .venv/.runtime package-lock.json tools/vendor.py
	@$(PY) tools/vendor.py
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.venv/.system: .venv/.dev tools/system_packages.py
	@$(PY) tools/system_packages.py
	@touch $@

setup-runtime: .venv/.runtime .venv/.frontend

setup: .venv/.dev .venv/.frontend .venv/.system  ## .venv with everything, pinned and hashed

lock:  ## write the lock files anew (needs uv on the PATH)
	$(UV) pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements.lock
	$(UV) pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q -c requirements.lock -o requirements-dev.lock

demo: .venv/.runtime .venv/.frontend  ## the whole job on a simulated Exchange (ARGS=--once ends by itself)
	@$(PY) run_service.py demo $(ARGS)

check: .venv/.dev .venv/.frontend  ## ruff, mypy, import contracts, fast tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	.venv/bin/pytest -q -n 2 tests/unit tests/architecture

test: check .venv/.system  ## everything (CI runs this)
	.venv/bin/pytest -q -n 2 --ignore=tests/unit --ignore=tests/architecture tests

corpora: .venv/.system  ## all real threads, nasty mails and pages, 100 API calls an operation (needs ../shared)
	.venv/bin/pytest -q -rs -s tests/corpora tests/property tests/contract/test_ews_speed_paths_agree.py --whole-corpus
	.venv/bin/pytest -q -rs -s tests/web/test_hostile_html.py tests/web/test_api_fuzz.py --whole-corpus

pictures: .venv/.system .venv/.frontend  ## draw the pictures of the documentation anew (docs/bilder)
	PYTHONPATH=tests/support $(PY) tools/pictures.py

bench: .venv/.dev  ## measure; writes bench/out/results.json
	$(PY) -m bench

clean:  ## remove what the other commands made
	rm -rf .venv build dist bench/out .pytest_cache .mypy_cache .ruff_cache .hypothesis

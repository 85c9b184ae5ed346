# Two commands are enough for a newcomer: make run, make test.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: run test check format lock clean

run: .venv/.ready
	$(BIN)/python main.py demo

test: .venv/.ready-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/run

check: .venv/.ready
	$(BIN)/python main.py check

format: .venv/.ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Exact versions with hashes, for every platform that has wheels; `make lock UPGRADE=--upgrade`
# takes the newest ones. See README "Dependencies".
UPGRADE ?=
LOCK = $(BIN)/pip-compile -q --no-header --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options $(UPGRADE)

lock: .venv/.ready-dev
	$(LOCK) -o requirements.txt pyproject.toml
	$(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml

clean:
	rm -rf .venv var

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.ready: requirements.txt | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

.venv/.ready-dev: requirements-dev.txt .venv/.ready
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

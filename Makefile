# make run and make test need nothing but Python 3.11+ and make; each sets up what is missing.
#   PORT=9000            another port for make run
#   FILE=path ARGS=...   for make rehearse and make bench
#   DATABASE_URL, MIGRATION_DATABASE_URL, REDIS_URL: servers of yours instead of the embedded ones

PYTHON ?= python3
INSIDE := .venv/bin/python
FILE ?= data/compliance-year-2021.csv
export PORT ?= 8000
export PYTHONPATH := .

.DEFAULT_GOAL := help
.PHONY: help setup run reset test check bench rehearse registry pictures manual lock fresh

help:  ## show the commands
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):[^#]*## /make \1\t/' | expand -t 16

setup:  ## install everything into .venv, node_modules and app/web/static/dist
	@$(PYTHON) -m ops.bootstrap

run: setup  ## start the whole system on http://127.0.0.1:8000 (PORT=...)
	@exec $(INSIDE) -m ops.run

reset:  ## forget the data of make run
	@test ! -x $(INSIDE) || exec $(INSIDE) -m ops.reset

test: setup  ## every test, browser tests included (ARGS=... for pytest)
	@exec $(INSIDE) -m ops.test $(ARGS)

check: setup  ## ruff, mypy, import contracts, migrations == models, translations
	@exec $(INSIDE) -m ops.check

bench: setup  ## measure; ARGS=--json for the figures as one line
	@exec $(INSIDE) -m ops.serve registry bench $(ARGS)

rehearse: setup  ## replay a compliance year: FILE=path ARGS=--json
	@exec $(INSIDE) -m ops.serve registry rehearse "$(FILE)" $(ARGS)

registry: setup  ## any command of the registry on the data of make run: ARGS="verify"
	@exec $(INSIDE) -m ops.serve registry $(ARGS)

pictures: setup  ## draw processes/*.bpmn into processes/img, where a drawing has changed
	@exec $(INSIDE) -m ops.pictures

manual: setup  ## take the pictures of docs/manual anew, from the browser tests
	@exec $(INSIDE) -m ops.manual $(ARGS)

lock:  ## resolve pyproject.toml into requirements.lock again
	@UV_CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/uv pip compile -q --no-config --universal \
	  --python-version 3.11 --generate-hashes --all-extras --group dev --no-annotate \
	  --no-emit-index-url --no-emit-find-links $(ARGS) pyproject.toml -o requirements.lock

fresh:  ## prove setup, run and test in bare Debian trees (root; needs debootstrap)
	@exec ops/prove_fresh.sh

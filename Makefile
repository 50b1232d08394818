# How to set up, run and check Airstair. “make” alone lists what there is.
# PYTHON=… chooses the Python to set up with; ARGS=… goes to the program that is run.

ARGS ?=
WORKERS ?= 3

.PHONY: help setup up test check bench lock addon screenshots clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## get and install whatever is missing, into .venv
	@scripts/setup

up: setup ## run everything here; stop with Ctrl-C (ARGS="--web-port 9000 --empty")
	@exec .venv/bin/airstair up $(ARGS)

test: setup ## run every test, the browser's included (ARGS="tests/running -x")
	@AIRSTAIR_CHROMIUM="$$(scripts/browser)" && export AIRSTAIR_CHROMIUM && \
	exec .venv/bin/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: setup ## style, types, layers, migrations; changes nothing
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/mypy --config-file src/connect/mypy.ini
	.venv/bin/lint-imports
	.venv/bin/python scripts/check_migrations.py
	DJANGO_SETTINGS_MODULE=connect.settings .venv/bin/python scripts/check_migrations.py

bench: setup ## measure, print the ratios, write benchmarks/results.json
	@exec .venv/bin/python -m benchmarks $(ARGS)

lock: setup ## choose the newest allowed versions of all packages and pin them
	@scripts/lock

addon: setup ## begin an add-on: make addon NAME=foreflight SHAPE=mirror
	@.venv/bin/python scripts/new_addon.py "$(NAME)" "$(SHAPE)"

screenshots: setup ## make the pictures in docs/screenshots anew
	@AIRSTAIR_CHROMIUM="$$(scripts/browser)" && export AIRSTAIR_CHROMIUM && \
	exec .venv/bin/python scripts/screenshots.py $(ARGS)

clean: ## remove what was set up and what tools left; keeps .airstair, where the data is
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache src/*.egg-info
	find src tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +

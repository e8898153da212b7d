# Needs make, and Python 3.10 or newer with its venv module. Everything else comes from PyPI, into .venv.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
KEEP ?= 1
WORKERS ?= 2

# Airflow starts five times slower without bytecode.
unexport PYTHONDONTWRITEBYTECODE
# Trust the certificates that the system trusts, so that a company's proxy works.
export UV_SYSTEM_CERTS := 1
export UV_NO_PROGRESS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install demo stop test test-fast lint format lock clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv with everything the project needs

demo: $(STAMP) ## Start PostgreSQL, S3 and Airflow, run every kind of export, stay up until Ctrl-C (KEEP=0: stop)
	@$(BIN)/python -m include.demo.run $(if $(filter 0,$(KEEP)),--no-keep,--keep)

stop: $(STAMP) ## Stop a demo that runs in another terminal
	@$(BIN)/python -m include.demo.run --stop

test: $(STAMP) ## Run all tests, with a PostgreSQL and an S3 server of their own
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

test-fast: $(STAMP) ## Run the tests that start no Airflow
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --ignore tests/end_to_end

lint: $(STAMP) ## Check style, types, layers and the compose file
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	MYPYPATH=plugins $(BIN)/mypy include/demo
	PYTHONPATH=plugins $(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	$(BIN)/hadolint Dockerfile

format: $(STAMP) ## Rewrite the code in the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(STAMP) ## Pin what requirements*.in ask for
	$(BIN)/uv pip compile --universal --python-version 3.10 --no-emit-index-url --no-annotate --quiet \
		requirements.in -o requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.10 --no-emit-index-url --no-annotate --quiet \
		requirements-dev.in -o requirements-dev.txt

clean: ## Stop the demo, delete its data and the tools' caches (.venv stays)
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m include.demo.run --remove; fi
	rm -rf .data .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(wildcard include plugins tests dags benchmarks) -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	@set -eu; \
	works() { "$$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; }; \
	python=; for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10 python3.14; do \
		if works $$candidate; then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then \
		echo "No Python 3.10 to 3.14 on PATH. Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
		exit 1; fi; \
	if ! works $(BIN)/python; then rm -rf $(VENV); fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "Making $(VENV) with $$($$python --version)"; \
		if ! $$python -m venv $(VENV); then \
			rm -rf $(VENV); \
			echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; \
			exit 1; fi; fi; \
	if ! $(BIN)/uv --version >/dev/null 2>&1; then \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check uv; fi; \
	index=$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}; \
	if [ -n "$$index" ] && [ -z "$${UV_DEFAULT_INDEX:-}" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	export VIRTUAL_ENV="$(CURDIR)/$(VENV)"; \
	echo "Installing requirements-dev.txt"; \
	$(BIN)/uv pip install --quiet -r requirements-dev.txt; \
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

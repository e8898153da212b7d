# Needs make, and Python 3.11 or newer with its venv module. Everything else comes from PyPI, into .venv.
# Besides, test-e2e needs a Chromium, test-mariadb a MariaDB, ui and ui-check Node 20.19 or newer: nothing else here does.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
KEEP ?= 1
WORKERS ?= 2

PAGE := plugins/promo_reports/web/static
PAGE_CHECK := $(CURDIR)/.cache/ui-check
API_TYPES = mkdir -p .cache && AIRFLOW_HOME="$(CURDIR)/.cache/airflow" $(BIN)/python ui/describe_api.py .cache/openapi.json && \
	cd ui && node types.mjs ../.cache/openapi.json
NODE_MODULES := ui/node_modules/.package-lock.json

# Airflow starts five times slower without bytecode.
unexport PYTHONDONTWRITEBYTECODE
# Trust the certificates that the system trusts, so that a company's proxy works.
export UV_SYSTEM_CERTS := 1
export UV_NO_PROGRESS ?= 1
# What npm keeps stays in the project, and it neither advertises nor calls home.
export npm_config_cache := $(CURDIR)/.cache/npm
export npm_config_audit := false
export npm_config_fund := false
export npm_config_update_notifier := false

.DEFAULT_GOAL := help
.PHONY: help install demo stop test test-fast test-mariadb test-api test-e2e test-faults test-browser test-clouds test-containers cluster test-airflow test-adopt bench lint format ui ui-types ui-check lock sbom clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  \033[1m%-15s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv with everything the project needs

demo: $(STAMP) ## Start PostgreSQL, S3 and Airflow, run every kind of export, stay up until Ctrl-C (KEEP=0: stop)
	@$(BIN)/python -m include.demo.run $(if $(filter 0,$(KEEP)),--no-keep,--keep)

stop: $(STAMP) ## Stop a demo that runs in another terminal
	@$(BIN)/python -m include.demo.run --stop

# Suites that wait for time limits, kill processes or copy a cluster: one worker, after the quick ones.
FAULTS := tests/end_to_end/test_faults.py tests/delivery/test_interruptions.py \
    tests/object_stores/test_stalled_bucket.py tests/pipeline/databases/test_stalled_peer.py \
    tests/pipeline/databases/postgres/test_standby.py
# The servers of the demo and the tests, and the demo's data, which every other suite starts or loads as well; the loader
# of a DAGs folder, with an Airflow that has no bundle; the doctor, on two dozen promo databases.
STACK := tests/devstack tests/demo tests/doctor tests/end_to_end/test_loader.py
BESIDE := --ignore tests/browser --ignore tests/api --ignore tests/containers --ignore tests/cluster --ignore tests/adopt $(addprefix --ignore ,$(FAULTS) $(STACK))

test: $(STAMP) ## Run all tests but the suites below, with a PostgreSQL, an S3 server and an Airflow of their own
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(BESIDE)

test-fast: $(STAMP) ## Run the tests that start no Airflow
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(BESIDE) --ignore tests/end_to_end

test-mariadb: $(STAMP) ## Run the tests of databases on a MariaDB of their own (Debian's mariadb-server)
	$(BIN)/python -m pytest --mariadb tests/pipeline/test_contract.py tests/pipeline/test_masks.py tests/pipeline/databases/test_stalled_peer.py \
		$(wildcard tests/pipeline/databases/mysql/test_mariadb*.py) tests/report_types/test_mariadb.py \
		tests/doctor/test_mariadb.py

test-api: $(STAMP) ## Ask every operation of the API as each role, with right and wrong requests (Schemathesis)
	$(BIN)/python -m pytest tests/api

test-e2e: test-faults test-browser ## Run faults, stalls and floods, the tests of the servers, the demo's data and the doctor, and of the Reports page in Chromium

test-faults: $(STAMP) ## Of test-e2e, all but the Reports page in Chromium
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(FAULTS)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(STACK)

test-browser: $(STAMP) ## Of test-e2e, the Reports page in Chromium
	$(BIN)/python -m pytest tests/browser

# Google's and Azure's libraries triple an environment, so they have one of their own.
CLOUDS := .cache/clouds
CLOUD_TESTS := tests/object_stores tests/delivery tests/reading
AZURITE := .cache/azurite/.installed

test-clouds: $(CLOUDS)/.installed $(AZURITE) ## Hold Google Cloud Storage, Azure and SFTP to the contracts of destinations (needs npm, openssh-server)
	$(CLOUDS)/bin/python -m pytest --clouds -m clouds -n $(WORKERS) --dist loadfile $(CLOUD_TESTS)

$(CLOUDS)/.installed: $(STAMP) requirements-google.txt requirements-azure.txt requirements-sftp.txt devstack/google_emulator.txt
	@set -eu; \
	index=$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}; \
	if [ -n "$$index" ] && [ -z "$${UV_DEFAULT_INDEX:-}" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(CLOUDS); \
	export VIRTUAL_ENV="$(CURDIR)/$(CLOUDS)"; \
	echo "Installing the libraries of Google, Azure and SFTP into $(CLOUDS)"; \
	$(BIN)/uv pip install --quiet -r requirements-dev.txt -r requirements-google.txt -r requirements-azure.txt \
		-r requirements-sftp.txt; \
	$(BIN)/uv pip install --quiet -r devstack/google_emulator.txt; \
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(AZURITE): devstack/azurite/package.json devstack/azurite/package-lock.json
	@mkdir -p $(@D)
	cp devstack/azurite/package.json devstack/azurite/package-lock.json $(@D)
	cd $(@D) && npm ci --ignore-scripts
	@touch $@

test-containers: $(STAMP) ## Build the image, run the compose file on a Docker daemon of its own, and test what it does (needs root, docker.io)
	.ci/with-docker .cache $(BIN)/python -m pytest tests/containers -s

cluster: $(STAMP) ## Run two workers that share nothing but an S3 server, kill them in the middle of exports, and test what comes of it (needs root, docker.io)
	.ci/with-docker .cache $(BIN)/python -m pytest tests/cluster -s

# Airflow's version, and the tests; its Python is PYTHON.
VERSION ?= 3.3.0
TESTS ?=

test-airflow: $(STAMP) ## Test what is asked of Airflow on another one (VERSION=3.3.0 PYTHON=python3.13; TESTS="...": some of it)
	.ci/airflow $(VERSION) "$(or $(PYTHON),python3)" $(TESTS)

test-adopt: $(STAMP) ## Run the blocks of docs/adopt.md in an environment that has Airflow alone, up to the page in Chromium
	$(BIN)/python -m pytest tests/adopt

bench: $(STAMP) ## Measure everything and write docs/benchmarks.md (some 80 minutes; PARTS="...": some of it)
	$(BIN)/python -m benchmarks.run $(PARTS)

lint: $(STAMP) ## Check style, types, layers, the compose file and Renovate's configuration
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYTHONPATH=plugins $(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.renovate renovate.json
	$(BIN)/hadolint Dockerfile

format: $(STAMP) ## Rewrite the code in the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

ui: ui-types ## Build the Reports page from ui/, with types from the API (needs Node)
	cd ui && npm run build

ui-types: $(STAMP) $(NODE_MODULES) ## Write the page's types from the API's OpenAPI description (needs Node)
	$(API_TYPES) src/api/types.ts

ui-check: $(STAMP) $(NODE_MODULES) ## Check ui/ and that the committed page is what it builds (needs Node)
	cd ui && npm run typecheck && npm run lint && npm test
	rm -rf "$(PAGE_CHECK)"
	$(API_TYPES) "$(PAGE_CHECK)-types.ts"
	@diff -q "$(PAGE_CHECK)-types.ts" ui/src/api/types.ts || \
		{ echo "ui/src/api/types.ts is not what the API describes. Run make ui, and commit it." >&2; exit 1; }
	cd ui && npm run build -- --outDir "$(PAGE_CHECK)"
	@diff -rq "$(PAGE_CHECK)" $(PAGE) || \
		{ echo "$(PAGE) is not what ui/ builds. Run make ui, and commit it." >&2; exit 1; }

# Each takes the versions of the one before it (-c in its .in); uv keeps those that a lock has, unless they have to change.
LOCKS := requirements requirements-fab requirements-kubernetes requirements-google requirements-azure requirements-sftp requirements-dev

lock: $(STAMP) ## Pin what requirements*.in ask for, with the hashes of all its files
	for lock in $(LOCKS); do \
		$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
			--quiet $$lock.in -o $$lock.txt || exit 1; done

# Of what an image can be built from, and of what the page's bundle is built from (needs Node).
sbom: $(STAMP) ## Write CycloneDX bills of materials of the locks and the page into .cache/sbom (needs Node)
	mkdir -p .cache/sbom
	for lock in $(filter-out requirements-dev,$(LOCKS)); do \
		$(BIN)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements --pyproject pyproject.toml \
			--output-reproducible --output-file .cache/sbom/$$lock.cdx.json $$lock.txt || exit 1; done
	cd ui && npm sbom --package-lock-only --sbom-format cyclonedx > ../.cache/sbom/page.cdx.json

clean: ## Stop the demo, delete its data and the tools' caches (.venv stays)
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m include.demo.run --remove; fi
	rm -rf .data .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(wildcard include devstack plugins tests dags benchmarks) -name __pycache__ -type d -prune -exec rm -rf {} +

$(NODE_MODULES): ui/package.json ui/package-lock.json
	cd ui && npm ci

$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	@set -eu; \
	works() { "$$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; }; \
	python=; for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
		if works $$candidate; then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then \
		echo "No Python 3.11 to 3.14 on PATH. Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
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

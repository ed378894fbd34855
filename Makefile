# The commands of the project. `make dev` and `make test` need nothing but a clone; CONTRIBUTING.md says more.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
LAB := /var/lib/kubeadm-ha-lab

.PHONY: help ready announce dev test test-lab test-lab-all conformance check format dev-down bench bench-preview docs

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# pulumi looks for the plugin of each library that it finds among those of .venv, on the network and on every run: the
# one that only the consumer's test needs lies beside them.
.venv/.done: requirements.txt requirements-dev.txt examples/consumer/requirements.txt
	@echo "python: installing the libraries of requirements-dev.txt into .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@rm -rf .venv/consumer
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target .venv/consumer \
	  "$$(grep '^pulumi-kubernetes==' examples/consumer/requirements.txt)"
	@touch $@

# Where PYTHONDONTWRITEBYTECODE is set, every preview would compile the program anew: a tenth of a small one.
ready: .venv/.done
	@$(BIN)/python -m compileall -q components

announce:
	@PYTHON=$(PYTHON) lab/announce

dev: announce ready ## a highly available cluster on lab hosts on this machine, by `pulumi up` of stack dev
	@lab/hosts needs --install
	@lab/build
	@lab/hosts up lab/hosts.dev.yaml
	@lab/run pulumi stack select --create dev
	@lab/run pulumi up --yes --suppress-outputs
	@lab/run kubectl get nodes -o wide

test: ready ## all tests that need no lab hosts, with the real engine
	@lab/hosts needs --install
	@lab/build --engine
	@$(BIN)/pytest -n auto --dist loadfile tests/unit tests/integration

test-lab: ready ## the lab's stories that guard the core, on hosts they boot themselves
	@lab/hosts needs --install
	@lab/build
	@$(BIN)/pytest tests/lab -m 'not long' -o addopts='-v -s --strict-markers'

test-lab-all: ready ## every story, also the long ones
	@lab/hosts needs --install
	@lab/build --upgrade
	@$(BIN)/pytest tests/lab -o addopts='-v -s --strict-markers'

conformance: ready ## Kubernetes' conformance tests on a cluster of the lab; FOCUS='regex', REST=yes (docs/conformance.md)
	@lab/hosts needs --install
	@lab/build --conformance
	@lab/conformance $(if $(FOCUS),--focus '$(FOCUS)') $(if $(REST),--rest)

check: .venv/.done ## format, lint, types, shell
	@$(BIN)/ruff format --check --quiet . || { echo "run make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python docs/generate.py --check
	@tests/check-shell

format: .venv/.done ## format Python and shell as make check wants it
	@$(BIN)/ruff format --quiet .
	@tests/check-shell --write

docs: .venv/.done ## docs/configuration.md from the cluster file's schema
	@$(BIN)/python docs/generate.py

bench: ready ## `pulumi up` against a script written by hand, on the dev lab's hosts (docs/benchmark.md)
	@lab/bench

bench-preview: ready ## `pulumi preview` of 1 to 1000 nodes against as many plain commands (docs/benchmark.md)
	@lab/hosts needs --install
	@lab/build --engine
	@$(BIN)/python -m tests.benchmark --deployed

dev-down: ## end the lab: hosts, network, state; the cache of builds stays
	@lab/hosts down

# make demo · test · lint · bench: each makes its own .venv, with the Python named by PYTHON (3.11 or newer)
PYTHON ?= python3
WORKERS ?= 2
PIP = .venv/bin/python -m pip --disable-pip-version-check
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1

.PHONY: demo test lint bench clean

demo: .venv/kit
	.venv/bin/autograder data
	.venv/bin/autograder grade tests/submissions --unit unit4 --out build/demo -j 2

test: .venv/dev
	.venv/bin/autograder data
	.venv/bin/python -m pytest -n $(WORKERS)

lint: .venv/dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: .venv/dev
	$(PIP) install --quiet -e '.[bench]'
	.venv/bin/python benchmarks/performance.py

.venv/kit: pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet -e .
	touch $@

.venv/dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet -e '.[dev]'
	touch .venv/kit $@

clean:
	rm -rf .venv build

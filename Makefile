# make demo · test · proofs · figures · lint · architecture · site · bench · locked: each makes its own .venv, with the Python named by PYTHON (3.11 or newer)
PYTHON ?= python3
# of pytest: one more than there are processors, since some tests wait; each takes up to a gigabyte
WORKERS ?= $(shell $(PYTHON) -c "import os; print(min(os.cpu_count() or 2, 8) + 1)")
PIP = .venv/bin/python -m pip --disable-pip-version-check
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
# the tests start hundreds of processes: what they import is compiled once, and kept
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test proofs proofs-all figures lint lint-code lint-texts architecture site bench lock locked clean

demo: .venv/kit
	.venv/bin/autograder data nietzsche austen
	rm -rf build/class
	for one in tests/submissions/*/unit4_manual_gradients; do \
	  mkdir -p build/class/$$(basename $$(dirname $$one)) && cp -R $$one build/class/$$(basename $$(dirname $$one)); done
	.venv/bin/autograder grade build/class --out build/demo -j 2

# the engine on its fixture course, and unit 4 of this course from end to end
test: .venv/dev
	.venv/bin/autograder data
	.venv/bin/python -m pytest -n $(WORKERS) -m "not (proof or lint or figures)"

# the material, and what is made of it: what has changed since it was last proven here, or all of it
proofs: .venv/dev
	.venv/bin/autograder data
	.venv/bin/python tools/proofs.py -n $(WORKERS)

proofs-all: .venv/dev
	.venv/bin/autograder data
	.venv/bin/python tools/proofs.py --all -n $(WORKERS)

# each unit's script in full, minutes of training: the figures of its text are those that it prints;
# the small changes in its key are those that would be made; and nobody of a class of 300 is lost
figures: .venv/dev
	.venv/bin/autograder data
	.venv/bin/python -m pytest -n 2 -m figures tests/test_figures.py tests/test_class_of_300.py

# two halves, which `make -j 2 lint` runs side by side
lint: lint-code lint-texts

lint-code: .venv/dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

lint-texts: .venv/dev
	.venv/bin/python -m pytest -q -m lint tests

# the drawing and the table of the engine's packages, in docs/architecture.md
architecture: .venv/dev
	.venv/bin/python tools/architecture.py

site: .venv/dev
	rm -rf build/site
	.venv/bin/autograder data
	.venv/bin/autograder site build/site

bench: .venv/dev
	$(PIP) install --quiet -e '.[bench]'
	.venv/bin/python benchmarks/performance.py

# the lock file anew, with the newest releases of everything; `uv` resolves for every Python and system at once
lock: .venv/dev
	$(PIP) install --quiet uv
	.venv/bin/uv pip compile pyproject.toml requirements/course.in --extra lms --extra cluster --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --quiet -o requirements/lock.txt

# the installation that a server and the image get: every file by its checksum, and a small class graded with it
locked: build/locked/bin/autograder
	rm -rf build/locked-grades
	cd autograder/tests/fixture_course && ../../../build/locked/bin/autograder grade ../../../build/locked-class \
	  --out ../../../build/locked-grades

build/locked/bin/autograder: requirements/lock.txt pyproject.toml
	$(PYTHON) -m venv build/locked
	build/locked/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	build/locked/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation .
	mkdir -p build/locked-class/ada/words
	cp autograder/tests/fixture_course/solutions/words.py build/locked-class/ada/words/

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

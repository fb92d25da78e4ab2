# make demo: the main job on built-in data.  make test: lint and the whole test suite.
# make test-fast: unit tests and one representative of each slow group.  make lint: ruff and mypy.
# make docs: the documentation with executed examples, in docs/_build/html; without running them:
# make docs SPHINXOPTS=-Dplot_gallery=0
# All set up .venv by themselves when it is missing; all they need is Python >= 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-fast test-min test-latest lint docs clean

# Two workers with one thread each are faster than one worker with two threads.  Many tests start
# processes: compiled files, which some machines switch off, save each of them seconds.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2

demo: .venv/ready
	OMP_NUM_THREADS=1 $(BIN)/python examples/plot_scone_end_to_end.py output

test: .venv/ready lint
	$(PYTEST) --durations=10

test-fast: .venv/ready
	$(PYTEST) -m "not slow" tests

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/docs
	$(BIN)/python -m sphinx -W --keep-going -b html $(SPHINXOPTS) docs docs/_build/html

.venv/docs: .venv/ready
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[docs]'
	touch $@

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "skastro needs Python 3.11 or newer"'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt torch
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev,fast]'
	touch $@

# Model files of every recipe load and predict the same under the lowest and the newest versions.
test-min test-latest: test-%:
	test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install -q $(CONSTRAINTS_$*) torch
	.venv-$*/bin/python -m pip install -q $(CONSTRAINTS_$*) -e '.[fast]' pytest
	.venv-$*/bin/python tests/persistence/golden_files.py check
	.venv-$*/bin/python -m pytest -q tests/persistence/test_model_file.py \
		tests/persistence/test_hostile_files.py

CONSTRAINTS_min := -c constraints-min.txt
CONSTRAINTS_latest := -c constraints-latest.txt

clean:
	rm -rf .venv .venv-min .venv-latest output docs/_build docs/auto_examples docs/generated

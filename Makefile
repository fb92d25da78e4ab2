# make demo: the main job on built-in data.  make test: lint and the whole test suite.
# make docs: the documentation with executed examples, in docs/_build/html; without running them:
# make docs SPHINXOPTS=-Dplot_gallery=0
# All set up .venv by themselves when it is missing; all they need is Python >= 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint docs clean

demo: .venv/ready
	$(BIN)/python examples/plot_scone_end_to_end.py output

test: .venv/ready lint
	$(BIN)/python -m pytest -q --durations=10

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

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

clean:
	rm -rf .venv output docs/_build docs/auto_examples docs/generated

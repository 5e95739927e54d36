# Common work; CONTRIBUTING.md tells more. make figures DATA=folder
PYTHON = python
DATA = data

.PHONY: figures quick docs test

figures: # all results and pictures of the documentation for which there are data
	$(PYTHON) experiments/figures.py --data "$(DATA)"

quick: # every experiment, benchmark and tool, as a trial
	$(PYTHON) experiments/figures.py --quick --jobs 2

docs:
	$(PYTHON) -m sphinx -W docs docs/_build

test:
	$(PYTHON) -m pytest

# The two commands of a newcomer: `make demo` and `make test`. Both make .venv when there is none.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MAIN_SCENARIO := scenarios/dopamine_with_saline.toml

# By whole spans of tests, so that files keep to one worker and share their runs; who is done takes from the others.
IN_PARALLEL := -n auto --dist worksteal

.PHONY: demo test fuzz soak check coverage mutants bench plots docs clean

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("pumpsim needs Python 3.11 or later; this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "could not make $(VENV) (Debian and Ubuntu: apt install python3-venv)"; exit 1; }
	@echo "setting up $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(VENV)/.ready
	@$(BIN)/pumpsim run $(MAIN_SCENARIO)

test: $(VENV)/.ready
	@$(BIN)/python -m pytest -q $(IN_PARALLEL)

# The laws alone, by new examples, twenty times as many where they are counted, or FUZZ times; and a million frames by chance,
# or FRAMES, to the pumps of each dialect. SEED=: those of a run that failed.
fuzz: export FUZZ ?= 20
fuzz: export FRAMES ?= 1000000
fuzz: $(VENV)/.ready
	@$(BIN)/python -m pytest -q $(IN_PARALLEL) -m "hypothesis or fuzz"

# Eight hours of pump time in four dialects with a host that polls, or HOURS at SPEED times real time.
soak: $(VENV)/.ready
	@$(BIN)/python -m tests.soak --hours $(or $(HOURS),8) --speed $(or $(SPEED),480)

check: $(VENV)/.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

# The interlock and what only it uses are small enough to be tested whole: below 100 % of their branches this fails.
INTERLOCK := */interlock.py,*/account.py,*/asked.py,*/turning_back.py,*/driving_back.py,*/drawing_back.py
coverage: $(VENV)/.ready
	@$(BIN)/coverage run -m pytest -q --hypothesis-profile=mutants tests/controller
	@$(BIN)/coverage report --show-missing
	@$(BIN)/coverage report --include='$(INTERLOCK)' --fail-under=100 >/dev/null || \
	{ echo "the interlock ($(INTERLOCK)): below 100 % of lines and branches"; exit 1; }

$(VENV)/.mutation: $(VENV)/.ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[mutation]'
	@touch $@

# FILES="interlock turn" or paths: only these. FRESH=1: believe no earlier verdict. STRICT=1: every survivor is explained.
mutants: $(VENV)/.mutation
	@$(BIN)/python -m tests.mutation $(if $(FRESH),--fresh) $(if $(STRICT),--strict) $(FILES)

bench: $(VENV)/.ready
	@$(BIN)/python -m benchmarks

plots: $(VENV)/.ready
	@$(BIN)/pumpsim plots scenarios/*.toml

docs: $(VENV)/.ready
	@$(BIN)/pumpsim docs
	@$(BIN)/firmware-bridge protocols --page docs/protocols.md
	@$(BIN)/pumpsim verify --docs docs

clean:
	rm -rf $(VENV) runs build dist mutants

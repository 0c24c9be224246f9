# Needs git, make and a Python from 3.11 to 3.13 (make PYTHON=/path/to/python ... names one); the rest goes into .venv.
#   make demo      trains on real handwritten digits for two minutes; make demo ARGS="--rounds 200" passes arguments on
#   make check     lint, format, types, the direction of imports, and the fast tests: four minutes of CPU time
#   make test      the same and all other tests, marked slow: real trainings, trainings by several processes, kills, the
#                  real compiler, whole commands in processes of their own; what CI runs. make test ARGS="-k wgan" passes
#                  arguments on, to make check too
#   make bench     times training rounds against a plain PyTorch loop, and writes the figures into
#                  benchmarks/results; make bench ARGS="--cases text" passes arguments on (on a GPU: benchmarks/gpu.sh)
#   make methods   writes docs/methods.md anew from the recipes and docs/methods.yaml
#   make docs      the same, and the site of the documentation into build/site, with broken links as errors; installs the
#                  extra docs into .venv
#   make format    formats the code and mends what the linter can
#   make clean     removes .venv and caches; runs/ stays

BIN = .venv/bin
WORKERS = 2
ARGS =

.PHONY: demo static types style check test bench methods docs format clean

demo: .venv/installed
	$(BIN)/steadygan train $(ARGS)

# Types take as long as all the rest, which also leaves the tests' byte code, so that each worker need not make it.
static: .venv/installed
	@$(MAKE) --no-print-directory -j 2 types style

types: .venv/installed
	$(BIN)/mypy

style: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --collect-only -qq > /dev/null 2>&1 || true

# One thread a worker: more would only fight for the cores. A worker takes neighbours, which share fixtures, and helps
# the other one at the end.
# Byte code is kept, so that a hundred started commands do not each compile the source.
PYTEST = PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal

check: static
	$(PYTEST) -m "not slow" $(ARGS)

test: static
	$(PYTEST) $(ARGS)

bench: .venv/installed
	$(BIN)/python -m benchmarks.speed --out benchmarks/results/bench.json $(ARGS)

methods: .venv/installed
	$(BIN)/python -m scripts.methods_page

docs: methods
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-build-isolation -e '.[docs]' -c constraints.txt
	$(BIN)/python -m scripts.docs_site

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/installed: pyproject.toml constraints.txt scripts/venv.sh
	@PYTHON="$(PYTHON)" sh scripts/venv.sh

clean:
	rm -rf .venv build src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

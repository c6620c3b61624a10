# Loadstone: build, demo, checks. `make help` lists the targets.
# Built things live in .venv, target, ui/node_modules, loadstone/render/bundle and dist; the stamps in .build.

BIN := .venv/bin
TOOLS := VIRTUAL_ENV="$(CURDIR)/.venv" PATH="$(CURDIR)/$(BIN):$$PATH"
RUST := Cargo.toml Cargo.lock core/Cargo.toml $(shell find core/src -name '*.rs')
PAGES := ui/package.json ui/vite.config.ts ui/tsconfig.json $(wildcard ui/*.html) $(shell find ui/src -type f)
BUNDLE := loadstone/render/bundle/report.html
STEP = @printf '\n== %s\n'

.PHONY: help demo build wheel docs test bench bench-evidence bench-accuracy bench-pairs bench-traffic lock clean
.PHONY: check-format check-lint check-types check-floors check-rust check-ui check-python

help:  ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

demo: build  ## Build what is needed, then drive the sample shop and write a report
	$(STEP) 'demo: the sample shop under load'
	@$(BIN)/loadstone demo

build: .build/core $(BUNDLE)  ## Build the environment, the native core and the pages into .venv

.build/env: requirements/dev.txt scripts/environment.sh
	$(STEP) 'environment: .venv, from requirements/dev.txt'
	@scripts/environment.sh
	@mkdir -p .build && touch $@

.build/core: .build/env pyproject.toml loadstone/__init__.py $(RUST)
	$(STEP) 'native core: maturin, release build'
	@scripts/need.sh rust
	@$(TOOLS) scripts/core.sh
	@touch $@

.build/ui: ui/package.json ui/package-lock.json
	$(STEP) 'pages: packages from ui/package-lock.json'
	@scripts/need.sh node
	@cd ui && npm ci --no-fund --no-audit
	@mkdir -p .build && touch $@

$(BUNDLE): .build/ui $(PAGES)
	$(STEP) 'pages: one self-contained report page'
	@cd ui && npm run --silent build
	@touch $@

wheel: build  ## Build the wheel and the sdist into dist/
	$(STEP) 'wheel and sdist: dist/'
	@$(TOOLS) maturin build --release --locked --out dist
	@$(TOOLS) maturin sdist --out dist

docs: .build/core  ## Write the generated pages of docs/
	$(STEP) 'docs: docs/handbook.md, docs/faults'
	@$(BIN)/python scripts/docs.py
	@$(BIN)/python scripts/faults.py

test: check-format check-lint check-types check-floors check-rust check-ui check-python  ## Build what is needed and run every check
	@printf '\nEvery check passed.\n'

check-format: .build/env  ## Formatting: ruff, rustfmt
	$(STEP) 'format: ruff, rustfmt'
	@$(BIN)/ruff format --check .
	@scripts/need.sh rust fmt
	@cargo fmt --all --check

check-lint: .build/env  ## Lint: ruff, clippy with and without the Python door
	$(STEP) 'lint: ruff, clippy'
	@$(BIN)/ruff check .
	@scripts/need.sh rust clippy
	@cargo clippy --quiet --locked --all-targets -- -D warnings
	@PYO3_PYTHON="$(CURDIR)/$(BIN)/python" cargo clippy --quiet --locked --all-targets --features python -- -D warnings

check-types: .build/env  ## Types: mypy --strict
	$(STEP) 'types: mypy --strict'
	@$(BIN)/mypy

check-floors: .build/env  ## Floors: import-linter
	$(STEP) 'floors: import-linter'
	@mkdir -p .build && $(TOOLS) lint-imports --no-cache >.build/floors.txt || { cat .build/floors.txt; exit 1; }

check-rust:  ## Rust tests
	$(STEP) 'tests: Rust'
	@scripts/need.sh rust
	@if cargo nextest --version >/dev/null 2>&1; \
	then cargo nextest run --locked --no-tests pass; \
	else cargo test --quiet --locked; fi

check-ui: .build/ui  ## Front end: format, types, tests
	$(STEP) 'tests: pages'
	@cd ui && npm test --silent

check-python: build  ## Python tests, those in the browser and on the wheel included
	$(STEP) 'tests: Python'
	@scripts/need.sh chromium
	@$(BIN)/pytest -q

bench: build  ## Loadstone beside wrk; writes docs/performance.md
	$(STEP) 'bench: Loadstone beside wrk'
	@$(BIN)/python -m benches.wrk

bench-evidence: build  ## What observing costs; writes its part of docs/performance.md
	$(STEP) 'bench: what observing costs'
	@$(BIN)/python -m benches.observers

bench-accuracy: build  ## How often a diagnosis and a predicted gain are right, into docs/accuracy.md; two hours
	$(STEP) 'accuracy: cases, specimens, predicted gains'
	@$(BIN)/python -m benches.accuracy cases
	-@$(BIN)/python -m specimens --json .build/specimens.json
	-@$(BIN)/python -m specimens shop_reviews --fault 0 --times 20 --json .build/control.json
	@$(BIN)/python -m benches.accuracy specimens .build/specimens.json .build/control.json
	@$(BIN)/python -m benches.gain_accuracy --processes 2 --json .build/gain.json
	@$(BIN)/python -m benches.accuracy gain .build/gain.json

bench-pairs: build  ## How often comparisons and the proofs of the specimens' cures are right, into docs/accuracy.md; five hours
	$(STEP) 'accuracy: comparisons of two sides'
	@$(BIN)/python -m benches.comparisons --json .build/comparisons.json
	@$(BIN)/python -m benches.accuracy comparisons .build/comparisons.json
	@$(BIN)/python -m benches.plus_one --times 20 --json .build/plus_one.json
	@$(BIN)/python -m benches.accuracy plus-one .build/plus_one.json
	@$(BIN)/python -m benches.identical --comparisons 40 --json .build/identical.json
	@$(BIN)/python -m benches.accuracy identical .build/identical.json
	-@$(BIN)/python -m specimens --prove .build/proofs
	@$(BIN)/python -m benches.ledger_accuracy .build/proofs --put

bench-traffic: build  ## Reading logs beside GoAccess, routes, models of traffic, foreign services, into docs/; two hours
	$(STEP) 'traffic: logs, routes, recovery, likeness, services nobody here wrote'
	@$(BIN)/python -m benches.logs
	@$(BIN)/python -m benches.recovery --json .build/recovery.json
	@$(BIN)/python -m benches.accuracy recovery .build/recovery.json
	@$(BIN)/python -m benches.likeness --json .build/likeness.json
	@$(BIN)/python -m benches.accuracy likeness .build/likeness.json
	-@$(BIN)/python -m benches.newcomer .build/newcomer
	@$(BIN)/python -m benches.accuracy newcomer .build/newcomer

lock: .build/env  ## Resolve the dependencies again into requirements/dev.txt
	$(STEP) 'lock: requirements/dev.txt'
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--group dev pyproject.toml --output-file requirements/dev.txt

clean:  ## Remove everything that was built; runs in .loadstone stay
	rm -rf .build .venv target dist ui/node_modules loadstone/render/bundle loadstone/_core*.so
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

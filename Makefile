# Restage. `make demo` shows it, `make test` checks it. SPDX-License-Identifier: GPL-3.0-or-later
.PHONY: setup demo test lint test-ui build lock package install bench bench-ui docs clean

setup:
	@tools/venv.sh .venv

# The main job on a real photograph, ending with the paths of what it made.
demo: setup
	@rm -rf runs/demo
	./restage examples/coffee.jpg -o runs/demo

# Lint, the tests that need a Blender on every supported one this machine has a Python for, the panel in a real window
# where this machine can have one, then everything on the newest.
# The zip that each of them installs is built once. Two processes, which take whole files, for many tests only wait.
test: lint
	@rm -rf .cache/tested .cache/not-tested
	.venv/bin/python tools/build_extension.py -o .cache/tested
	@export RESTAGE_TEST_ZIP=$$(echo $$PWD/.cache/tested/*.zip); \
	for series in 4.2 4.5 5.2; do tools/suite.sh $$series || exit 1; done; tools/window_tests.sh && \
	.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
	@[ ! -e .cache/not-tested ] || echo "Not tested: $$(paste -sd, .cache/not-tested) (no Python for it here)."

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	cd .venv/package && ../bin/mypy --config-file ../../pyproject.toml --strict -p restage.agent -m restage.worker.protocol

# A real window: Debian's Blender under Xvfb. Needs root; about 3 minutes the first time.
test-ui: setup
	.venv/bin/python -m pytest tests/ui -o addopts="--import-mode=importlib"

# The extension's zip for this machine, in dist/.
build: setup
	.venv/bin/python tools/build_extension.py

# The zips of all platforms and a repository to host, in dist/; their sizes in docs/packages.md. Downloads 300 MB once.
package: setup
	.venv/bin/python tools/package.py

# After a change of tools/wheels.txt: every wheel's name and hash, as PyPI has them.
lock: setup
	.venv/bin/python tools/lock_wheels.py

# The picture of the architecture, from the imports of the code.
docs: setup
	.venv/bin/python tools/draw_architecture.py

# Build it and install it into $$BLENDER, or `blender` on PATH.
install: build
	.venv/bin/python tools/install_extension.py

bench-ui: setup
	.venv/bin/python bench/ui.py

bench: setup
	.venv/bin/python bench/offline.py
	.venv/bin/python bench/fidelity.py
	.venv/bin/python bench/solve.py
	.venv/bin/python bench/hints.py
	.venv/bin/python bench/staged.py
	.venv/bin/python bench/standby.py
	.venv/bin/python bench/cancel.py

clean:
	rm -rf .venv .venv-* dist runs

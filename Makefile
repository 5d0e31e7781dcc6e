# Restage. `make demo` shows it, `make test` checks it. SPDX-License-Identifier: GPL-3.0-or-later
.PHONY: setup demo test lint test-5.2 test-4.5 test-4.2 test-ui build install bench clean

setup:
	@tools/venv.sh .venv

# The main job on a real photograph, ending with the paths of what it made.
demo: setup
	@rm -rf runs/demo
	./restage examples/coffee.jpg -o runs/demo

# Lint, then the suite on every supported Blender this machine has a Python for; the newest runs everything, last.
test: lint test-4.2 test-4.5 test-5.2

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	cd .venv/package && ../bin/mypy --config-file ../../pyproject.toml --strict -p restage.agent -m restage.worker.protocol

# Exit 3 of venv.sh: no Python for that series here; said, not hidden.
define suite
	@tools/venv.sh .venv-$(1) $(1) || { test $$? -eq 3 && echo "Skipped: bpy $(1)" && exit 0; }; \
	test ! -x .venv-$(1)/bin/python || .venv-$(1)/bin/python -m pytest $(2)
endef

test-4.2:
	$(call suite,4.2,-m bpy)

test-4.5:
	$(call suite,4.5,-m bpy)

test-5.2:
	$(call suite,5.2)

# A real window: Debian's Blender under Xvfb. Needs root; about 3 minutes the first time.
test-ui: setup
	.venv/bin/python -m pytest tests/ui -o addopts="--import-mode=importlib"

# The extension's zip for this machine, in dist/.
build: setup
	.venv/bin/python tools/build_extension.py

# Build it and install it into $$BLENDER, or `blender` on PATH.
install: build
	.venv/bin/python tools/install_extension.py

bench: setup
	.venv/bin/python bench/offline.py
	.venv/bin/python bench/standby.py

clean:
	rm -rf .venv .venv-* dist runs

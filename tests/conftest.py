# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test may use. Tests marked `bpy` need a Blender and run on every supported one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONG = """
    test_extension_zip test_security_corpus test_faults test_solve_stage test_run_command test_run_step test_run_cancel
    test_offline_scripts test_run_handoff test_scene_stages test_scene_midway test_run_solved test_run_loop
""".split()  # noqa: SIM905
"""Files that take longest; they begin first, so that no process ends with one of them while the other has nothing."""


def pytest_collection_modifyitems(items):
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.stem, len(LONG)))


@pytest.fixture(autouse=True)
def deprecations_are_errors(request, monkeypatch):
    """A deprecation warning that our code causes: here by pytest's settings, in the worker's process by this.

    Also one that the offline agent's scripts cause: those are ours. A model's are its own.
    """
    ours = request.path.name.startswith("test_offline_")
    monkeypatch.setenv("RESTAGE_STRICT", "scripts" if ours else "1")


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def binary():
    """The Blender of this environment."""
    from restage.worker import binary as binaries

    return binaries.find(None)


@pytest.fixture(scope="session")
def pools(binary):
    """The workers that tests share, by how strict they are."""
    made = {}
    yield made
    for one in made.values():
        one.close()


@pytest.fixture
def pool(binary, pools, deprecations_are_errors):
    """Workers of this environment's Blender, used again and again: for tests of what is done with workers."""
    from reused import Reused

    strict = os.environ["RESTAGE_STRICT"]
    if strict not in pools:
        pools[strict] = Reused(binary)
    yield pools[strict]
    pools[strict].take_back()


@pytest.fixture
def real_pool(binary):
    """A pool as Restage has it: each worker serves once, the next one is warm."""
    from restage.worker.pool import Limits, WorkerPool

    with WorkerPool(binary, Limits()) as made:
        yield made


@pytest.fixture(scope="module")
def worker(binary):
    """One worker for a file's solves, which nobody else asks."""
    from restage.worker.pool import Limits, WorkerPool

    with WorkerPool(binary, Limits()) as pool, pool.open() as opened:
        yield opened


@pytest.fixture(scope="module")
def scene(worker):
    """A picture of the known scene (helpers/known.py), and its masks."""
    import solving

    return solving.picture_of(worker)


@pytest.fixture
def table_picture(tmp_path):
    """A small picture of a red box and a blue ball on grey."""
    import cv2
    import numpy as np

    canvas = np.full((120, 160, 3), 150, np.uint8)
    cv2.rectangle(canvas, (32, 48), (72, 84), (150, 40, 40), cv2.FILLED)
    cv2.circle(canvas, (108, 66), 20, (40, 90, 150), cv2.FILLED)
    path = tmp_path / "table.png"
    cv2.imwrite(str(path), canvas[..., ::-1])
    return path

# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom (design, section 2)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLENDER = {"bpy", "bmesh", "mathutils", "gpu", "bpy_extras", "bl_ui", "gpu_extras", "idprop", "imbuf"}
WHEELS = {"pydantic", "PIL", "cv2", "cmaes", "openai", "anthropic"}
WORKER_OUTSIDE = {
    "shim",
    "shim_tables",
    "allowed",
    "client",
    "pool",
    "wire",
    "binary",
    "protocol",
    "launcher",
    "lockdown",
    "landlock",
    "seccomp",
    "seatbelt",
    "mac_memory",
    "launcher_windows",
    "windows_container",
    "windows_job",
    "proof",
    "prelude",
}
"""Modules of `worker/` that run outside Blender (the launcher's before it is one): no bpy in them."""


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Top package of every import; for ours, the path in the repository, as `worker.client`."""
    found = set()
    here = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                found.add((node.module or "").split(".")[0])
                continue
            base = list(here[: len(here) - node.level])
            target = [*base, *(node.module or "").split(".")] if node.module else base
            found |= {".".join([*target, alias.name]) for alias in node.names}
    return found


def ours(found: set[str], *parts: str) -> set[str]:
    return {name for name in found if any(name == part or name.startswith(part + ".") for part in parts)}


@pytest.mark.parametrize("path", modules("agent"), ids=str)
def test_the_agent_does_not_know_blender(path):
    found = imports(path)
    assert not found & BLENDER
    assert not ours(found, "scene", "operators", "panels", "properties", "preferences", "cli", "registration")
    worker = ours(found, "worker")
    assert all(name.startswith(("worker.protocol", "worker.prelude")) for name in worker), worker


@pytest.mark.parametrize("path", modules("panels"), ids=str)
def test_panels_read_properties_only(path):
    assert not ours(imports(path), "agent", "scene", "worker", "cli")


@pytest.mark.parametrize("path", modules("scene"), ids=str)
def test_scene_knows_neither_agent_nor_panels(path):
    found = imports(path)
    assert not ours(found, "agent", "operators", "panels", "cli")
    worker = ours(found, "worker")
    assert ours(worker, "worker.allowed") == worker, worker


def test_what_scene_and_worker_share_needs_nothing():
    assert imports(ROOT / "worker" / "allowed.py") == {"__future__"}


@pytest.mark.parametrize("path", modules("worker"), ids=str)
def test_the_worker_is_self_contained(path):
    found = imports(path)
    assert not ours(found, "scene", "agent", "operators", "panels", "properties", "preferences", "cli")
    assert not found & WHEELS, "the isolated Blender has none of our wheels"
    if path.stem in WORKER_OUTSIDE:
        assert not found & BLENDER


@pytest.mark.parametrize("path", modules("operators"), ids=str)
def test_operators_use_the_workers_client_only(path):
    worker = ours(imports(path), "worker")
    assert all(
        name.startswith(("worker.pool", "worker.client", "worker.binary", "worker.protocol")) for name in worker
    ), worker


def test_importing_the_package_imports_no_blender():
    assert not imports(ROOT / "__init__.py") & BLENDER


def test_every_source_file_names_its_licence():
    # Run folders and recordings hold scripts byte for byte as they were written; REUSE.toml says whose the recordings
    # are. What is hidden may hold a whole system.
    tops = [top for top in ROOT.iterdir() if top.name not in ("runs", "dist") and not top.name.startswith(".")]
    found = [p for top in tops for p in ([top] if top.suffix == ".py" else top.rglob("*.py"))]
    files = [p for p in found if ROOT / "tests" / "data" not in p.parents]
    assert len(files) > 60
    line = "SPDX-License-" + "Identifier: GPL-3.0-or-later"  # in two, for `reuse lint` takes it for this file's own
    assert not [str(p) for p in files if line not in p.read_text()[:200]]

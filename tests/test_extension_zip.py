# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip as artists get it: built by Blender's own tool without a warning, installed, enabled, and used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import tomllib
import zipfile
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

pytestmark = pytest.mark.bpy
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build_extension.py"), "-o", str(output)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def manifest(package) -> dict:
    with zipfile.ZipFile(package) as archive:
        return tomllib.loads(archive.read("blender_manifest.toml").decode())


def test_the_manifest_says_what_the_issue_asks(manifest):
    assert manifest["id"] == "restage"
    assert manifest["name"] == "Restage"
    assert manifest["blender_version_min"] == "4.2.0"
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
    assert set(manifest["permissions"]) == {"files", "network"}
    assert all(0 < len(reason) <= 64 for reason in manifest["permissions"].values())


def test_the_tags_are_of_blender_s_list(manifest):
    folder = Path(bpy.utils.resource_path("LOCAL")) / "scripts" / "modules"
    known = (folder / "_bpy_internal" / "extensions" / "tags.py").read_text()
    assert [tag for tag in manifest["tags"] if f'"{tag}"' not in known] == []


def test_every_wheel_is_there_for_both_pythons_and_none_that_blender_ships(package, manifest):
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    wheels = [Path(name).name for name in manifest["wheels"]]
    assert sorted(wheels) == sorted(Path(name).name for name in names if name.endswith(".whl"))
    wanted = [line.split("==") for line in (ROOT / "tools" / "wheels.txt").read_text().splitlines() if "==" in line]
    for name, version in wanted:
        stem = f"{name.replace('-', '_')}-{version}-"
        tags = [wheel.removeprefix(stem) for wheel in wheels if wheel.startswith(stem)]
        for python in ("cp311", "cp313"):
            assert any(re.match(rf"({python}-|py3-|cp3\d+-abi3-)", tag) for tag in tags), (name, python)
    assert not [wheel for wheel in wheels if wheel.startswith(("numpy", "requests", "certifi", "urllib3"))]


def test_nothing_of_development_ships(package):
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    assert {"__init__.py", "cli.py", "agent/run.py", "worker/server.py", "scene/sandbox.py"} <= set(names)
    top = {name.split("/")[0] for name in names}
    assert not top & {"tests", "bench", "docs", "examples", "tools", "shared", "Makefile", "pyproject.toml", "restage"}
    assert not [name for name in names if name.startswith(".") or "/." in name or name.endswith(".pyc")]


def test_installs_enables_and_answers_the_command(package, tmp_path):
    code = f"""
        import pathlib
        import sys
        import bpy
        # The checkout must not stand in for what the zip brings.
        sys.path = [item for item in sys.path if not pathlib.Path(item, "restage").exists()]
        bpy.ops.extensions.package_install_files(
            filepath={str(package)!r}, repo="user_default", enable_on_install=True, overwrite=True
        )
        # As a module, Blender is beside this environment's packages; the extension's are to be tried.
        sys.path.sort(key=lambda item: ".local" not in item)
        import bl_ext.user_default.restage as installed
        from bl_ext.user_default.restage import preferences, registration
        assert bpy.context.scene.restage.status == "NONE"
        assert bpy.context.preferences.addons[installed.__package__].preferences.show_attempts
        runs = preferences.read(bpy.context).runs_folder
        assert str(runs).startswith({str(tmp_path)!r}), runs
        from bl_ext.user_default.restage.agent.offline.agent import make
        assert make().name == "offline"
        import cv2, pydantic, PIL, cmaes
        for module in (cv2, pydantic, PIL, cmaes):
            assert {str(tmp_path)!r} in module.__file__, module.__file__
        import numpy
        assert {str(tmp_path)!r} not in numpy.__file__
        assert registration._run_command(["/nowhere.png", "-o", {str(tmp_path / "run")!r}]) == 2
        bpy.ops.preferences.addon_disable(module="bl_ext.user_default.restage")
        assert not hasattr(bpy.types.Scene, "restage")
        print("clean")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "clean" in done.stdout
    assert "nowhere.png" in done.stderr
    assert not re.search(r"Traceback|Warning: (?!Region)", done.stdout + done.stderr), done.stderr[-3000:]

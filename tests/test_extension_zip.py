# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip as artists get it: built by Blender's own tool without a warning, installed, enabled, and used."""

from __future__ import annotations

import importlib.metadata
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

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from check_package import problems  # noqa: E402
from fetch_wheels import read_lock  # noqa: E402
from wheel_platforms import this_one  # noqa: E402


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """The zip; `make test` builds it once, for it is the same one that every Blender is given."""
    if made := os.environ.get("RESTAGE_TEST_ZIP"):
        return Path(made)
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


@pytest.mark.bpy
def test_the_tags_are_of_blender_s_list(manifest):
    folder = Path(bpy.utils.resource_path("LOCAL")) / "scripts" / "modules"
    known = (folder / "_bpy_internal" / "extensions" / "tags.py").read_text()
    assert [tag for tag in manifest["tags"] if f'"{tag}"' not in known] == []


def test_what_ships_is_right(package, manifest):
    platform = this_one().name
    assert manifest["platforms"] == [platform]
    assert problems(package, read_lock(), platform) == []


@pytest.mark.bpy
def test_installs_runs_offline_and_leaves_nothing(package, root, table_picture, tmp_path):
    """As an artist does: install from disk into an empty user folder, enable, run, disable, remove.

    What Blender will drop is an error on the way: in our code, in all five scripts of the built-in agent, and in the
    program that they make.
    """
    user, run = tmp_path / "user", tmp_path / "run"
    # Four kinds of solids where Blender has most that it will drop; a box and a ball are done in half the time.
    chosen = root / "examples" / "shapes.png" if bpy.app.version >= (5, 0, 0) else table_picture
    user.mkdir()
    code = f"""
        import pathlib
        import sys
        import warnings
        import bpy
        warnings.filterwarnings("error", category=DeprecationWarning, module="bl_ext")
        # The checkout must not stand in for what the zip brings.
        sys.path = [item for item in sys.path if not pathlib.Path(item, "restage").exists()]
        at = bpy.app.handlers
        lists = [name for name in dir(at) if isinstance(getattr(at, name), list)]

        def state():
            # Only Blender's own may be listed once ours is gone; a handler of Blender's may come with its first use.
            mine = [one for name in lists for one in getattr(at, name) if "restage" in getattr(one, "__module__", "")]
            classes = sorted(name for name in dir(bpy.types) if "RESTAGE" in name.upper())
            owners = [hasattr(owner, "restage") for owner in (bpy.types.Scene, bpy.types.WindowManager)]
            return mine, classes, sorted(dir(bpy.ops.restage)), owners

        before = state()
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
        assert str(runs).startswith({str(user)!r}), runs
        import cmaes, cv2, numpy, openai, PIL, anthropic, pydantic
        for module in (cmaes, cv2, openai, PIL, anthropic, pydantic):
            assert {str(user)!r} in module.__file__, module.__file__
        assert {str(user)!r} not in numpy.__file__
        assert registration._run_command(["/nowhere.png", "-o", {str(run)!r}]) == 2
        picture = {str(chosen)!r}
        options = ["--resolution", "64", "--samples", "2"]
        assert registration._run_command([picture, "-o", {str(run)!r}, *options]) == 0
        assert state() != before
        bpy.ops.preferences.addon_disable(module="bl_ext.user_default.restage")
        assert state() == before, state()
        repos = [repo.module for repo in bpy.context.preferences.extensions.repos]
        bpy.ops.extensions.package_uninstall(repo_index=repos.index("user_default"), pkg_id="restage")
        print("numpy", numpy.__version__)
        print("clean")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(user), "RESTAGE_STRICT": "scripts"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout.splitlines()
    assert "clean" in said
    assert f"numpy {importlib.metadata.version('numpy')}" in said
    assert "nowhere.png" in done.stderr
    assert not re.search(r"Traceback|Warning: (?!Region)|[A-Z]\w*Warning", done.stdout + done.stderr), done.stderr[
        -3000:
    ]
    for name in ("scene.blend", "scene.py", "render.png", "report.html", "run.json"):
        assert (run / name).stat().st_size > 500, name
    left = {path.relative_to(user).as_posix() for path in user.rglob("*") if path.is_file()}
    # Blender's own books of its extensions, and Python's of a module that Blender removed.
    own = re.compile(r"extensions/(\.cache|[^/]+/\.blender_ext)/|.*/__pycache__/|config/")
    assert [name for name in left if not own.match(name)] == []
    assert list(user.rglob("*restage*")) == []
    strict = [sys.executable, "-W", "error::DeprecationWarning", str(run / "scene.py")]
    done = subprocess.run(strict, capture_output=True, text=True)
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr

# SPDX-License-Identifier: GPL-3.0-or-later
"""The locked list of wheels: fresh, whole for every platform and Python, and nothing in it that Blender ships.

Nothing is downloaded: the lock holds what PyPI said of every wheel's place and needs.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from check_package import SHIPPED_BY_BLENDER, fits  # noqa: E402
from code_imports import BLENDER_SHIPS, packages  # noqa: E402
from fetch_wheels import PackageError, read_lock  # noqa: E402
from lock_wheels import LIST, listed  # noqa: E402
from wheel_platforms import ALL, PYTHONS, RELEASED, by_name, markers  # noqa: E402

LOCK = read_lock()
MADE = [item.name for item in ALL if f"{item.name} {PYTHONS[0]}" not in LOCK.absent]
PLACES = [(platform, python) for platform in MADE for python in LOCK.pythons(platform)]
VERSIONS = {wheel.package: wheel.version for wheel in LOCK.wheels}


def shipped() -> list[Path]:
    """Every module that goes into the zip."""
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    out = {pattern.strip("/") for pattern in manifest["build"]["paths_exclude_pattern"]}
    tops = [path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name not in out]
    return [path for top in tops for path in ([top] if top.suffix == ".py" else top.rglob("*.py"))]


def test_what_the_issue_asks_for_is_there_and_only_windows_on_arm_is_not():
    assert {"linux-x64", "macos-arm64", "macos-x64", "windows-x64"} <= set(MADE)
    assert set(RELEASED) - set(MADE) == {"windows-arm64"}
    with pytest.raises(PackageError, match="opencv"):
        LOCK.of("windows-arm64")
    assert all({"3.11", "3.13", "3.14"} == set(LOCK.pythons(platform)) for platform in MADE)


def test_the_lock_holds_exactly_the_list():
    assert sorted(f"{name}=={version}" for name, version in VERSIONS.items()) == sorted(listed(LIST.read_text()))


@pytest.mark.parametrize(("platform", "python"), PLACES, ids=" ".join)
def test_each_package_has_one_wheel_that_fits_and_finds_what_it_requires(platform, python):
    place = f"{platform} {python}"
    chosen = [wheel for wheel in LOCK.wheels if place in wheel.places]
    assert sorted(wheel.package for wheel in chosen) == sorted(VERSIONS)
    assert [wheel.file for wheel in chosen if not fits(wheel.file, platform, python)] == []
    lacking = []
    for package, lines in LOCK.requires.items():
        for need in map(Requirement, lines):
            if need.marker is not None and not need.marker.evaluate(markers(by_name(platform), python)):
                continue
            name = canonicalize_name(need.name)
            if name not in SHIPPED_BY_BLENDER and VERSIONS.get(name) not in need.specifier:
                lacking.append((package, str(need), VERSIONS.get(name)))
    assert lacking == []


def test_nothing_that_blender_ships():
    assert not VERSIONS.keys() & SHIPPED_BY_BLENDER


@pytest.mark.parametrize("numpy", ["1.26.4", "2.2.0"])
def test_the_list_is_content_with_the_numpy_of_every_blender(numpy):
    needs = [
        need
        for lines in LOCK.requires.values()
        for need in map(Requirement, lines)
        if need.name == "numpy" and (need.marker is None or need.marker.evaluate(markers(by_name("linux-x64"), "3.11")))
    ]
    assert needs, "OpenCV says which numpy it needs"
    assert [str(need) for need in needs if numpy not in need.specifier] == []


def test_every_package_that_our_code_imports_is_locked():
    files = shipped()
    assert ROOT / "agent" / "run.py" in files and not [path for path in files if "tests" in path.parts]
    found = {
        top: path
        for path in files
        for top in packages(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT).with_suffix("")))
    }
    assert {"cv2", "PIL", "pydantic"} <= set(found)
    known = packages_distributions()
    unlocked = {
        top: str(path)
        for top, path in found.items()
        if not {canonicalize_name(name) for name in known.get(top, [])} & set(VERSIONS)
    }
    assert unlocked == {}


def test_the_packages_of_blender_are_named_alike_everywhere():
    assert {canonicalize_name(name) for name in BLENDER_SHIPS} == SHIPPED_BY_BLENDER


def test_the_page_of_sizes_is_of_this_list():
    page = (ROOT / "docs" / "packages.md").read_text(encoding="utf-8")
    for name, version in VERSIONS.items():
        assert f"| {name} | {version} |" in page.replace("_", "-"), f"run `make package`: {name} {version}"
    for platform in RELEASED:
        assert platform in page


def test_the_tools_import_nothing_that_a_bare_checkout_lacks():
    """`tools/` runs in the environment that requirements.txt makes, before anything is built."""
    allowed = {"packaging", "bpy", "bmesh", "mathutils"} | {path.stem for path in (ROOT / "tools").glob("*.py")}
    for path in (ROOT / "tools").glob("*.py"):
        tops = packages(path.read_text(encoding="utf-8"), path.stem)
        assert tops <= allowed, (path.name, tops - allowed)
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

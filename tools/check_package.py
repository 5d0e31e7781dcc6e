# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a built zip and say what is wrong with it: a wheel missing somewhere, or something that should not be there.

Blender's `extension build --split-platforms` leaves out what a platform lacks without a word; an artist would learn it
from an ImportError. So nothing here trusts the manifest: what must be there follows from the imports of the modules in
the zip, and from what the packages in it say they require.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import tomllib
import zipfile
from pathlib import Path

from code_imports import packages
from fetch_wheels import Lock
from notices import metadata
from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from wheel_platforms import PYTHONS, by_name, markers

SHIPPED_BY_BLENDER = frozenset({"numpy", "requests", "certifi", "urllib3", "idna", "charset-normalizer"})
TOP = frozenset({
    "agent", "operators", "panels", "prompts", "scene", "worker", "wheels", "LICENSES",
    "blender_manifest.toml", "README.md", "CHANGELOG.md", "THIRD_PARTY.md",
})  # fmt: skip
"""All that may lie at the top of a zip, beside modules."""
OLDEST = min((int(major), int(minor)) for major, minor in (python.split(".") for python in PYTHONS))
NEEDED = ("LICENSES/GPL-3.0-or-later.txt", "THIRD_PARTY.md", "README.md", "prompts/", "worker/guard_attributes.txt")
"""What no import shows but an artist's Blender needs (or the licence asks for)."""
SUFFIXES = frozenset({".py", ".md", ".txt", ".toml", ".whl", ".html", ".npz", ".json", ".css", ".js", ".svg", ".png"})


def fits(wheel: str, platform: str, python: str) -> bool:
    """Whether a wheel can be used by a Python on a platform, by the tags in its name."""
    version = tuple(int(part) for part in python.split("."))
    # Older systems' tags count as well: a Mac that runs Blender runs what was built for macOS 10.13.
    tags = {tag for stem in by_name(platform).tags for tag in _older(stem)}
    known = {*cpython_tags(version, platforms=tags), *compatible_tags(version, f"cp{version[0]}{version[1]}", tags)}
    return bool(parse_wheel_filename(wheel)[3] & known)


def _older(tag: str) -> list[str]:
    if match := re.fullmatch(r"macosx_(\d+)_0_(.+)", tag):
        newest, machine = int(match[1]), match[2]
        kinds = (machine, "universal2")
        old = [f"macosx_10_{minor}_{kind}" for minor in range(6, 17) for kind in kinds]
        return old + [f"macosx_{major}_0_{kind}" for major in range(11, newest + 1) for kind in kinds]
    return [tag]


def problems(path: Path, lock: Lock, platform: str) -> list[str]:
    """Return what is wrong with a platform's zip, one sentence each; nothing when it is right."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode("utf-8"))
        inside = [name for name in names if name.endswith(".whl")]
        wheels = {name.removeprefix("wheels/"): archive.read(name) for name in inside}
        sources = {name: archive.read(name).decode("utf-8") for name in names if name.endswith(".py")}
        notices = archive.read("THIRD_PARTY.md").decode("utf-8") if "THIRD_PARTY.md" in names else ""
    found = _files(names)
    if manifest.get("platforms") != [platform]:
        found.append(f"The manifest is for {manifest.get('platforms')}, not for {platform}.")
    if sorted(manifest.get("wheels", [])) != sorted(f"./{name}" for name in inside):
        found.append("The manifest's wheels are not the zip's.")
    locked = {wheel.file: wheel for wheel in lock.of(platform)}
    for name, content in wheels.items():
        if name not in locked:
            found.append(f"{name} is not in the lock for {platform}.")
        elif hashlib.sha256(content).hexdigest() != locked[name].sha256:
            found.append(f"{name} is not as it is on PyPI.")
    for name, source in sources.items():
        try:
            ast.parse(source, feature_version=OLDEST)
        except SyntaxError as error:
            found.append(f"{name} is no Python {'.'.join(map(str, OLDEST))}: {error}.")
            return found
    imported = {name: packages(source, name.removesuffix(".py")) for name, source in sources.items()}
    for python in lock.pythons(platform):
        found += _needs(wheels, imported, platform, python)
    for package in {wheel.split("-")[0].replace("_", "-").lower() for wheel in wheels}:
        if f"| {package} |" not in notices.lower().replace("_", "-"):
            found.append(f"THIRD_PARTY.md does not name {package}.")
    return found


def _files(names: list[str]) -> list[str]:
    tops = {name: name.split("/")[0] for name in names}
    found = [
        f"{name} should not be in the zip." for name, top in tops.items() if top not in TOP and not top.endswith(".py")
    ]
    for name in names:
        hidden = any(part.startswith(".") or part in ("tests", "__pycache__") for part in name.split("/"))
        if hidden or (not name.endswith("/") and Path(name).suffix not in SUFFIXES):
            found.append(f"{name} should not be in the zip.")
    return found + [f"{need} is missing." for need in NEEDED if not any(name.startswith(need) for name in names)]


def _needs(wheels: dict[str, bytes], imports: dict[str, set[str]], platform: str, python: str) -> list[str]:
    """Whether one Python finds every package our code imports and everything those require, and nothing besides."""
    place = f"{platform}, Python {python}"
    fitting: dict[str, list[str]] = {}
    requires: dict[str, set[str]] = {}
    provides: dict[str, str] = {}
    found = []
    for wheel in wheels:
        if not fits(wheel, platform, python):
            continue
        with zipfile.ZipFile(io.BytesIO(wheels[wheel])) as archive:
            head = metadata(archive)
            brings = {name.split("/")[0].split(".")[0] for name in archive.namelist() if ".dist-info/" not in name}
        package = canonicalize_name(head["Name"])
        fitting.setdefault(package, []).append(wheel)
        provides.update(dict.fromkeys(brings, package))
        needs = [Requirement(line) for line in head.get_all("Requires-Dist", [])]
        there = markers(by_name(platform), python)
        active = [need for need in needs if need.marker is None or need.marker.evaluate(there)]
        requires[package] = {canonicalize_name(need.name) for need in active}
    found += [f"{place}: {' and '.join(files)} are one package." for files in fitting.values() if len(files) > 1]
    imported: set[str] = set()
    for name, tops in imports.items():
        for top in tops:
            if top in provides:
                imported.add(provides[top])
            else:
                found.append(f"{place}: {name} imports {top}, which no wheel brings.")
    reached, waiting = set(), set(imported)
    while waiting:
        package = waiting.pop()
        reached.add(package)
        for need in requires.get(package, set()) - SHIPPED_BY_BLENDER:
            if need not in fitting:
                found.append(f"{place}: {package} requires {need}, which no wheel brings.")
            elif need not in reached:
                waiting.add(need)
    found += [f"{place}: {package} is there for nothing." for package in sorted(fitting.keys() - reached)]
    return found + [f"{place}: {package} is Blender's." for package in sorted(fitting.keys() & SHIPPED_BY_BLENDER)]

# SPDX-License-Identifier: GPL-3.0-or-later
"""What the check of a built zip finds: small wheels and zips, each wrong in one way."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import check_package  # noqa: E402
from build_extension import ships  # noqa: E402
from fetch_wheels import Lock, PackageError, Wheel, read_lock  # noqa: E402
from package import make_repository, shares, size_table, write_page  # noqa: E402

PLATFORM = "windows-x64"
PLACES = frozenset(f"{PLATFORM} {python}" for python in ("3.11", "3.13", "3.14"))


def wheel(name: str, tag: str, *requires: str) -> tuple[str, bytes]:
    """A wheel with one module, as PyPI might have it."""
    file = f"{name}-1.0-{tag}.whl"
    head = [f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: MIT"]
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", "\n".join([*head, *(f"Requires-Dist: {x}" for x in requires)])
        )
        archive.writestr(f"{name}-1.0.dist-info/licenses/LICENSE", "MIT")
    return file, memory.getvalue()


WHEELS = dict([
    wheel("client", "py3-none-any", "parser>=1", "idna>=3", 'old; python_version < "3.11"', 'unix; os_name != "nt"'),
    wheel("parser", "cp311-cp311-win_amd64"),
    wheel("parser", "cp313-cp313-win_amd64"),
    wheel("parser", "cp314-cp314-win_amd64"),
    wheel("vision", "cp37-abi3-win_amd64", "numpy>=1.23"),
])  # fmt: skip
SOURCES = {
    "__init__.py": "import json\nfrom . import cli\n",
    "cli.py": "import numpy\nimport bpy\nimport client.errors\n",
    "agent/see.py": "from vision import cut\nfrom ..worker import protocol\n",
    "worker/guard_attributes.txt": "",
    "prompts/rules.md": "",
    "README.md": "",
    "LICENSES/GPL-3.0-or-later.txt": "",
    "THIRD_PARTY.md": "| client |\n| parser |\n| vision |\n",
}


def locked(wheels: dict[str, bytes]) -> Lock:
    made = [
        Wheel(name.split("-")[0], "1.0", name, hashlib.sha256(content).hexdigest(), PLACES)
        for name, content in wheels.items()
    ]
    return Lock(tuple(made), {}, {}, "")


def zipped(path: Path, wheels: dict[str, bytes], files: dict[str, str]) -> Path:
    target = path / "restage-1.0-windows_x64.zip"
    listed = ", ".join(f'"./wheels/{name}"' for name in wheels)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("blender_manifest.toml", f'platforms = ["{PLATFORM}"]\nwheels = [{listed}]\n')
        for name, text in files.items():
            archive.writestr(name, text)
        for name, content in wheels.items():
            archive.writestr(f"wheels/{name}", content)
    return target


def found(path: Path, wheels=WHEELS, files=SOURCES, lock=None) -> list[str]:
    return check_package.problems(zipped(path, wheels, files), lock or locked(WHEELS), PLATFORM)


def test_a_whole_zip_has_no_problems(tmp_path):
    assert found(tmp_path) == []


def test_a_wheel_dropped_for_one_python_is_named_with_the_place(tmp_path):
    left = {name: content for name, content in WHEELS.items() if "cp313" not in name}
    assert found(tmp_path, left) == ["windows-x64, Python 3.13: client requires parser, which no wheel brings."]


def test_a_wheel_for_another_platform_does_not_count(tmp_path):
    other = {name.replace("cp37-abi3-win_amd64", "cp37-abi3-macosx_12_0_x86_64"): x for name, x in WHEELS.items()}
    problems = found(tmp_path, other, lock=locked(other))
    assert "windows-x64, Python 3.11: agent/see.py imports vision, which no wheel brings." in problems


def test_an_import_without_a_wheel_is_found_wherever_it_is(tmp_path):
    files = SOURCES | {"agent/deep/late.py": "def run():\n    import torch.nn\n"}
    assert "windows-x64, Python 3.14: agent/deep/late.py imports torch, which no wheel brings." in found(
        tmp_path, files=files
    )


def test_what_nothing_imports_is_not_taken_along(tmp_path):
    files = SOURCES | {"agent/see.py": "import numpy\n"}
    assert "windows-x64, Python 3.11: vision is there for nothing." in found(tmp_path, files=files)


def test_what_blender_ships_is_refused(tmp_path):
    more = WHEELS | dict([wheel("numpy", "cp311-cp311-win_amd64")])
    assert "windows-x64, Python 3.11: numpy is Blender's." in found(tmp_path, more, lock=locked(more))


def test_a_changed_wheel_is_not_pypi_s(tmp_path):
    name = next(iter(WHEELS))
    memory = io.BytesIO(WHEELS[name])
    with zipfile.ZipFile(memory, "a") as archive:
        archive.writestr("client/extra.py", "")
    changed = WHEELS | {name: memory.getvalue()}
    assert found(tmp_path, changed) == [f"{name} is not as it is on PyPI."]


@pytest.mark.parametrize(
    "name", ["tests/test_a.py", "bench/offline.py", "docs/a.md", "examples/a.png", "agent/.cache/a.py", "agent/a.pyc",
             "worker/tests/a.py", "tools/a.py", "scene/notes.bak"],
)  # fmt: skip
def test_what_is_for_development_is_refused(tmp_path, name):
    assert f"{name} should not be in the zip." in found(tmp_path, files=SOURCES | {name: ""})


@pytest.mark.parametrize("name", ["prompts/rules.md", "LICENSES/GPL-3.0-or-later.txt", "THIRD_PARTY.md"])
def test_what_no_import_shows_is_asked_for(tmp_path, name):
    files = {other: text for other, text in SOURCES.items() if other != name}
    assert any(problem.endswith("is missing.") for problem in found(tmp_path, files=files))


def test_a_module_that_the_oldest_python_cannot_read_is_named(tmp_path):
    problems = found(tmp_path, files=SOURCES | {"agent/new.py": "def first[T](items: list[T]) -> T: ...\n"})
    assert [problem for problem in problems if problem.startswith("agent/new.py is no Python 3.11:")]


def test_a_manifest_for_another_platform_is_named(tmp_path):
    lock = replace(locked(WHEELS))
    path = zipped(tmp_path, WHEELS, SOURCES)
    assert any("not for macos-x64" in line for line in check_package.problems(path, lock, "macos-x64"))


def test_a_platform_without_a_wheel_has_no_zip():
    with pytest.raises(PackageError, match=r"windows-x64.*jiter==1"):
        replace(locked(WHEELS), absent={"windows-x64 3.13": ["jiter==1"]}).pythons("windows-x64")


def test_the_page_holds_every_byte_once(tmp_path):
    path = zipped(tmp_path, WHEELS, SOURCES)
    inside = shares(path)
    with zipfile.ZipFile(path) as archive:
        assert sum(inside.values()) == sum(item.compress_size for item in archive.infolist())
    assert set(inside) == {"client", "parser", "vision", "Restage itself"}
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- made by `make package` -->\nold\n<!-- end -->\nafter\n")
    write_page(page, size_table({PLATFORM: path}, {"windows-arm64": "no wheel of x."}))
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert f"**{path.stat().st_size:,}**" in text and "No zip for windows-arm64: no wheel of x." in text


def test_the_repository_lists_its_zips_and_replaces_an_older_one(tmp_path):
    pytest.importorskip("bpy")
    output = tmp_path / "dist"
    (output / "repository").mkdir(parents=True)
    (output / "repository" / "restage-0.0.9-windows_x64.zip").write_bytes(b"old")
    path = output / "restage-0.1.0-windows_x64.zip"
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    with zipfile.ZipFile(path, "w") as archive:
        platforms = manifest.replace("[permissions]", f'platforms = ["{PLATFORM}"]\n[permissions]', 1)
        archive.writestr("blender_manifest.toml", platforms)
        archive.writestr("__init__.py", "")
    make_repository([path], output / "repository", None)
    assert {item.name for item in (output / "repository").iterdir()} == {"index.html", "index.json", path.name}
    (listed,) = json.loads((output / "repository" / "index.json").read_text())["data"]
    assert (listed["id"], listed["version"], listed["platforms"]) == ("restage", "0.1.0", [PLATFORM])
    assert listed["archive_url"] == f"./{path.name}" and listed["archive_size"] == path.stat().st_size
    assert listed["archive_hash"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert (output / "repository" / path.name).read_bytes() == path.read_bytes()
    assert [item.name for item in output.iterdir() if item.name.startswith(".")] == []


BUILT = sorted((ROOT / "dist").glob("restage-*.zip"))


def last_change() -> float:
    """When anything that goes into the zips was last changed."""
    inside = [path for item in ships() for path in ([item] if item.is_file() else item.rglob("*"))]
    files = [path for path in inside if path.is_file() and "__pycache__" not in path.parts]
    return max(path.stat().st_mtime for path in [*files, ROOT / "tools" / "wheels.lock.toml"])


@pytest.mark.parametrize("path", BUILT or [None], ids=lambda path: path.name if path else "none")
def test_the_zips_of_make_package_are_whole(path):
    """Of those that somebody has made here; the one for this platform is built and opened by test_extension_zip."""
    if path is None:
        pytest.skip("make package has not been run here")
    if path.stat().st_mtime < last_change():
        pytest.skip("built before the last change of what goes into it")
    platform = path.stem.rsplit("-", 1)[1].replace("_", "-")
    assert check_package.problems(path, read_lock(), platform) == []

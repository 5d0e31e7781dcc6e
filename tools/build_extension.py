# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the extension's zip for this machine: `python tools/build_extension.py [-o dist]`.

Downloads the wheels of `tools/wheels.txt` for CPython 3.11 (Blender 4.2 to 5.0) and 3.13 (5.1 and newer), copies what
ships into a build folder, writes the manifest with the wheels into it, and has Blender's own tool validate and build
it. Any warning of that tool is an error. Prints the path of the zip.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tools" / "wheels.txt"
PYTHONS = ("3.11", "3.13")

PLATFORMS: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("Linux", "x86_64"): (
        "linux-x64",
        ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    ),
    ("Linux", "aarch64"): (
        "linux-arm64",
        ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    ),
    ("Darwin", "arm64"): ("macos-arm64", ("macosx_13_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64")),
    ("Darwin", "x86_64"): ("macos-x64", ("macosx_13_0_x86_64", "macosx_12_0_x86_64", "macosx_10_13_x86_64")),
    ("Windows", "AMD64"): ("windows-x64", ("win_amd64",)),
    ("Windows", "ARM64"): ("windows-arm64", ("win_arm64",)),
}
"""By `platform.system()` and `platform.machine()`: Blender's name, and pip's tags, of what its builds run on."""


class BuildError(Exception):
    """The zip can't be built; the text says why."""


def this_platform() -> tuple[str, tuple[str, ...]]:
    """Return Blender's name of this machine's platform and pip's tags for it."""
    try:
        return PLATFORMS[platform.system(), platform.machine()]
    except KeyError as error:
        raise BuildError(f"No Blender runs on {platform.system()} {platform.machine()}.") from error


def download_wheels(cache: Path) -> list[Path]:
    """Return the wheels for this machine, downloaded unless the cache has them already."""
    name, tags = this_platform()
    digest = hashlib.sha256(LIST.read_bytes() + repr((tags, PYTHONS)).encode()).hexdigest()[:12]
    folder = cache / f"{name}-{digest}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as partial:
            for python in PYTHONS:
                _pip_download(python, tags, Path(partial))
            # Only a complete folder gets the name.
            shutil.copytree(partial, folder)
    return sorted(folder.glob("*.whl"))


def _pip_download(python: str, tags: tuple[str, ...], target: Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    command += [f"--abi={abi}" for abi in ("cp" + python.replace(".", ""), "abi3", "none")]
    command += [f"--platform={tag}" for tag in tags]
    done = subprocess.run([*command, "-d", str(target), "-r", str(LIST)], capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"pip could not download the wheels for Python {python}:\n{done.stderr.strip()}")


def stage(target: Path, wheels: list[Path]) -> None:
    """Copy what ships into `target`, with the wheels and a manifest that lists them."""
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    patterns = tomllib.loads(manifest)["build"]["paths_exclude_pattern"]
    # Top-level folders that stay out aren't copied at all; finer patterns are left to Blender's tool.
    left_out = {pattern.strip("/") for pattern in patterns if pattern.startswith("/") and "*" not in pattern}
    for item in sorted(ROOT.iterdir()):
        if item.name.startswith(".") or item.name in left_out or item.name == "wheels":
            continue
        if item.is_dir():
            shutil.copytree(item, target / item.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(item, target / item.name)
    (target / "wheels").mkdir()
    for wheel in wheels:
        shutil.copyfile(wheel, target / "wheels" / wheel.name)
    listed = "".join(f'  "./wheels/{wheel.name}",\n' for wheel in wheels)
    extra = f'platforms = ["{this_platform()[0]}"]\n\nwheels = [\n{listed}]\n\n[permissions]\n'
    (target / "blender_manifest.toml").write_text(manifest.replace("[permissions]\n", extra, 1), encoding="utf-8")


def extension_tool(blender: str | None) -> list[str]:
    """Return the command of Blender's extension tool: of a Blender program, or of this Python's `bpy` wheel."""
    if blender:
        return [blender, "--background", "--factory-startup", "--command", "extension"]
    spec = importlib.util.find_spec("bpy")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = [
        path for folder in folders for path in Path(folder).glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    ]
    if not found:
        raise BuildError("This Python has no bpy wheel; name a Blender 4.2 or newer with --blender.")
    return [sys.executable, str(found[0])]


def run_tool(command: list[str], folder: Path) -> str:
    """Run the extension tool in a folder; return what it said. Raises BuildError on an error or a warning."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    said = f"{done.stdout}{done.stderr}"
    if done.returncode or re.search(r"\b(warning|warn|error)\b", said, re.IGNORECASE):
        raise BuildError(f"{' '.join(command)} is not clean (exit {done.returncode}):\n{said.strip()}")
    return said


def build(output: Path, cache: Path, blender: str | None = None) -> Path:
    """Build the zip into the folder `output` and return its path."""
    wheels = download_wheels(cache)
    tool = extension_tool(blender)
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    output.mkdir(parents=True, exist_ok=True)
    name = f"{manifest['id']}-{manifest['version']}-{this_platform()[0].replace('-', '_')}.zip"
    with tempfile.TemporaryDirectory(prefix="restage-build-") as folder:
        source = Path(folder) / "restage"
        source.mkdir()
        stage(source, wheels)
        run_tool([*tool, "validate", "."], source)
        made = Path(folder) / name
        run_tool([*tool, "build", "--source-dir", ".", "--output-filepath", str(made)], source)
        run_tool([*tool, "validate", str(made)], source)
        shutil.copyfile(made, output / name)
    return output / name


def main() -> int:
    """Build, and print where the zip is."""
    parser = argparse.ArgumentParser(description="Build the Restage extension's zip for this machine.")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", metavar="DIR")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "wheels", metavar="DIR", help="for the wheels")
    parser.add_argument("--blender", metavar="PATH", help="the Blender that builds (default: the bpy wheel's tool)")
    options = parser.parse_args()
    try:
        made = build(options.output, options.cache, options.blender)
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the extension's zip: `python tools/build_extension.py [--platform NAME] [-o dist]`.

For this machine unless told otherwise. Takes the locked wheels (tools/fetch_wheels.py), copies what ships into a build
folder, writes the manifest with the wheels into it, and has Blender's own tool validate and build it. Any warning of
that tool is an error. Then opens the zip and checks what is in it (tools/check_package.py). Prints the path of the zip.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from check_package import problems
from fetch_wheels import Lock, PackageError, fetch, read_lock
from notices import collect, page
from wheel_platforms import ALL, this_one

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "wheels"


def ships() -> list[Path]:
    """Return the files and folders of the repository's top level that go into the zip."""
    patterns = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))["build"]
    # Top-level folders that stay out aren't copied at all; finer patterns are left to Blender's tool.
    named = [pattern for pattern in patterns["paths_exclude_pattern"] if pattern.startswith("/") and "*" not in pattern]
    left_out = {pattern.strip("/") for pattern in named} | {"wheels"}
    return [item for item in sorted(ROOT.iterdir()) if not item.name.startswith(".") and item.name not in left_out]


def stage(target: Path, platform: str, wheels: list[Path]) -> None:
    """Copy what ships into `target`, with the wheels, their licences, and a manifest that lists them."""
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    for item in ships():
        if item.is_dir():
            shutil.copytree(item, target / item.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(item, target / item.name)
    (target / "wheels").mkdir()
    for wheel in wheels:
        shutil.copyfile(wheel, target / "wheels" / wheel.name)
    (target / "THIRD_PARTY.md").write_text(page(collect(wheels)), encoding="utf-8")
    names = sorted(wheel.name for wheel in wheels)
    listed = "".join(f'  "./wheels/{name}",\n' for name in names)
    extra = f'platforms = ["{platform}"]\n\nwheels = [\n{listed}]\n\n[permissions]\n'
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
        raise PackageError("This Python has no bpy wheel; name a Blender 4.2 or newer with --blender.")
    return [sys.executable, str(found[0])]


def run_tool(command: list[str], folder: Path) -> str:
    """Run the extension tool in a folder; return what it said. Raises PackageError on an error or a warning."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    said = f"{done.stdout}{done.stderr}"
    if done.returncode or re.search(r"\b(warning|warn|error)\b", said, re.IGNORECASE):
        raise PackageError(f"{' '.join(command)} is not clean (exit {done.returncode}):\n{said.strip()}")
    return said


def zip_name(platform: str) -> str:
    """Return what the zip for a platform is called, as Blender's tool would call it."""
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    return f"{manifest['id']}-{manifest['version']}-{platform.replace('-', '_')}.zip"


def build(lock: Lock, platform: str, output: Path, cache: Path, blender: str | None = None) -> Path:
    """Build a platform's zip into the folder `output` and return its path. Raises PackageError."""
    wheels = fetch(lock, platform, cache)
    tool = extension_tool(blender)
    output = output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    name = zip_name(platform)
    # Beside the output, so that the finished zip only moves.
    with tempfile.TemporaryDirectory(prefix=".build-", dir=output) as folder:
        source = Path(folder) / "restage"
        source.mkdir()
        stage(source, platform, wheels)
        run_tool([*tool, "validate", "."], source)
        made = Path(folder) / name
        run_tool([*tool, "build", "--source-dir", ".", "--output-filepath", str(made)], source)
        run_tool([*tool, "validate", str(made)], source)
        if found := problems(made, lock, platform):
            raise PackageError(f"{name} is not as it should be:\n" + "\n".join(found))
        made.replace(output / name)
    return output / name


def main() -> int:
    """Build, and print where the zip is."""
    parser = argparse.ArgumentParser(description="Build the Restage extension's zip.")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", metavar="DIR")
    parser.add_argument("--platform", choices=[item.name for item in ALL], help="(default: this machine's)")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="for the wheels")
    parser.add_argument("--blender", metavar="PATH", help="the Blender that builds (default: the bpy wheel's tool)")
    options = parser.parse_args()
    try:
        platform = options.platform or this_one().name
        made = build(read_lock(), platform, options.output, options.cache, options.blender)
    except KeyError as error:
        print(f"build: no Blender runs on {error}; name a platform with --platform.", file=sys.stderr)
        return 1
    except PackageError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())

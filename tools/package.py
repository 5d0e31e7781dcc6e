# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the zips of all platforms and a repository to host: `python tools/package.py [-o dist]`.

Each zip is built, then opened and checked (tools/build_extension.py). `dist/repository/` is a static extension
repository with the same zips, made by Blender's own `extension server-generate`; any web server or shared folder can
hold it. The sizes go into docs/packages.md.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from build_extension import CACHE, ROOT, build, extension_tool, run_tool
from fetch_wheels import Lock, PackageError, read_lock
from notices import Notice, collect
from wheel_platforms import RELEASED

PAGE = ROOT / "docs" / "packages.md"
BEGIN, END = "<!-- made by `make package` -->\n", "<!-- end -->\n"
SMALL = 0.5
"""Packages below this, in MB, are one row together."""


def shares(path: Path) -> dict[str, int]:
    """Return how many bytes of a zip each bundled package takes, with `Restage itself`."""
    found: dict[str, int] = defaultdict(int)
    with zipfile.ZipFile(path) as archive:
        for item in archive.infolist():
            wheel = re.fullmatch(r"wheels/([^/]+?)-\d[^/]*\.whl", item.filename)
            found[wheel[1].replace("_", "-").lower() if wheel else "Restage itself"] += item.compress_size
    return dict(found)


def size_table(zips: dict[str, Path], absent: dict[str, str]) -> str:
    """Return the sizes of the zips, and each package's share, as Markdown."""
    by_zip = {platform: shares(path) for platform, path in zips.items()}
    largest = {
        name: max(share.get(name, 0) for share in by_zip.values()) for share in by_zip.values() for name in share
    }
    named = sorted((name for name, size in largest.items() if size >= SMALL * 1e6), key=lambda name: -largest[name])
    head = "| | " + " | ".join(zips) + " |\n| --- |" + " ---: |" * len(zips) + "\n"
    rows = ["| **the zip, bytes** | " + " | ".join(f"**{path.stat().st_size:,}**" for path in zips.values()) + " |"]
    rest = sorted(set(largest) - set(named))
    for name in [*named, ""]:
        cells = []
        for platform, path in zips.items():
            share = by_zip[platform]
            size = share.get(name, 0) if name else sum(share.get(other, 0) for other in rest)
            cells.append(f"{size / 1e6:.2f} MB, {size / path.stat().st_size:.0%}")
        rows.append(f"| {name or f'{len(rest)} smaller packages'} | " + " | ".join(cells) + " |")
    lines = [head + "\n".join(rows), *(f"\nNo zip for {platform}: {why}" for platform, why in absent.items())]
    return "\n".join(lines) + "\n"


def licence_table(notices: list[Notice]) -> str:
    """Return the bundled packages with their licences, as Markdown."""
    rows = [f"| {item.name} | {item.version} | {item.licence} |" for item in notices]
    return "| package | version | licence |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"


def write_page(page: Path, text: str) -> None:
    """Put the figures between the marks of the page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def make_repository(zips: list[Path], folder: Path, blender: str | None) -> None:
    """Make a static extension repository of the zips in a folder. Raises PackageError."""
    with tempfile.TemporaryDirectory(prefix=".repository-", dir=folder.parent) as made:
        for path in zips:
            # A second name costs no disk; where the file system has none, a copy does as well.
            _second_name(path, Path(made) / path.name)
        run_tool([*extension_tool(blender), "server-generate", "--repo-dir", ".", "--html"], Path(made))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder, copy_function=_second_name)
        # A temporary folder is its owner's alone; this one is to be served.
        folder.chmod(0o755)


def _second_name(path: str | Path, target: str | Path) -> None:
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def package(
    output: Path, cache: Path, blender: str | None, say: Callable[[str], None]
) -> tuple[dict[str, Path], dict[str, str]]:
    """Build every zip there are wheels for; return them by platform, and why others are not. Raises PackageError."""
    lock: Lock = read_lock()
    zips: dict[str, Path] = {}
    absent: dict[str, str] = {}
    for platform in RELEASED:
        try:
            lock.pythons(platform)
        except PackageError as error:
            absent[platform] = str(error).split(": ", 1)[1]
            say(str(error))
            continue
        zips[platform] = build(lock, platform, output, cache, blender)
        say(f"{zips[platform].stat().st_size:>12,}  {zips[platform]}")
    make_repository(list(zips.values()), output / "repository", blender)
    return zips, absent


def main() -> int:
    """Build everything, and print what there is."""
    parser = argparse.ArgumentParser(description="Build the Restage extension for every platform, and a repository.")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist", metavar="DIR")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="for the wheels")
    parser.add_argument("--blender", metavar="PATH", help="the Blender that builds (default: the bpy wheel's tool)")
    parser.add_argument("--page", type=Path, default=PAGE, metavar="FILE", help="where the sizes go")
    options = parser.parse_args()
    try:
        zips, absent = package(options.output, options.cache, options.blender, print)
    except PackageError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    wheels = sorted({options.cache / wheel.file for platform in zips for wheel in read_lock().of(platform)})
    write_page(options.page, size_table(zips, absent) + "\n" + licence_table(collect(wheels)))
    print(options.output / "repository" / "index.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-3.0-or-later
"""The locked wheels of a platform, as PyPI has them: downloaded by pip, checked by hash, kept in a cache."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from lock_wheels import LIST, LOCK, digest
from wheel_platforms import PYTHONS, PYTHONS_TOO, by_name, pip_options


class PackageError(Exception):
    """The zip can't be made; the text says why, and what to do."""


@dataclass(frozen=True)
class Wheel:
    """One locked file of one package, and the places it is for (`linux-x64 3.11`)."""

    package: str
    version: str
    file: str
    sha256: str
    places: frozenset[str]


@dataclass(frozen=True)
class Lock:
    """What tools/wheels.lock.toml says."""

    wheels: tuple[Wheel, ...]
    requires: dict[str, list[str]]
    absent: dict[str, list[str]]
    list_digest: str

    def pythons(self, platform: str) -> tuple[str, ...]:
        """Return the Pythons that a platform has the whole list for. Raises PackageError if one of ours is not."""
        for python in PYTHONS:
            if missing := self.absent.get(f"{platform} {python}"):
                raise PackageError(f"No zip for {platform}: PyPI has no wheel of {', '.join(missing)}.")
        return (*PYTHONS, *(python for python in PYTHONS_TOO if f"{platform} {python}" not in self.absent))

    def of(self, platform: str) -> list[Wheel]:
        """Return the wheels of a platform, of all its Pythons."""
        places = {f"{platform} {python}" for python in self.pythons(platform)}
        return [wheel for wheel in self.wheels if wheel.places & places]


def read_lock() -> Lock:
    """Return the lock. Raises PackageError when the list has changed since."""
    data = tomllib.loads(LOCK.read_text(encoding="utf-8"))
    if data["list"] != digest(LIST.read_text(encoding="utf-8")):
        raise PackageError("tools/wheels.txt has changed: run `make lock` and commit tools/wheels.lock.toml.")
    wheels = tuple(
        Wheel(package["name"], package["version"], wheel["file"], wheel["sha256"], frozenset(wheel["for"]))
        for package in data["package"]
        for wheel in package["wheel"]
    )
    return Lock(wheels, {item["name"]: item["requires"] for item in data["package"]}, data["absent"], data["list"])


def whole(wheel: Wheel, cache: Path) -> bool:
    """Whether the cache has a wheel, with the locked content."""
    path = cache / wheel.file
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == wheel.sha256


def fetch(lock: Lock, platform: str, cache: Path) -> list[Path]:
    """Return the wheels of a platform, downloaded unless the cache has them. Raises PackageError."""
    cache.mkdir(parents=True, exist_ok=True)
    wanted = lock.of(platform)
    for python in lock.pythons(platform):
        place = f"{platform} {python}"
        missing = [wheel for wheel in wanted if place in wheel.places and not whole(wheel, cache)]
        if missing:
            _download(missing, platform, python, cache)
    if broken := [wheel.file for wheel in wanted if not whole(wheel, cache)]:
        raise PackageError(f"pip brought other files than the locked ones; missing: {', '.join(broken)}")
    return [cache / wheel.file for wheel in wanted]


def _download(wheels: list[Wheel], platform: str, python: str, cache: Path) -> None:
    """Have pip download wheels, which checks their hashes, into a folder of their own, then into the cache."""
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        pins = Path(folder) / "pins.txt"
        lines = [f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}" for wheel in wheels]
        pins.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        command += ["--require-hashes", *pip_options(by_name(platform), python), "-d", folder, "-r", str(pins)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise PackageError(f"pip could not download the wheels of {platform} {python}:\n{done.stderr.strip()}")
        for path in Path(folder).glob("*.whl"):
            path.replace(cache / path.name)

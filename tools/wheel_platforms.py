# SPDX-License-Identifier: GPL-3.0-or-later
"""The platforms and Pythons that Blender 4.2 to 5.2 runs on, in Blender's words and in pip's."""

from __future__ import annotations

import platform
from dataclasses import dataclass

PYTHONS = ("3.11", "3.13")
"""CPython of blender.org's builds: 3.11 in 4.2 to 5.0, 3.13 from 5.1 on. Every package must have a wheel for both."""

PYTHONS_TOO = ("3.14",)
"""What Linux distributions build Blender with: taken along where the whole list has wheels for it."""


@dataclass(frozen=True)
class Platform:
    """One platform: Blender's name of it, pip's tags of it, and what environment markers say there."""

    name: str
    tags: tuple[str, ...]
    sys_platform: str
    platform_system: str
    machine: str


def _linux(name: str, machine: str) -> Platform:
    # blender.org builds on Rocky Linux 8: glibc 2.28 is what every machine that runs Blender has.
    tags = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux_2_17", "manylinux2014")
    return Platform(name, tuple(f"{tag}_{machine}" for tag in tags), "linux", "Linux", machine)


ALL = (
    _linux("linux-x64", "x86_64"),
    # Blender 4.2 needs macOS 11.2. OpenCV has no wheel for Intel Macs that old: 12 there.
    Platform("macos-arm64", ("macosx_11_0_arm64",), "darwin", "Darwin", "arm64"),
    Platform("macos-x64", ("macosx_12_0_x86_64",), "darwin", "Darwin", "x86_64"),
    Platform("windows-x64", ("win_amd64",), "win32", "Windows", "AMD64"),
    Platform("windows-arm64", ("win_arm64",), "win32", "Windows", "ARM64"),
    # No Blender from blender.org, but Debian's: built by `make build` on such a machine only.
    _linux("linux-arm64", "aarch64"),
)
RELEASED = ("linux-x64", "macos-arm64", "macos-x64", "windows-x64", "windows-arm64")
"""What `make package` makes, where the list has wheels."""


def by_name(name: str) -> Platform:
    """Return a platform by Blender's name. Raises KeyError for one no Blender runs on."""
    return {item.name: item for item in ALL}[name]


def this_one() -> Platform:
    """Return this machine's platform. Raises KeyError where no Blender runs."""
    for item in ALL:
        if (item.platform_system, item.machine) == (platform.system(), platform.machine()):
            return item
    raise KeyError(f"{platform.system()} {platform.machine()}")


def pip_options(item: Platform, python: str) -> list[str]:
    """Return the options that make pip look for the wheels of a platform and a Python instead of its own."""
    abis = ("cp" + python.replace(".", ""), "abi3", "none")
    return [
        "--only-binary=:all:",
        "--implementation=cp",
        f"--python-version={python}",
        *(f"--abi={abi}" for abi in abis),
        *(f"--platform={tag}" for tag in item.tags),
    ]


def markers(item: Platform, python: str) -> dict[str, str]:
    """Return the environment that a requirement's marker is read in, there."""
    return {
        "sys_platform": item.sys_platform,
        "platform_system": item.platform_system,
        "platform_machine": item.machine,
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "nt" if item.sys_platform == "win32" else "posix",
        "extra": "",
    }

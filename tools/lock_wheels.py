# SPDX-License-Identifier: GPL-3.0-or-later
"""Write tools/wheels.lock.toml from tools/wheels.txt: `python tools/lock_wheels.py`.

Asks pip (which asks PyPI) which wheel of each listed package every platform and Python takes, without downloading it,
and writes the files' names and SHA-256 with what each package requires. A package without a wheel for CPython 3.11 or
3.13 somewhere means that there is no zip for that platform; the lock names it. Nothing else is looked up or guessed:
the list is what ships.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from wheel_platforms import ALL, PYTHONS, PYTHONS_TOO, Platform, pip_options

HERE = Path(__file__).resolve().parent
LIST = HERE / "wheels.txt"
LOCK = HERE / "wheels.lock.toml"
HEAD = """# SPDX-License-Identifier: GPL-3.0-or-later
# Made by tools/lock_wheels.py from tools/wheels.txt. Do not edit.
"""


def listed(text: str) -> list[str]:
    """Return the requirements of a list, without its comments."""
    return [line.split("#")[0].strip() for line in text.splitlines() if line.split("#")[0].strip()]


def digest(text: str) -> str:
    """Return what tells one list from another, whatever its comments say."""
    return hashlib.sha256("\n".join(listed(text)).encode()).hexdigest()


def plain_pip() -> dict[str, str]:
    """Return an environment in which pip asks PyPI alone, whatever this machine's settings."""
    kept = {name: value for name, value in os.environ.items() if not re.match("PIP_(?!CERT|PROXY)", name)}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def ask(item: Platform, python: str, requirements: list[str]) -> tuple[list[dict], list[str]]:
    """Return pip's account of each requirement's wheel, and the requirements that have none there."""
    found, missing = [], []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
        command += [*pip_options(item, python), "--target", folder, "--report", f"{folder}/report.json"]
        # All at once is one start of pip; one by one only where that fails, to name what is missing.
        for group in [requirements], [[one] for one in requirements]:
            found, missing = [], []
            for some in group:
                done = subprocess.run([*command, *some], capture_output=True, text=True, env=plain_pip())
                if done.returncode == 0:
                    found += json.loads(Path(folder, "report.json").read_text(encoding="utf-8"))["install"]
                elif "No matching distribution" in done.stderr:
                    missing += some
                else:
                    raise SystemExit(f"lock: pip failed for {item.name}, Python {python}:\n{done.stderr}")
            if not missing:
                break
    return found, missing


def quoted(texts: list[str]) -> str:
    """Return texts as a TOML list on one line."""
    return f"[{', '.join(json.dumps(text) for text in texts)}]"


def lock(text: str) -> str:
    """Return the lock file for a list."""
    requirements = listed(text)
    packages: dict[str, dict] = {}
    absent: dict[str, list[str]] = {}
    for item in ALL:
        for python in (*PYTHONS, *PYTHONS_TOO):
            found, missing = ask(item, python, requirements)
            if missing:
                absent[f"{item.name} {python}"] = missing
                print(f"{item.name}, Python {python}: no wheel of {', '.join(missing)}", file=sys.stderr)
                continue
            for entry in found:
                metadata, info = entry["metadata"], entry["download_info"]
                name = re.sub(r"[-_.]+", "-", metadata["name"]).lower()
                package = packages.setdefault(name, {"version": metadata["version"], "requires": [], "wheels": {}})
                needs = [need for need in metadata.get("requires_dist", []) if not re.search(r"\bextra\b", need)]
                # Wheels of one version may word the same need differently.
                package["requires"] = sorted({*package["requires"], *needs})
                wheel = (info["url"].rsplit("/", 1)[1], info["archive_info"]["hashes"]["sha256"])
                package["wheels"].setdefault(wheel, []).append(f"{item.name} {python}")
    lines = [
        HEAD,
        f"list = {json.dumps(digest(text))}",
        "",
        "# Where there is no zip, and for want of what.",
        "[absent]",
    ]
    lines += [f"{json.dumps(where)} = {quoted(what)}" for where, what in absent.items()]
    for name, package in sorted(packages.items()):
        lines += ["", "[[package]]", f"name = {json.dumps(name)}", f"version = {json.dumps(package['version'])}"]
        lines += ["requires = [", *(f"  {json.dumps(need)}," for need in package["requires"]), "]"]
        for (file, sha256), where in package["wheels"].items():
            lines += ["", "[[package.wheel]]", f"file = {json.dumps(file)}", f"sha256 = {json.dumps(sha256)}"]
            lines += ["for = [", *(f"  {json.dumps(one)}," for one in where), "]"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the lock file."""
    LOCK.write_text(lock(LIST.read_text(encoding="utf-8")), encoding="utf-8")
    print(LOCK)


if __name__ == "__main__":
    main()

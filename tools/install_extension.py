# SPDX-License-Identifier: GPL-3.0-or-later
"""Install the built zip into a Blender: `python tools/install_extension.py [ZIP]`.

The Blender is $BLENDER, else `blender` on PATH; the zip is this machine's in `dist/`. The extension is enabled.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from restage.worker.binary import BlenderNotFound, program
from wheel_platforms import this_one

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Install; return 0, or 1 after a sentence on what is missing."""
    parser = argparse.ArgumentParser(description="Install the Restage extension into Blender.")
    parser.add_argument("zip", nargs="?", type=Path, help="the zip (default: this machine's newest in dist/)")
    parser.add_argument("--blender", default=os.environ.get("BLENDER"), metavar="PATH")
    options = parser.parse_args()
    mine = this_one().name.replace("-", "_")
    zips = sorted((ROOT / "dist").glob(f"restage-*-{mine}.zip"), key=lambda path: path.stat().st_mtime)
    package = options.zip or (zips[-1] if zips else None)
    if package is None:
        print("install: no zip in dist/; build it first with `make build`.", file=sys.stderr)
        return 1
    try:
        blender = program(options.blender or "blender").path
    except BlenderNotFound as error:
        print(
            f"install: {error} Or choose Edit > Preferences > Get Extensions > Install from Disk in such a Blender and "
            f"take {package}.",
            file=sys.stderr,
        )
        return 1
    done = subprocess.run(
        [blender, "--background", "--command", "extension", "install-file", "-r", "user_default", "-e", str(package)]
    )
    if done.returncode == 0:
        print(f"Installed {package.name} into {blender}: press N in a 3D viewport and choose the tab Restage.")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

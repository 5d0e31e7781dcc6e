# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip in a Blender that is a program, Debian's 4.3.2: from disk and from a repository of our own, to its removal.

Needs root and `RESTAGE_UI_CHROOT` (or three minutes and 2 GB the first time). Run with `make test-ui`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from window import ROOT, build, provision

INSIDE = "/tmp/restage-install"
OWN_WORDS = re.compile(
    r"Blender (\d|quit)|could not get a list of mounted|STATUS |PROGRESS |Repository|Removed repo|\[Errno 2\]|"
    r"Info: Preferences saved|Writing userprefs|$"
)
"""What Blender says by itself: its version, what it does, and that this machine has no /etc/mtab."""
DISABLE = """
import bpy
bpy.ops.preferences.addon_disable(module="bl_ext.{repo}.restage")
assert not hasattr(bpy.types.Scene, "restage")
bpy.ops.wm.save_userpref()
"""


class Installed:
    """A Blender in the chroot with a user folder of its own."""

    def __init__(self, chroot: Path, package: Path) -> None:
        self.chroot, self.folder = chroot, chroot / INSIDE.lstrip("/")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.user = self.folder / "user"
        self.user.mkdir(parents=True)
        shutil.copy(package, self.folder / "restage.zip")
        shutil.copy(ROOT / "examples" / "shapes.png", self.folder)

    def blender(self, *arguments: str) -> str:
        """Run Blender without a window; return what it said beyond its own words."""
        clean = ["env", "-i", "PATH=/usr/bin:/bin", "LANG=C.UTF-8", f"HOME={INSIDE}/user"]
        command = [
            "chroot",
            str(self.chroot),
            *clean,
            f"BLENDER_USER_RESOURCES={INSIDE}/user",
            "blender",
            "--background",
        ]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=300)
        said = f"{done.stdout}{done.stderr}"
        assert done.returncode == 0, said[-3000:]
        assert "Traceback" not in said and not re.search(r"\bwarning\b", said, re.IGNORECASE), said[-3000:]
        return "\n".join(line for line in said.splitlines() if not OWN_WORDS.match(line))

    def run(self) -> Path:
        """Do the offline job with the installed command; return the folder it wrote."""
        self.blender("--command", "restage", f"{INSIDE}/shapes.png", "-o", f"{INSIDE}/run", "--resolution", "64",
                     "--samples", "2")  # fmt: skip
        return self.folder / "run"

    def left(self) -> list[str]:
        """Return the files in the user folder that are not Blender's own books."""
        own = re.compile(
            r"extensions/(\.cache|[^/]+/\.blender_ext)/|extensions/\.local/.*__pycache__/|config/|\.cache/"
        )
        names = (path.relative_to(self.user).as_posix() for path in self.user.rglob("*") if path.is_file())
        return sorted(name for name in names if not own.match(name))


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a chroot")
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture
def installed(package):
    made = Installed(provision(), package)
    yield made
    shutil.rmtree(made.folder)


def test_from_disk_to_a_scene_to_nothing(installed):
    assert installed.blender("--command", "extension", "install-file", "-r", "user_default", "-e",
                             f"{INSIDE}/restage.zip") == ""  # fmt: skip
    run = installed.run()
    for name in ("scene.blend", "scene.py", "render.png", "report.html"):
        assert (run / name).stat().st_size > 500
    assert installed.blender("--python-exit-code", "1", "--python-expr", DISABLE.format(repo="user_default")) == ""
    assert installed.blender("--command", "extension", "remove", "restage") == ""
    assert installed.left() == []
    assert list(installed.user.rglob("*restage*")) == []
    # Nor does the next start miss anything.
    assert installed.blender("--python-expr", "import bpy") == ""


def test_from_a_repository_that_a_studio_hosts(installed, package):
    folder = installed.folder / "repository"
    folder.mkdir()
    shutil.copy(package, folder)
    installed.blender("--command", "extension", "server-generate", "--repo-dir", f"{INSIDE}/repository")
    url = f"file://{INSIDE}/repository/index.json"
    assert installed.blender("--command", "extension", "repo-add", "--name", "Studio", "--url", url, "studio") == ""
    # Blender would ask extensions.blender.org as well, which tests don't.
    assert installed.blender("--command", "extension", "repo-remove", "blender_org") == ""
    installed.blender("--online-mode", "--command", "extension", "sync")
    installed.blender("--online-mode", "--command", "extension", "install", "-e", "restage")
    assert (installed.user / "extensions" / "studio" / "restage" / "cli.py").exists()
    assert "PSNR" in (installed.run() / "report.html").read_text(encoding="utf-8")

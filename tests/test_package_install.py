# SPDX-License-Identifier: GPL-3.0-or-later
"""`make install` into Blenders of several ages; they are stood in for by a program that says its version."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")


def install(root, folder, version):
    """Install into a stand-in; return how that ended, and what the stand-in was asked."""
    blender, asked = folder / "blender", folder / "asked"
    blender.write_text(f"#!/bin/sh\necho \"$@\" >> '{asked}'\necho 'Blender {version}'\n")
    blender.chmod(0o755)
    zipped = folder / "restage-0-linux_x64.zip"
    zipped.write_bytes(b"")
    line = [sys.executable, str(root / "tools" / "install_extension.py"), str(zipped), "--blender", str(blender)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return done, asked.read_text().splitlines()


@pytest.mark.parametrize("version", ["3.4.1", "4.1.1"])
def test_a_blender_that_is_too_old_is_not_installed_into(root, tmp_path, version):
    done, asked = install(root, tmp_path, version)
    assert done.returncode == 1 and asked == ["--version"]
    assert f"is Blender {version}, too old" in done.stderr and "Install from Disk" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("version", ["4.2.0", "5.2.3 LTS"])
def test_the_others_are(root, tmp_path, version):
    done, asked = install(root, tmp_path, version)
    assert done.returncode == 0 and "Installed restage-0-linux_x64.zip into" in done.stdout
    assert len(asked) == 2 and "extension install-file" in asked[1]


def test_what_is_no_program_is_said(root, tmp_path):
    line = [sys.executable, str(root / "tools" / "install_extension.py"), "a.zip", "--blender", "/nowhere/blender"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1 and "/nowhere/blender is not a program" in done.stderr
    assert len(done.stderr.splitlines()) == 1

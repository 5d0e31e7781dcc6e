# SPDX-License-Identifier: GPL-3.0-or-later
"""`./restage check`: what one script does, said in words, as JSON and by the exit code."""

from __future__ import annotations

import io
import json
import sys

import pytest
from restage import cli

pytestmark = pytest.mark.bpy

CASES = {
    "ok": ("import bpy\nbpy.ops.mesh.primitive_cube_add()\nprint('made\\x1b[31m')\n", (), 0, ""),
    "refused": ("import bpy\n\nimport os\nos.remove('x')\n", (), 3, "import os"),
    "error": ("x = 1\nraise ValueError('no')\n", (), 1, "ValueError: no"),
    "killed": ("while True: pass\n", ("--no-guard",), 5, "loop without end"),
    "crashed": ("import ctypes\nctypes.string_at(8)\n", ("--no-guard",), 6, "Blender crashed"),
    "over-budget": ("import bpy\nfor i in range(400):\n    bpy.data.meshes.new('M')\n", (), 4, "limit 300"),
}


@pytest.mark.parametrize("outcome", CASES)
def test_every_outcome(tmp_path, capsys, outcome):
    text, options, code, reason = CASES[outcome]
    script = tmp_path / "script.py"
    script.write_text(text)
    assert cli.main(["check", str(script), "--json", *options]) == code
    found = json.loads(capsys.readouterr().out)
    assert found["outcome"] == outcome and reason in found["reason"]
    assert found["line"] == {"refused": 3, "error": 2}.get(outcome, 0)
    assert found["guard"] == (not options)
    assert any("seccomp" in part for part in found["confinement"])
    if outcome == "ok":
        assert found["objects"] == [{"name": "Cube", "type": "MESH", "vertices": 8}]
    assert found["seconds"] > 0
    assert list(tmp_path.iterdir()) == [script]


def test_in_words(tmp_path, capsys):
    script = tmp_path / "a script.py"
    script.write_text(CASES["ok"][0])
    assert cli.main(["check", str(script)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"ok: {script}\nmade 1 objects:\n  Cube (mesh, 8 vertices)\n")
    assert "made\\x1b[31m" in said, "a script's output must not steer the terminal"


def test_from_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"import socket\nsocket.socket()\n")))
    assert cli.main(["check", "-"]) == 3
    assert capsys.readouterr().out.startswith("refused: -, line 1: import socket")


def test_what_is_no_script(tmp_path, capsys):
    binary = tmp_path / "picture.py"
    binary.write_bytes(b"\x89PNG\xff\xfe")
    for name in (str(tmp_path / "none.py"), str(tmp_path), "/dev/zero", str(binary)):
        assert cli.main(["check", name]) == 2
        assert capsys.readouterr().err.startswith("restage: ")

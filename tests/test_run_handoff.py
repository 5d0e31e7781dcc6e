# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole run by hand-off through the command, its recording played again byte for byte, and the key nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from answering import Answerer, fenced
from restage.agent import conversation

KEY = "sk-planted-0123456789abcdef0123456789abcdef"
SMALL = ("--resolution", 96, "--samples", 2)


def command(root, *arguments):
    env = {**os.environ, "RESTAGE_PYTHON": sys.executable, "OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
    env.pop("BLENDER", None)
    return subprocess.run(
        [str(root / "restage"), *map(str, arguments)], capture_output=True, text=True, env=env, check=False, timeout=300
    )


@pytest.fixture
def answered():
    """Start answerers; all of them stop at the end."""
    started = []

    def start(folder, special=None):
        started.append(Answerer(folder / "handoff", special))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.done.set()
        one.join(5)


def test_a_run_by_hand_and_its_replay(root, table_picture, tmp_path, answered):
    special = {
        "verifier_geometry_r1_1": fenced(
            json.dumps(
                {"looks": [{"view": "above", "shading": "clay", "why": "depth"}], "approve": False, "items": []}
            ),
            "json",
        ),
        "verifier_materials_r1_1": "I like it very much.",
        "generator_lighting_r1_1": "It needs a sun. ```python\nimport bpy\n",
    }
    person = answered(tmp_path / "run", special)
    done = command(root, table_picture, "-o", tmp_path / "run", "--agent", "handoff", "--no-solve", *SMALL)
    assert done.returncode == 0, done.stderr + done.stdout
    names = [name.partition("_")[2] for name in person.asked]
    assert names[0] == "brief_1" and "generator_geometry_r1_1" in names and "verifier_geometry_r1_2" in names
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["status"] == "done" and record["agent"] == "handoff" and record["input_tokens"] > 1000
    assert [stage["status"] for stage in record["stages"]] == ["accepted"] * 5
    assert record["settings"]["generator"]["provider"] == "handoff"
    exchanges = conversation.load(tmp_path / "run")
    assert len(exchanges) == len(person.asked) and all(exchange.reply for exchange in exchanges)
    report = (tmp_path / "run" / "report.html").read_text()
    assert "I like it very much." in report

    again = command(root, "-o", tmp_path / "again", "--agent", "replay", "--recording", tmp_path / "run")
    assert again.returncode == 0, again.stderr
    assert "diverge" not in again.stderr.lower()
    for path in sorted((tmp_path / "run" / "stages").iterdir()):
        assert (tmp_path / "again" / "stages" / path.name).read_bytes() == path.read_bytes()
    assert (tmp_path / "again" / "scene.py").read_bytes() == (tmp_path / "run" / "scene.py").read_bytes()

    for folder in (tmp_path / "run", tmp_path / "again"):
        written = [path for path in folder.rglob("*") if path.is_file()]
        assert len(written) > 30
        assert not [path for path in written if KEY.encode() in path.read_bytes()]
    assert KEY not in done.stdout + done.stderr + again.stdout + again.stderr


def test_one_shot_asks_once(root, table_picture, tmp_path, answered):
    from scripted import COMPOSITION, GEOMETRY, LIGHTING, MATERIALS, SETUP

    whole = "\n".join([SETUP, GEOMETRY, MATERIALS, COMPOSITION, LIGHTING])
    person = answered(tmp_path / "run", {"generator_program": fenced(whole, "python")})
    done = command(root, table_picture, "-o", tmp_path / "run", "--agent", "handoff", "--one-shot", *SMALL)
    assert done.returncode == 0, done.stderr
    assert [name.partition("_")[2] for name in person.asked] == ["generator_program_r1_1"]
    assert (tmp_path / "run" / "scene.blend").exists()


def test_options_that_do_not_fit_exit_2_with_one_sentence(root, table_picture, tmp_path):
    for options, word in (
        (["--agent", "replay"], "--recording"),
        (["--agent", "compatible"], "--base-url"),
        (["--agent", "replay", "--recording", tmp_path / "nowhere"], "nowhere"),
        (["--one-shot"], "offline"),
    ):
        done = command(root, table_picture, "-o", tmp_path / "run", *options)
        assert done.returncode == 2 and word in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1 and not (tmp_path / "run").exists()

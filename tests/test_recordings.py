# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded runs of a real vision-language model, played again through the command, the loop and real workers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from restage.agent import conversation
from restage.agent.record import RunFolder

FOLDER = Path(__file__).parent / "data" / "recordings"
RECORDINGS = sorted(path.parent.name for path in FOLDER.glob("*/run.json"))
NEAR_DB = 0.3
"""Processors differ in the last bit of a render, and so may the noise of two runs."""


def test_there_is_a_whole_run_and_one_call_of_each_picture():
    pictures = {name.removesuffix("_staged") for name in RECORDINGS if name.endswith("_staged")}
    assert len(pictures) >= 3 and {f"{name}_one" for name in pictures} <= set(RECORDINGS)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recorded_run_is_the_same_run_again(name, tmp_path, root):
    recording, again = FOLDER / name, tmp_path / name
    line = [str(root / "restage"), "-o", str(again), "--agent", "replay", "--recording", str(recording)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    then = json.loads((recording / "run.json").read_text(encoding="utf-8"))
    now = RunFolder.open(again).record
    assert now.status == "done"
    for stage in then["stages"]:
        assert now.stage(stage["name"]).accepted == stage["accepted"], stage["name"]
    for script in sorted((recording / "stages").iterdir()):
        assert (again / "stages" / script.name).read_bytes() == script.read_bytes(), script.name
    assert now.final.psnr == pytest.approx(then["final"]["psnr"], abs=NEAR_DB)
    for exchange in conversation.load(again):
        assert exchange.reply is not None
    replies = [{item.reply.text for item in conversation.load(folder) if item.reply} for folder in (again, recording)]
    assert replies[0] <= replies[1], "byte for byte what was recorded"

# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C in the command while it computes or waits: exit 130, no traceback, and a folder that can be taken up."""

from __future__ import annotations

import pytest
from interrupts import interrupted, restage
from restage.agent.record import RunFolder


@pytest.fixture
def ball(tmp_path):
    import cv2
    import numpy as np

    canvas = np.full((96, 128, 3), 240, np.uint8)
    cv2.circle(canvas, (64, 50), 30, (40, 60, 180), cv2.FILLED)
    path = tmp_path / "ball.png"
    cv2.imwrite(str(path), canvas)
    return path


def test_ctrl_c_while_a_picture_is_segmented(root, tmp_path):
    folder = tmp_path / "run"
    running = restage(root, root / "examples" / "coffee.jpg", "-o", folder, "--resolution", "64")
    code, said, _ = interrupted(running, "looking at the picture")
    assert code == 130 and f"--resume {folder}" in said and "Traceback" not in said
    assert RunFolder.open(folder).record.status == "cancelled"
    assert not (folder / "brief.json").exists()


def test_ctrl_c_while_numbers_are_solved(root, ball, tmp_path):
    folder = tmp_path / "run"
    begun = restage(root, ball, "-o", folder, "--resolution", "64", "--samples", "2", "--no-solve")
    _, said = begun.communicate()
    assert begun.returncode == 0, said
    code, said, _ = interrupted(restage(root, "--solve", folder), "solving")
    assert code == 130 and f"--resume {folder}" in said and "Traceback" not in said
    assert RunFolder.open(folder).record.status == "cancelled"


def test_ctrl_c_while_a_reply_is_waited_for(root, ball, tmp_path):
    folder = tmp_path / "run"
    running = restage(root, ball, "-o", folder, "--agent", "handoff", "--yes")
    code, said, _ = interrupted(running, "looking at the picture", 1.0)
    assert code == 130 and f"--resume {folder}" in said and "Traceback" not in said
    assert list((folder / "handoff").iterdir()), "the request is still there to be answered"

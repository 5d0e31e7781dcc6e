# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the architecture is of this code."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import draw_architecture  # noqa: E402


def test_the_picture_is_up_to_date():
    assert draw_architecture.PICTURE.read_text(encoding="utf-8") == draw_architecture.draw(), "run `make docs`"


def test_what_the_design_promises_is_what_the_picture_shows():
    rooms, arrows = draw_architecture.survey()
    assert not [room for room in ("agent", "client", "shared", "command") if rooms[room].blender]
    assert all(rooms[room].blender for room in ("operators", "panels", "scene", "worker"))
    assert {target for source, target in arrows if source in ("agent", "scene")} == {"shared"}
    assert {target for source, target in arrows if source == "worker"} == {"shared"}
    assert rooms["worker"].packages == {"numpy"}
    assert {source for source, target in arrows if target == "worker"} == set(), "the second Blender is only talked to"


def test_a_module_without_a_room_is_an_error():
    with pytest.raises(ValueError, match="novelty"):
        draw_architecture.room_of("novelty", set(), set())
    assert draw_architecture.room_of("cli_more", set(), set()) == "command"


def test_an_import_of_ours_is_found_however_it_is_written():
    known = {
        "agent/run": "from . import parts\nfrom .offline.agent import make\nfrom ..worker.protocol import Job\n",
        "agent/parts": "",
        "agent/offline/agent": "",
        "worker/protocol": "from restage.worker import png\n",
        "worker/png": "import numpy\n",
    }
    edges = draw_architecture.graph(known)
    assert edges["agent/run"] == {"agent/parts", "agent/offline/agent", "worker/protocol"}
    assert edges["worker/protocol"] == {"worker/png"}


def test_the_picture_is_well_formed():
    picture = ElementTree.fromstring(draw_architecture.PICTURE.read_text(encoding="utf-8"))
    boxes = [node for node in picture.iter() if node.tag.endswith("rect") and node.get("class")]
    assert len(boxes) == len(draw_architecture.ROOMS)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody at the other end of a hand-off: answers every request folder from prepared texts, by whose turn it is."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from restage.agent.providers import handoff
from scripted import COMPOSITION, GEOMETRY, LIGHTING, MATERIALS, SETUP

BRIEF = {
    "caption": "A red box and a blue ball",
    "objects": [
        {"name": "Box", "box": [20, 40, 45, 70], "shape": "cube", "colour": "#962828", "dimensions_m": [0.3, 0.3, 0.3]},
        {"name": "Ball", "box": [55, 38, 80, 72], "shape": "ball", "colour": "#285a96"},
    ],
    "camera": {"horizontal_fov_degrees": 40, "pitch_down_degrees": 25, "height_m": 1.2, "horizon_percent": -20},
    "backdrop": "floor",
    "backdrop_colour": "#969696",
    "light": "soft",
    "style": "drawing",
    "ignore": [],
    "confidence": 0.8,
    "reasons": ["a test"],
}
TEXTS = {"setup": SETUP, "geometry": GEOMETRY, "materials": MATERIALS, "composition": COMPOSITION, "lighting": LIGHTING}


def fenced(text: str, kind: str) -> str:
    return f"As asked.\n\n```{kind}\n{text}\n```\n"


class Answerer(threading.Thread):
    """Answers until it is stopped; `asked` holds the names of the folders answered, in order."""

    def __init__(self, folder: Path, special: dict[str, str] | None = None) -> None:
        super().__init__(daemon=True)
        self.folder, self.special = folder, special or {}
        self.asked: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            pending = handoff.pending(self.folder) if self.folder.is_dir() else None
            if pending is None or pending.name in self.asked:
                time.sleep(0.05)
                continue
            self.asked.append(pending.name)
            handoff.answer(pending, self.answer(pending.name.partition("_")[2]))

    def answer(self, turn: str) -> str:
        for part, text in self.special.items():
            if turn.startswith(part):
                return text
        role, _, rest = turn.partition("_")
        if role == "brief":
            return fenced(json.dumps(BRIEF if turn == "brief_1" else {"boxes": [], "missing": [], "wrong": []}), "json")
        if role == "select":
            return fenced(json.dumps({"better": "A", "why": "nearer"}), "json")
        if role == "verifier":
            return fenced(json.dumps({"looks": [], "approve": True, "items": [], "summary": "near enough"}), "json")
        return fenced(TEXTS[rest.partition("_")[0]], "python")

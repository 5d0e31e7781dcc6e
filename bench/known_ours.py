# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own renders of known scenes whose published picture has something no script can say: a light that is not
published, materials of another kind. Of ours everything is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from restage.agent import parts
from restage.agent.stages import BY_NAME
from restage.agent.views import load_views
from restage.bench import known_scripts
from restage.bench.known_scenes import Known
from restage.worker.pool import WorkerPool
from restage.worker.protocol import Job, StageScript, ViewRequest

SAMPLES = 96


def ours(known: Known, pool: WorkerPool, folder: Path) -> Known:
    """Return the scene with our own render of its true scripts for a picture, and that render's exact masks. Raises
    RuntimeError when the scripts do not run."""
    *before, last = (StageScript(stage, text) for stage, text in known_scripts.scripts(known.scene).items())
    longest = max(known.scene.frame)
    views = ViewRequest(measure_px=longest, beauty_px=longest, beauty_samples=SAMPLES)
    with pool.open() as worker:
        result = worker.run(Job(tuple(before), last, tuple(BY_NAME[last.stage].may_change), views))
        if result.status != "ok":
            raise RuntimeError(f"{known.item.key}: {result.message}")
        seen = load_views(worker, result)
    names = [thing.name for thing in known.scene.things]
    parts.merge(seen, names)
    assert seen.beauty is not None and seen.ids is not None
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "picture.png"), np.round(seen.beauty[..., ::-1] * 255).astype(np.uint8))
    number = {name: key for key, name in seen.id_names.items()}
    masks = {name: seen.ids == number[name] for name in names if name in number}
    item = replace(known.item, id=f"{known.item.id}_ours", folder=folder, files={"image": "picture.png"})
    return Known(item, replace(known.scene, light_known=True), masks)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks that are no better than a box: the picture's own colours say where a thing is."""

from __future__ import annotations

from dataclasses import replace

import cv2
import known
import numpy as np
import pytest
import solving
from restage.agent import masks as picture_masks
from restage.agent import solve
from restage.agent.brief import Brief, BriefObject
from restage.agent.picture import load
from restage.agent.solving.evenness import Evenness


def disc(middle, radius=30):
    rows, columns = np.mgrid[:120, :160]
    return np.hypot(columns - middle[0], rows - middle[1]) < radius


def picture_of_a_disc():
    """A shaded blue disc on a grey ground that gets darker downwards."""
    shown = np.full((120, 160, 3), 0.6, np.float32) * np.linspace(1.0, 0.8, 120, dtype=np.float32)[:, None, None]
    shade = np.linspace(0.7, 1.2, 160, dtype=np.float32)[None, :, None]
    return np.where(disc((80, 60))[..., None], np.float32((0.1, 0.25, 0.6)) * shade, shown).astype(np.float32)


@pytest.mark.parametrize("off", [(70, 60, 30), (80, 66, 30), (80, 60, 24), (80, 60, 36), (95, 50, 30)])
def test_colours_are_most_even_where_the_thing_is(off):
    box = np.zeros((120, 160), bool)
    box[28:94, 48:114] = True
    even = Evenness(picture_of_a_disc(), {"A": box, "B": ~box}, {"A"}, (160, 120))
    assert even.names == {"A"}

    def of(seen):
        return even.of("A", np.where(seen, 3, -1).astype(np.int32), 3)

    right = of(disc((80, 60)))
    assert right > 0.8 and right > of(disc(off[:2], off[2])) + 0.02
    assert of(np.zeros((120, 160), bool)) == 0.0


def boxed(mask):
    """The box of a mask, as one reads it off by eye: a percent too wide."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = np.zeros_like(mask)
    box[max(0, rows[0] - 3) : rows[-1] + 4, max(0, columns[0] - 3) : columns[-1] + 4] = True
    return box


@pytest.mark.bpy
def test_a_thing_whose_mask_is_a_box_is_put_where_its_colours_are(binary):
    """Told that the mask is doubtful the solver finds the cone; believing in the box it makes it too large."""
    from restage.worker.pool import Limits, WorkerPool

    with WorkerPool(binary, Limits()) as pool, pool.open() as worker:
        picture, masks = solving.picture_of(worker)
        given = {**masks, "Cone": boxed(masks["Cone"]) & ~masks["Can"] & ~masks["Ball"] & ~masks["Box"]}
        bad = known.GEOMETRY.replace(
            "radius1=0.45, depth=1.1, location=(0.5, 1.2, 0.55)", "radius1=0.55, depth=1.2, location=(0.8, 1.5, 0.6)"
        )
        context, attempt = solving.attempt_at(worker, picture, given, "geometry", bad)
        told = replace(context, doubtful=frozenset({"Cone"}))
        found = {}
        for name, one in (("told", told), ("not told", context)):
            text = solve.solve_stage(one, attempt, worker, budget_s=240) or bad
            views, _, _ = solving.render(worker, "geometry", text, pixels=0, measured=320)
            (key,) = [key for key, thing in views.id_names.items() if thing == "Cone"]
            seen = views.ids == key
            found[name] = (seen & masks["Cone"]).sum() / (seen | masks["Cone"]).sum()
    assert found["told"] > 0.8 and found["told"] > found["not told"] + 0.2, found


def test_masks_that_say_nothing_are_called_doubtful(tmp_path):
    shown = np.round(picture_of_a_disc() * 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "disc.png"), shown[..., ::-1])
    cv2.imwrite(str(tmp_path / "plain.png"), np.full((120, 160, 3), 130, np.uint8))
    brief = Brief(objects=[BriefObject(name="A", box=(0.3, 0.24, 0.7, 0.77))])
    assert picture_masks.doubtful_of(load(tmp_path / "disc.png"), brief) == frozenset()
    assert picture_masks.doubtful_of(load(tmp_path / "plain.png"), brief) == {"A"}

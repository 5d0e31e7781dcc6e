# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures that compare an attempt with the picture."""

from __future__ import annotations

import numpy as np
import pytest
from folders import begun, tried
from PIL import Image
from restage.agent import compare_pictures
from restage.agent.record import RecordError


@pytest.fixture
def folder(tmp_path):
    made = begun(tmp_path / "run")
    tried(made, "setup")
    return made


def attempt(folder):
    return folder.attempt_path("setup", 1)


def test_the_picture_itself(folder):
    rgba = compare_pictures.make(folder.path, "", 0, "picture")
    assert rgba.shape == (60, 80, 4) and np.all(rgba == (150, 150, 150, 255))
    (folder.path / "picture.png").unlink()
    with pytest.raises(RecordError, match="can't be read"):
        compare_pictures.make(folder.path, "", 0, "picture")


def test_heat_is_nothing_where_nothing_differs_and_hot_where_it_does(folder):
    render = np.full((60, 80, 3), 150, np.uint8)
    render[:, 40:] = 255
    Image.fromarray(render).save(attempt(folder) / "beauty.png")
    heat = compare_pictures.make(folder.path, "setup", 1, "heat")
    assert heat[:, :39, 3].max() == 0 and heat[:, 42:, 3].min() > 200
    (attempt(folder) / "beauty.png").unlink()
    with pytest.raises(RecordError, match="no render in colour"):
        compare_pictures.make(folder.path, "setup", 1, "heat")


def test_outlines_go_around_each_thing(folder):
    with pytest.raises(RecordError, match="has no outlines"):
        compare_pictures.make(folder.path, "setup", 1, "outlines")
    ids = np.zeros((30, 40), np.int32)
    ids[10:20, 10:20] = 7
    np.savez(attempt(folder) / "views.npz", ids=ids, id_keys=np.array([7]), id_values=np.array(["Box"]))
    drawn = compare_pictures.make(folder.path, "setup", 1, "outlines")
    changed = np.any(drawn[..., :3] != 150, axis=-1)
    assert changed[20, 20:38].all() and not changed[30, 30] and not changed[5, 5]

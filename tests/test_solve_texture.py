# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of a picture come back on surfaces that were flat; what is flat, or only lit otherwise, gets none."""

from __future__ import annotations

from dataclasses import replace

import known
import numpy as np
import patterned
import pytest
from restage.agent import params, polish
from restage.agent.solving import pattern_text
from restage.agent.solving.patterns import Pattern

BOX = ("Box", ("Box",))
CHECKER = Pattern(
    "Floor", ("Floor",), "checker", ((0.9, 0.2, 0.0), (-0.2, 0.9, 0.0)), (0.3, 0.1), 40.0, (0.15,) * 3, (1.8,) * 3
)
STRIPES = Pattern(*BOX, "stripes", ((0.4, 0.3, 5.0),), (0.2,), 20.0, (0.2, 0.3, 0.4), (1.4, 2.0, 3.0))
GRADIENT = Pattern(*BOX, "gradient", ((0.2, 0.0, 1.1),), (0.5,), 0.5, (0.2, 0.6, 6.0), (1.3, 1.0, 0.5))
WOOD = Pattern(*BOX, "grain", ((1.5, 22.0, 22.0),), dark=(0.5,) * 3, light=(1.5,) * 3)


def found(worker, *patterns):
    made = patterned.solved(worker, patterned.picture(worker, patterns))
    assert made is not None and made.after < made.before
    return {pattern.thing: pattern for pattern in made.patterns}


def same_wave(wave, other, within):
    """Whether two waves are one: the other way round it is the same."""
    wave, other = np.array(wave), np.array(other)
    return min(np.linalg.norm(wave - other), np.linalg.norm(wave + other)) < within * np.linalg.norm(other)


def test_a_checker_comes_back(worker):
    pattern = found(worker, CHECKER)["Floor"]
    assert pattern.kind == "checker" and pattern.sharpness >= 5
    for wave in CHECKER.waves:
        assert any(same_wave(each, wave, 0.02) for each in pattern.waves)
    # Twelve times as light; what is mirrored makes dark squares look lighter.
    assert 6 < np.mean(pattern.light) / np.mean(pattern.dark) < 13


def test_stripes_come_back(worker):
    pattern = found(worker, STRIPES)["Box"]
    assert pattern.kind == "stripes" and same_wave(pattern.waves[0], STRIPES.waves[0], 0.04)
    tint = np.array(pattern.light) / np.array(pattern.dark)
    assert (tint > 3).all() and (tint < 8).all()


def test_a_gradient_of_hue_comes_back(worker):
    pattern = found(worker, GRADIENT)["Box"]
    assert pattern.kind == "gradient" and pattern.waves[0][2] == pytest.approx(1.1, rel=0.25)
    assert pattern.light[0] > pattern.dark[0] and pattern.light[2] < pattern.dark[2] / 3


def test_wood_is_drawn_out_along_its_grain(worker):
    pattern = found(worker, WOOD)["Box"]
    assert pattern.kind == "grain"
    along, *across = pattern.waves[0]
    assert along < min(across) / 2


def test_what_is_flat_stays_flat(worker):
    assert patterned.solved(worker, patterned.picture(worker)) is None


@pytest.mark.parametrize("change", [("-3.0, -3.0, 4.5", "3.5, -2.0, 4.0"), ('key.power": 420.0', 'key.power": 150.0')])
def test_wrong_light_is_no_pattern(worker, change):
    lit = {**known.TEXTS, "lighting": known.LIGHTING.replace(*change)}
    assert lit["lighting"] != known.LIGHTING
    assert patterned.solved(worker, patterned.picture(worker, texts=lit)) is None


def test_a_second_solve_writes_its_patterns_in_place_of_the_first(worker):
    seen = patterned.picture(worker, [CHECKER])
    off = replace(CHECKER, waves=((0.85, 0.2, 0.0), (-0.2, 0.85, 0.0)), light=(1.3,) * 3)
    again = patterned.solved(worker, seen, patterned.program(patterns=[off]))
    text = next(script.text for script in again.program if script.stage == "materials")
    assert text.count(pattern_text.BEGINS) == 1
    rows = params.read(text)["Floor.checker.rows"]
    assert any(same_wave(rows, wave, 0.02) for wave in CHECKER.waves)


def test_polish_ends_with_patterns_beside_the_numbers_it_solved(worker):
    """Colours that were off are found too; the numbers' places in the text are those without the block."""
    picture, masks = patterned.picture(worker, [CHECKER])
    bad = known.MATERIALS.replace("(0.05, 0.20, 0.55, 1.0)", "(0.09, 0.12, 0.30, 1.0)")
    scripts = patterned.program({**known.TEXTS, "materials": bad})
    made = polish.polish(picture, masks, scripts, worker, budget_s=40.0, texture_s=240.0)
    assert made is not None and "patterns" in [what for what, _, _ in made.trace]
    text = made.scripts["materials"]
    assert params.read(text)["ball.colour"][2] == pytest.approx(0.55, rel=0.15)
    assert pattern_text.has(text) and "Floor.checker.rows" in params.read(text)

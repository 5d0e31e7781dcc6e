# SPDX-License-Identifier: GPL-3.0-or-later
"""What many numbers do, from a few runs with all of them turned."""

from __future__ import annotations

from threading import Event

import known
import numpy as np
import pytest
from restage.agent import script_numbers
from restage.agent.solving import coded, knobs, lamps
from restage.agent.solving.probe import Probe
from restage.agent.views import PortLooker
from restage.worker.protocol import LightBasisRequest, StageScript


def test_things_that_follow_a_few_numbers_are_told():
    rng = np.random.default_rng(2)
    does = np.zeros((60, 50))
    for thing in range(50):
        numbers = rng.choice(60, 1 + thing % 3, replace=False)
        does[numbers, thing] = rng.choice([-2.0, 0.5, 1.0], len(numbers))
    does[:, 7] = 0.0
    turned = np.log1p(coded.codes(60, 0.1))
    found, told = coded.read(turned, turned @ does, 1e-6)
    of_three = (does != 0).sum(axis=0) == 3
    assert told[~of_three].all() and told[of_three].mean() > 0.7
    assert found[:, told] == pytest.approx(does[:, told], abs=1e-6)


def test_a_thing_that_follows_many_numbers_is_not_told():
    does = np.zeros((60, 2))
    does[:12, 0], does[3, 1] = 1.0, 1.0
    turned = coded.codes(60, 0.1)
    found, told = coded.read(turned, turned @ does, 1e-6)
    assert told.tolist() == [False, True]
    assert found[3, 1] == pytest.approx(1.0) and not found[:, 0].any()


def test_all_turned_at_once_say_what_each_alone_does(worker):
    before = tuple(StageScript(stage, known.TEXTS[stage]) for stage in ("setup", "geometry"))
    probe = Probe(worker, before, "materials", Event())
    numbers = [number for number in script_numbers.find(known.MATERIALS) if number.value > 0]
    assert len(numbers) >= coded.FEWEST
    names = [f"{name} surface" for name in ("Floor", *known.THINGS)]
    began = probe.runs
    first, together, whole = knobs._together(probe, known.MATERIALS, (), names, numbers)
    fewer = probe.runs - began
    again, alone, _ = knobs._one_by_one(probe, known.MATERIALS, (), names, numbers)
    assert whole and fewer < probe.runs - began - fewer
    assert np.array(together) == pytest.approx(np.array(alone), abs=1e-3)
    assert first.numbers.keys() == again.numbers.keys()


def test_a_script_whose_numbers_cannot_all_be_turned_is_looked_at_one_by_one(worker):
    before = tuple(StageScript(stage, known.TEXTS[stage]) for stage in ("setup", "geometry"))
    text = known.MATERIALS + '\nassert PARAMS["box.colour"][3] == 1.0\n'
    probe = Probe(worker, before, "materials", Event())
    names = [f"{name} surface" for name in ("Floor", *known.THINGS)]
    found, made = knobs.find(probe, text, (), names)
    assert made.ok and len(found.numbers) >= 15


def test_of_many_numbers_those_that_move_lamps_are_told(worker):
    before = tuple(StageScript(stage, known.TEXTS[stage]) for stage in ("setup", "geometry", "materials"))
    probe = Probe(worker, before, "lighting", Event())
    numbers = script_numbers.find(known.LIGHTING)
    assert len(numbers) >= coded.FEWEST
    short = lamps._shortlist(probe, known.LIGHTING, ["Key", "Fill", knobs.WORLD], numbers)
    told = [(numbers[place].owner, numbers[place].hint) for place in short]
    assert told.count(("lamp", "location")) == told.count(("other", "location")) == 3
    assert ("key", "size") in told
    assert not {"power", "colour", "energy", "Strength"} & {hint for _, hint in told}


def test_a_script_without_plain_colours_has_no_knobs(worker):
    before = tuple(StageScript(stage, known.TEXTS[stage]) for stage in ("setup", "geometry"))
    found, made = knobs.find(Probe(worker, before, "materials", Event()), known.MATERIALS, (), ())
    assert made.ok and not found.numbers and found.effect.shape == (0, 0, 3)


def test_a_bare_sun_is_told_from_a_lamp(worker):
    before = tuple(StageScript(stage, known.TEXTS[stage]) for stage in ("setup", "geometry", "materials"))
    text = known.LIGHTING.replace('"AREA")', '"SUN")').replace("key.size = 1.5", "key.angle = 0.0")
    probe = Probe(worker, before, "lighting", Event())
    made = probe.run([text])[0]
    assert made.ok and made.numbers["place/Key"][7] > 0 and made.numbers["place/Fill"][7] == 0
    lit = (looker := PortLooker(worker, Event())).light_basis(request := LightBasisRequest(pixels=24, samples=2))
    moves = lamps.find(probe, text, lit.names, looker, lit.pictures, request, np.zeros(3))
    told = [(move.number.owner, move.number.hint) for move in moves]
    assert ("lamp", "location") not in told, "where a sun is does not matter"
    assert ("lamp", "rotation_euler") in told and ("other", "location") in told

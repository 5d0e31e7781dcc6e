# SPDX-License-Identifier: GPL-3.0-or-later
"""Confidence learns from the result."""

from __future__ import annotations

from restage.agent.certainty import after


def test_a_good_result_keeps_confidence_and_reasons():
    assert after(0.9, ["Plain backdrop."], {"Cup": 1.0, "Jug": 1.0}) == (0.9, ["Plain backdrop."])


def test_an_object_that_is_not_there_halves_it_and_is_named():
    reasons = ["Plain backdrop."]
    confidence, told = after(0.96, reasons, {"Yellow Object": 0.996, "Yellow Object 2": 0.0})
    assert confidence == 0.478
    assert told[:1] == reasons and len(told) == 2 and told[1].startswith("Yellow Object 2 covers its place")
    assert reasons == ["Plain backdrop."], "what was handed in is left as it was"


def test_several_are_named_in_one_sentence_the_worst_first():
    _, two = after(1.0, [], {"Cup": 0.4, "Jug": 0.1, "Pan": 0.5})
    assert two == ["Jug and Cup cover their places in the picture badly, or not at all."]
    _, many = after(1.0, [], dict.fromkeys("ABCDE", 0.0))
    assert many == ["A, B, C and 2 more cover their places in the picture badly, or not at all."]


def test_bounds_and_no_objects():
    assert after(0.12345, [], {}) == (0.123, [])
    assert after(1.7, [], {"Cup": 1.2}) == (1.0, [])

# SPDX-License-Identifier: GPL-3.0-or-later
"""From a script whose numbers were turned where they stand to one that says so in PARAMS."""

from __future__ import annotations

from collections.abc import Mapping

from .. import lift, paintings_text, script_numbers
from ..script_numbers import Number


def write_back(script: str, turned: str, owners: Mapping[int, str]) -> str:
    """Return `script` with the numbers and the paintings of `turned`, the same text with others: numbers in PARAMS in
    place, literals lifted there. `owners` says by place in the text whose a number is. Raises ValueError when more
    differs."""
    if painted := paintings_text.read(turned):
        script = paintings_text.put(script, painted)
    before, after = script_numbers.find(script), script_numbers.find(turned)
    if [(n.param, n.hint, n.place) for n in before] != [(n.param, n.hint, n.place) for n in after]:
        raise ValueError("the two scripts differ in more than numbers")
    changes = {old: new.value for old, new in zip(before, after, strict=True) if old.value != new.value}
    index = {number: place for place, number in enumerate(before)}

    def whose(number: Number) -> str:
        return owners.get(index[number], number.owner)

    return lift.write(script, changes, whose)


def significant(value: float, digits: int = 4) -> float:
    """Round to a number of significant digits."""
    return float(f"{value:.{digits}g}")

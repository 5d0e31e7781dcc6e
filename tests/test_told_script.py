# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts as models are told them."""

from __future__ import annotations

from restage.agent.prompting import fenced
from restage.agent.told_script import told

ROWS = "".join(f'        "{chr(65 + i % 26) * 40}",\n' for i in range(30))
SCRIPT = f"""import bpy

PAINTINGS = {{
    "Cup": [
{ROWS}    ],
}}
NAMES = [
    "a name of some length 1",
    "a name of some length 2",
    "a name of some length 3",
]
"""


def test_a_painting_is_told_by_its_first_rows():
    text = told(SCRIPT)
    assert text.count("A" * 40) == 1 and text.count("B" * 40) == 1 and "C" * 40 not in text
    assert "        # 28 more rows" in text
    assert "a name of some length 3" in text


def test_a_script_without_data_is_told_as_it_stands():
    plain = SCRIPT.replace(ROWS, "")
    assert told(plain) == fenced(plain, "python")
    assert told("x = 1") == fenced("x = 1", "python")

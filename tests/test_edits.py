# SPDX-License-Identifier: GPL-3.0-or-later
"""Search/replace edits: all or nothing, found exactly or but for white space, never guessed."""

from __future__ import annotations

import random

import pytest
from restage.agent import edits
from restage.agent.edits import Edit, EditError

SCRIPT = """import bpy

PARAMS = {
    "a": 1.0,  # m
    "b": 2.0,
}

def f(x):
    y = x + 1
    return y

def g(x):
    y = x + 1
    return 2 * y
"""


def block(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n"


def test_edits_are_found_in_prose_and_in_fences():
    text = (
        "Bigger:\n" + block('    "a": 1.0,  # m', '    "a": 1.5,  # m') + "and\n```python\n" + block("x", "") + "```\n"
    )
    assert edits.find(text) == [Edit('    "a": 1.0,  # m', '    "a": 1.5,  # m'), Edit("x", "")]
    assert edits.find("no edits, only a == b and <<< here") == []


@pytest.mark.parametrize("text", ["<<<<<<< SEARCH\na\n", "<<<<<<< SEARCH\na\n=======\nb\n", "<<<<<<< SEARCH\na\n" * 2])
def test_an_edit_that_is_cut_is_an_error_and_no_edit(text):
    with pytest.raises(EditError, match="not finished"):
        edits.find(text)


def test_random_edits_do_what_replacing_lines_does():
    """For scripts of distinct lines every edit that quotes some of them does exactly what slicing does."""
    draw = random.Random(5)
    for _ in range(300):
        lines = [" " * (4 * draw.randrange(3)) + f"line_{n} = {draw.random():.4f}" for n in range(draw.randint(3, 20))]
        at = draw.randrange(len(lines))
        end = draw.randint(at + 1, len(lines))
        indent = len(lines[at]) - len(lines[at].lstrip())
        new = [" " * indent + f"new_{n} = 0" for n in range(draw.randrange(4))]
        wanted = lines[:at] + new + lines[end:]
        exact = Edit("\n".join(lines[at:end]), "\n".join(new))
        assert edits.apply("\n".join(lines), [exact]) == "\n".join(wanted)
        # The same edit, quoted with other white space and without the indent, changes the same lines.
        loose_lines = [line.strip().replace(" = ", "=") for line in lines[at:end]]
        loose = Edit("\n".join(loose_lines), "\n".join(line.strip() for line in new))
        assert edits.apply("\n".join(lines), [loose]) == "\n".join(wanted)


def test_found_blocks_survive_the_way_through_a_reply():
    draw = random.Random(9)
    for _ in range(100):
        made = [
            Edit("\n".join(f"s{draw.random()}" for _ in range(draw.randint(1, 4))),
                 "\n".join(f"  r{draw.random()}" for _ in range(draw.randint(1, 4))))
            for _ in range(draw.randint(1, 5))
        ]  # fmt: skip
        text = "\n\nthen:\n".join(block(edit.search, edit.replace) for edit in made)
        assert edits.find(text) == made


def test_two_places_or_none_are_errors_that_say_where():
    with pytest.raises(EditError, match=r"Edit 1 of 1 fits 2 places \(lines 9, 13\)"):
        edits.apply(SCRIPT, [Edit("    y = x + 1", "    y = x")])
    with pytest.raises(EditError, match="fits 2 places"):
        edits.apply(SCRIPT, [Edit("y=x+1", "y=x")])
    with pytest.raises(EditError, match=r"(?s)fits nowhere.*return 2 \* y"):
        edits.apply(SCRIPT, [Edit("    return 3 * y", "")])
    with pytest.raises(EditError, match="empty"):
        edits.apply(SCRIPT, [Edit("  \n", "x")])


def test_all_or_nothing_and_one_after_the_other():
    good = Edit('    "b": 2.0,', '    "b": 3.0,')
    with pytest.raises(EditError, match="Edit 2 of 2"):
        edits.apply(SCRIPT, [good, Edit("nowhere", "x")])
    chained = edits.apply(SCRIPT, [good, Edit('    "b": 3.0,', '    "b": 4.0,\n    "c": 5.0,')])
    assert '"b": 4.0,\n    "c": 5.0,' in chained and '"b": 3.0' not in chained


def test_an_empty_replacement_takes_the_lines_away():
    assert edits.apply("a\nb\nc\n", [Edit("b", "")]) == "a\nc\n"


def test_a_replacement_takes_the_indent_of_what_it_replaces():
    got = edits.apply(SCRIPT, [Edit("def g(x):\n  y = x + 1", "def g(x):\n    if x:\n        y = x")])
    assert "def g(x):\n    if x:\n        y = x\n    return 2 * y" in got

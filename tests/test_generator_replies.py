# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts out of replies as models really write them."""

from __future__ import annotations

import pytest
from restage.agent import reply_script
from restage.agent.reply_script import NoScript
from turns import EDIT, EDITED, SCRIPT, fenced


@pytest.mark.parametrize("language", ["python", "py", "", "Python3"])
def test_one_script_in_a_fence(language):
    found = reply_script.read(f"The cup is a cylinder.\n\n{fenced(language=language)}\n")
    assert found.script == SCRIPT and found.note == "The cup is a cylinder."


@pytest.mark.parametrize("wrap", [str, lambda t: f"```\n{t}\n```", lambda t: f"Wider.\n```diff\n{t}\n```\nDone."])
def test_edits_with_and_without_a_fence(wrap):
    assert reply_script.read(wrap(EDIT), SCRIPT).script == EDITED


def test_of_several_fences_the_whole_script_is_taken_and_that_is_said():
    text = f"Before:\n```python\nradius = 1\n```\nAll:\n{fenced()}\nOr in short:\n```\nimport math\n```"
    assert reply_script.read(text).script == SCRIPT
    twice = reply_script.read(f"{fenced(EDITED)}\nNo, better:\n{fenced()}")
    assert twice.script == SCRIPT and "last of 2 scripts" in twice.note


def test_edits_in_several_fences_count_as_one_answer():
    second = EDIT.replace("cup.radius", "book.height").replace("0.04", "0.03").replace("0.05", "0.02")
    found = reply_script.read(f"```\n{EDIT}\n```\nand\n```\n{second}\n```", SCRIPT)
    assert found.script == EDITED.replace("0.03", "0.02") and found.note.endswith("2 edits.")


def test_a_whole_script_beside_edits_that_do_not_fit_is_used():
    text = f"{EDIT.replace('0.04', '9.99')}\nThe whole:\n{fenced(EDITED)}"
    found = reply_script.read(text, SCRIPT)
    assert found.script == EDITED and "did not fit" in found.note


def test_a_script_without_a_fence_is_one_when_all_of_it_is_python():
    assert reply_script.read(SCRIPT).script == SCRIPT
    with pytest.raises(NoScript, match="only text"):
        reply_script.read("Here it is:\n" + SCRIPT)


def test_a_missing_last_fence_is_forgiven_only_when_nothing_was_cut():
    text = "```python\n" + SCRIPT
    assert reply_script.read(text).script == SCRIPT
    with pytest.raises(NoScript, match="middle of the script"):
        reply_script.read(text, cut=True)
    with pytest.raises(NoScript, match="middle of the script"):
        reply_script.read("```python\n" + SCRIPT + "\nfor item in (1,\n")


@pytest.mark.parametrize(
    ("text", "base", "why"),
    [
        ("", SCRIPT, "empty"),
        ("  \n", SCRIPT, "empty"),
        ("I would make the cup wider.", SCRIPT, "only text"),
        ("```python\nradius = 1\n```", SCRIPT, "None of the code blocks"),
        (EDIT, "", "no earlier script"),
        (EDIT.replace("0.04", "0.44"), SCRIPT, "(?s)fits nowhere.*No edit was applied"),
        (EDIT.rsplit("\n", 1)[0], SCRIPT, "not finished"),
    ],
)
def test_what_cannot_be_used_says_why(text, base, why):
    with pytest.raises(NoScript, match=why):
        reply_script.read(text, base)


def test_a_script_that_is_not_python_is_left_to_the_worker_to_refuse():
    broken = SCRIPT + "\nfor x in:\n"
    assert reply_script.read(fenced(broken)).script == broken


def test_fences_inside_a_longer_fence_stay_inside():
    script = SCRIPT.replace("Geometry: a cup on a book.", "Geometry.\n\n```\na sketch\n```\n")
    assert reply_script.read(f"````python\n{script}````").script == script

# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on isolation says of each figure when it was measured, and of what."""

from __future__ import annotations

import copy
import json

from restage.bench import isolation_page


def measured(root):
    return json.loads((root / "docs" / "bench" / "isolation.json").read_text(encoding="utf-8"))


def made(one, **changed):
    return {"made": {**one["made"], **changed}, "found": one["found"]}


def test_the_page_is_of_what_was_measured(root):
    assert (root / "docs" / "bench" / "isolation.md").read_text(encoding="utf-8") == isolation_page.page(measured(root))


def test_a_part_measured_alone_changes_the_date_of_no_other(root):
    every = measured(root)
    before = copy.deepcopy(every)
    kills = made(every["4.2.23"]["kills"], date="2027-01-01", commit="abcdef0", load=0.5)
    isolation_page.keep(every, "4.2.23", "bpy", {"kills": kills}, True)
    assert every == {**before, "4.2.23": {**before["4.2.23"], "kills": kills}}
    lines = isolation_page.page(every).splitlines()
    (line,) = [line for line in lines if "abcdef0" in line]
    assert line.startswith("  - kills: 2027-01-01, commit abcdef0") and "0.5 other processes" in line
    (rest,) = [line for line in lines if before["4.2.23"]["kills"]["made"]["commit"] in line]
    assert "kills" not in rest and "layers" in rest
    isolation_page.keep(every, "4.2.23", "bpy", {"kills": kills}, False)
    assert every["4.2.23"] == {"kind": "bpy", "kills": kills}, "measured whole, nothing older stays"


def test_where_the_main_thread_s_target_is_missed_is_said(root):
    every = {"5.2.3": measured(root)["5.2.3"]}
    found = {"few": {"first": 9.6, "in place of another": 99.0}, "many": {"first": 60.0, "in place of another": 150.2}}
    every["5.2.3"]["append"]["found"] = found
    said = isolation_page.page(every)
    assert "The target is 100 ms. Missed by: 5.2.3, many, in place of another: 150." in said
    assert "Not measured here yet" not in said
    found["many"]["in place of another"] = 60.0
    said = isolation_page.page(every)
    assert "The target is 100 ms." in said and "Missed" not in said
    del found["many"]["in place of another"]
    assert "Not measured here yet on 5.2.3: what it takes in place of another." in isolation_page.page(every)

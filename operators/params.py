# SPDX-License-Identifier: GPL-3.0-or-later
"""*Parameters*: the numbers of the script in focus as fields. A change is noticed by `watch`, runs the stage again and
rewrites the number in the text, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .. import panel_data, properties
from ..idnames import Op

_LONGEST = 80
_found: dict[str, list[Any]] = {}
"""The fields of the scripts shown last, by stage and attempt: what the artist's values are compared with."""


def fill(live: Any) -> None:
    """Show the parameters of the attempt that the card in focus is about; a field that is being turned is not touched
    where the script has the same parameters as before."""
    card = properties.card(live)
    number = properties.decided_attempt(live, card) if card else 0
    about = f"{live.cards_of}|{card.name} {number}" if card and number else ""
    if about and about == live.params_of:
        return
    live.params_of = about
    found = _read(live, card, number) if about else []
    _found.clear()
    _found[about] = found
    if [item.key for item in found] != [param.name for param in live.params] or any(
        item.kind != param.kind for item, param in zip(found, live.params, strict=True)
    ):
        live.params.clear()
        for _ in found:
            live.params.add()
    for param, item in zip(live.params, found, strict=True):
        param.name, param.kind, param.unit, param.told = item.key, item.kind, item.unit, item.told
        param.label = item.key.replace(".", " ").replace("_", " ")
        value = str(item.value)[:_LONGEST] if item.kind == "other" else item.value
        setattr(param, item.kind, value)


def changed(live: Any) -> dict[str, Any]:
    """Return what the artist has turned, by parameter, as the script would write it."""
    from ..agent import param_fields

    found = _found.get(live.params_of, [])
    if not found or len(found) != len(live.params):
        return {}
    values = {}
    for param, item in zip(live.params, found, strict=True):
        if item.kind == "other":
            continue
        now = getattr(param, item.kind)
        now = tuple(now) if hasattr(now, "__len__") and not isinstance(now, str) else now
        if param_fields.differs(item.value, now):
            values[item.key] = param_fields.like(item.value, now)
    return values


def reset(live: Any) -> None:
    """Show the script's own numbers again."""
    live.params_of = ""
    fill(live)


def _read(live: Any, card: Any, number: int) -> list[Any]:
    from ..agent import param_fields

    attempt = panel_data.attempt_of(card, number)
    try:
        script = (Path(live.cards_of) / attempt.folder / "script.py").read_text(encoding="utf-8") if attempt else ""
    except OSError:
        # The attempt's files are gone: there is nothing to turn, and the card says so when it is decided about.
        return []
    return param_fields.fields(script)


class RESTAGE_OT_reset_parameters(bpy.types.Operator):
    """Show the numbers of the script again, without running anything"""

    bl_idname = Op.RESET_PARAMS
    bl_label = "Reset Parameters"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Fill the fields anew."""
        reset(context.window_manager.restage)
        return {"FINISHED"}


CLASSES = (RESTAGE_OT_reset_parameters,)

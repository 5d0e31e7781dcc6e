# SPDX-License-Identifier: GPL-3.0-or-later
"""*Parameters*: the numbers of the script in focus as fields. A change is noticed by `watch`, runs the stage again and
rewrites the number in the text, nothing else.

The fields are the window manager's, so that turning one makes no undo step: the attempt that comes of it does.
"""

from __future__ import annotations

from math import degrees, radians
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import panel_data, properties

if TYPE_CHECKING:
    from ..agent.param_fields import Field

_LONGEST = 80
_found: list[Field] = []
"""The script's own fields: what the artist's values are compared with."""
_sent: dict[str, Any] = {}
"""What was sent to be run last; a field that differs from it when the result comes was turned meanwhile."""


def fill(live: Any) -> None:
    """Show the parameters of the attempt that the card in focus is about.

    Where the script has the same parameters as before the fields stay in their place, for one may be being turned.
    """
    card = properties.card(live)
    number = properties.decided_attempt(live, card) if card else 0
    about = f"{live.cards_of}|{card.name} {number}" if card and number else ""
    if about and about == live.params_of:
        return
    same_stage = about.rpartition(" ")[0] == live.params_of.rpartition(" ")[0]
    live.params_of = about
    _found[:] = _read(live, card, number) if about else []
    if [(item.key, item.kind) for item in _found] != [(param.name, param.kind) for param in live.params]:
        live.params.clear()
        for _ in _found:
            live.params.add()
        same_stage = False
    for param, item in zip(live.params, _found, strict=True):
        if same_stage and param.name in _sent and _differs(_sent[param.name], _value(param)):
            continue
        param.name, param.kind, param.unit, param.told = item.key, item.kind, item.unit, item.told
        param.label = item.key.replace(".", " ").replace("_", " ")
        setattr(param, item.kind, _shown(item))
    _sent.clear()


def changed(live: Any) -> dict[str, Any]:
    """Return what the artist has turned, by parameter, as the script would write it."""
    from ..agent import param_fields

    if not _found or len(_found) != len(live.params):
        return {}
    values = {}
    for param, item in zip(live.params, _found, strict=True):
        if item.kind != "other" and _differs(item.value, now := _value(param)):
            values[item.key] = param_fields.like(item.value, now)
    return values


def running() -> dict[str, Any]:
    """What was sent to be run last and has not come back."""
    return dict(_sent)


def sent(values: dict[str, Any]) -> None:
    """Remember what is being run."""
    _sent.clear()
    _sent.update(values)


def _shown(item: Field) -> Any:
    if item.kind == "degrees":
        return radians(item.value)
    return str(item.value)[:_LONGEST] if item.kind == "other" else item.value


def _value(param: Any) -> Any:
    value = getattr(param, param.kind)
    if param.kind == "degrees":
        return degrees(value)
    return value if isinstance(value, (str, int, float)) else tuple(value)


def _differs(old: Any, new: Any) -> bool:
    from ..agent import param_fields

    return param_fields.differs(old, new)


def _read(live: Any, card: Any, number: int) -> list[Field]:
    from ..agent import param_fields

    attempt = panel_data.attempt_of(card, number)
    try:
        script = (Path(live.cards_of) / attempt.folder / "script.py").read_text(encoding="utf-8") if attempt else ""
    except OSError:
        # The attempt's files are gone: there is nothing to turn, and the card says so when it is decided about.
        return []
    return param_fields.fields(script)

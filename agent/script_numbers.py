# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the numbers in a stage script that somebody could turn: those of `PARAMS`, and literals that are not there yet.

Which of them do anything, and what, only a run can tell; what is left out here is what can't be turned continuously:
counts, indices, exponents, faces of a mesh.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from . import paintings_text
from .offsets import line_starts, span

COUNTS = frozenset(
    {
        "segments",
        "ring_count",
        "vertices",
        "u_segments",
        "v_segments",
        "major_segments",
        "minor_segments",
        "subdivisions",
        "x_subdivisions",
        "y_subdivisions",
        "cuts",
        "levels",
        "render_levels",
        "count",
        "iterations",
        "resolution",
        "resolution_u",
        "resolution_v",
        "bevel_resolution",
        "steps",
        "render_steps",
        "seed",
        "frame",
        "samples",
        "index",
        "resolution_x",
        "resolution_y",
        "resolution_percentage",
        "detail",
        "start",
        "stop",
        "step",
        "digits",
        "ndigits",
    }
)
"""Arguments and attributes that count or choose."""
PAINTING = "painting"
"""The last part of a parameter's name that says what a painting is multiplied by; its texels are solved instead."""
PLAIN_CALLS = frozenset(
    {"range", "enumerate", "len", "round", "int", "seed", "Random", "default_rng", "zip", "from_pydata", "foreach_set"}
)
MOST_ROWS = 3
"""A longer list of number tuples is a mesh or a profile, not placement."""


@dataclass(frozen=True)
class Number:
    """One number in the text. Offsets are in its UTF-8 bytes."""

    start: int
    end: int
    value: float
    group: tuple[int, int]
    """Offsets of the tuple of numbers it belongs to, or its own."""
    place: int
    """Which of the group's numbers it is."""
    param: str = ""
    """The name in PARAMS; empty for a literal that is not there."""
    hint: str = ""
    """What it is called where it stands: an argument, an attribute, a key, a variable."""
    owner: str = ""
    """Whose it seems to be: a name in the same row or call, or a variable."""


def find(script: str) -> list[Number]:
    """Return the script's numbers in the order of the text. Raises SyntaxError when it does not parse."""
    return sorted(set(_Finder(script).found), key=lambda number: number.start)


class _Finder:
    def __init__(self, script: str) -> None:
        tree = ast.parse(script)
        self._starts = line_starts(script)
        self.found: list[Number] = []
        self._arguments = {
            node.name: [item.arg for item in (*node.args.posonlyargs, *node.args.args)]
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
        }
        params = params_node(tree)
        body = list(tree.body)
        if params is not None:
            for key, value in zip(params.keys, params.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and not key.value.endswith(PAINTING):
                    self._value(value, _Place(param=key.value, hint=key.value.rpartition(".")[2]))
            # What stands before PARAMS can't use it.
            last = params.end_lineno or 0
            body = [statement for statement in body if statement.lineno > last]
        for statement in body:
            self._statement(statement, _Place())

    def _statement(self, node: ast.stmt, at: _Place) -> None:
        if isinstance(node, (ast.FunctionDef, ast.For, ast.While, ast.If, ast.With, ast.Try)):
            if isinstance(node, ast.For):
                self._value(node.iter, at)
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.stmt):
                    self._statement(child, at)
            return
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id in paintings_text.NAMES:
                return
            if node.value is not None:
                self._value(node.value, replace(at, **_called(target)))
        elif isinstance(node, (ast.Expr, ast.Return)) and node.value is not None:
            self._value(node.value, at)

    def _value(self, node: ast.expr, at: _Place) -> None:
        if at.hint in COUNTS:
            return
        if (value := number(node)) is not None:
            self._add(node, value, at, span(node, self._starts), 0)
        elif isinstance(node, (ast.Tuple, ast.List)):
            self._sequence(node, at)
        elif isinstance(node, ast.Dict):
            for key, item in zip(node.keys, node.values, strict=True):
                name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else at.hint
                self._value(item, replace(at, hint=name, owner=at.hint or at.owner))
        elif isinstance(node, ast.Call):
            self._call(node, at)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            for side in (node.left, node.right):
                if not isinstance(side, ast.Constant) or isinstance(side.value, float):
                    self._value(side, at)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            for side in (node.left, node.right):
                if not isinstance(side, ast.Constant):
                    self._value(side, at)
        elif isinstance(node, ast.UnaryOp):
            self._value(node.operand, at)
        elif isinstance(node, ast.Starred):
            self._value(node.value, at)

    def _sequence(self, node: ast.Tuple | ast.List, at: _Place) -> None:
        values = [number(item) for item in node.elts]
        if node.elts and all(value is not None for value in values):
            # Short ones are a place, a size or a colour; a longer one is data.
            if len(values) <= 4 or at.param:
                for place, (item, value) in enumerate(zip(node.elts, values, strict=True)):
                    assert value is not None
                    self._add(item, value, at, span(node, self._starts), place)
            return
        rows = [item for item in node.elts if isinstance(item, (ast.Tuple, ast.List))]
        if len(rows) == len(node.elts) > MOST_ROWS and all(_all_numbers(row) for row in rows) and not at.param:
            return
        named = next((i.value for i in node.elts if isinstance(i, ast.Constant) and isinstance(i.value, str)), "")
        for item in node.elts:
            self._value(item, replace(at, owner=named or at.owner))

    def _call(self, node: ast.Call, at: _Place) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in PLAIN_CALLS:
            return
        named = next((a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)), "")
        arguments = self._arguments.get(name, [])
        # Vector((1, 2, 3)) and radians(30) say nothing of what they are; a function of the script's own does.
        at = replace(at, owner=named or at.owner)
        for index, item in enumerate(node.args):
            self._value(item, replace(at, hint=arguments[index]) if index < len(arguments) else at)
        for keyword in node.keywords:
            if keyword.arg:
                self._value(keyword.value, replace(at, hint=keyword.arg))

    def _add(self, node: ast.expr, value: float, at: _Place, group: tuple[int, int], place: int) -> None:
        start, end = span(node, self._starts)
        self.found.append(Number(start, end, value, group, place, at.param, at.hint, at.owner))


@dataclass(frozen=True)
class _Place:
    param: str = ""
    hint: str = ""
    owner: str = ""


def number(node: ast.expr) -> float | None:
    """Return the value of a number, a minus sign worked in; None for anything else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return float(node.value)
    return None


def params_node(tree: ast.Module) -> ast.Dict | None:
    """Return the dict that the script's PARAMS is given, None without one."""
    for statement in tree.body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        if any(isinstance(target, ast.Name) and target.id == "PARAMS" for target in targets):
            return value if isinstance(value, ast.Dict) else None
    return None


def _all_numbers(node: ast.Tuple | ast.List) -> bool:
    return all(number(item) is not None for item in node.elts)


def _called(target: ast.expr) -> dict[str, str]:
    """What an assignment's target is called, and whose it is."""
    names = list(_path(target))
    if names and names[-1] == "default_value":
        names.pop()
    return {"hint": names[-1] if names else "", "owner": names[0] if len(names) > 1 else ""}


def _path(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield from _path(node.value)
        yield node.attr
    elif isinstance(node, ast.Subscript):
        yield from _path(node.value)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            yield node.slice.value
    elif isinstance(node, ast.Call):
        yield from _path(node.func)
    elif isinstance(node, ast.Name):
        yield node.id

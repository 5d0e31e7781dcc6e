# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and turn the numbers of a stage script: its `PARAMS` literal, leaving the rest of the text as it was."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping
from typing import Any


class ParamsError(ValueError):
    """The script has no `PARAMS` literal, or not the parameter asked for."""


def read(script: str) -> dict[str, Any]:
    """Return the script's PARAMS; empty when it has none.

    Raises ParamsError when PARAMS is not a literal dict with string keys.
    """
    node = _find(script)
    if node is None:
        return {}
    try:
        value = ast.literal_eval(node)
    except ValueError as error:
        raise ParamsError(f"PARAMS is not a literal: {error}") from error
    if not all(isinstance(key, str) for key in value):
        raise ParamsError("PARAMS has a key that is not a string")
    return dict(value)


def comments(script: str) -> dict[str, str]:
    """Return the comment beside each parameter, where there is one on its line that is about nothing else.

    Raises ParamsError as `read`.
    """
    node = _find(script)
    if node is None:
        return {}
    items = _items(node)
    ends = [value.end_lineno for _, value in items]
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(script).readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise ParamsError(f"the script does not parse: {error}") from error
    at_end = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    return {
        key: at_end[line].lstrip("# ").strip()
        for (key, _), line in zip(items, ends, strict=True)
        if line in at_end and ends.count(line) == 1
    }


def rewrite(script: str, changes: Mapping[str, Any]) -> str:
    """Return the script with new values for some parameters; comments, order and layout stay.

    Floats are written with at most six significant digits. Raises ParamsError for a parameter the script does not have.
    """
    node = _find(script)
    places = {} if node is None else dict(_items(node))
    if missing := sorted(set(changes) - set(places)):
        raise ParamsError(f"the script has no parameter {', '.join(map(repr, missing))}")
    # ast counts columns in UTF-8 bytes, so the text is cut as bytes.
    lines = [line.encode() for line in script.splitlines(keepends=True)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = b"".join(lines)
    spans = sorted(
        ((starts[v.lineno - 1] + v.col_offset, _end(starts, v), name) for name, v in places.items() if name in changes),
        reverse=True,
    )
    for start, end, name in spans:
        data = data[:start] + literal(changes[name]).encode() + data[end:]
    return data.decode()


def literal(value: Any) -> str:
    """Return a short Python literal of a number, string, bool, or nested tuple, list or dict of them."""
    if isinstance(value, bool) or value is None or isinstance(value, (int, str)):
        return repr(value)
    if isinstance(value, float):
        text = f"{value:.6g}"
        return text if any(mark in text for mark in ".en") else text + ".0"
    if isinstance(value, tuple):
        inner = ", ".join(literal(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    raise ParamsError(f"{type(value).__name__} can't be a parameter")


def _find(script: str) -> ast.Dict | None:
    try:
        tree = ast.parse(script)
    except SyntaxError as error:
        raise ParamsError(f"the script does not parse: {error.msg} (line {error.lineno})") from error
    for statement in tree.body:
        target = None
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        if isinstance(target, ast.Name) and target.id == "PARAMS":
            value = statement.value  # type: ignore[attr-defined]
            if not isinstance(value, ast.Dict):
                raise ParamsError("PARAMS is not a dict literal")
            return value
    return None


def _items(node: ast.Dict) -> list[tuple[str, ast.expr]]:
    return [
        (key.value, value)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    ]


def _end(starts: list[int], node: ast.expr) -> int:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return starts[node.end_lineno - 1] + node.end_col_offset

# SPDX-License-Identifier: GPL-3.0-or-later
"""Write other numbers into a script: those of PARAMS in place, literals lifted there first under a telling name.

Nothing else of the text changes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Mapping, Sequence

from . import params, script_numbers
from .offsets import cut, line_starts, span
from .script_numbers import Number


def with_values(script: str, values: Mapping[Number, float]) -> str:
    """Return the script with other numbers where they stand; for trying them out."""
    return cut(script, [(n.start, n.end, params.literal(float(value))) for n, value in values.items()])


def write(script: str, values: Mapping[Number, float], whose: Callable[[Number], str] = lambda n: n.owner) -> str:
    """Return the script with other numbers for good. A literal that is not in PARAMS is lifted there with the tuple it
    stands in, named after `whose` it is and what it is called. Raises ValueError when the result would not parse."""
    if not values:
        return script
    tree = ast.parse(script)
    node = script_numbers.params_node(tree)
    taken = set()
    if node is not None:
        taken = {key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    cuts: list[tuple[int, int, str]] = []
    lifted: list[tuple[str, str]] = []
    groups: dict[tuple[int, int], dict[Number, float]] = {}
    for number, value in values.items():
        if number.param:
            cuts.append((number.start, number.end, params.literal(float(value))))
        else:
            groups.setdefault(number.group, {})[number] = value
    data = script.encode()
    for (start, end), inside in sorted(groups.items()):
        first = min(inside, key=lambda number: number.place)
        name = _name(whose(first), first.hint, taken)
        taken.add(name)
        text = cut(data[start:end].decode(), [_moved(n, v, start) for n, v in inside.items()])
        # Of `a, b = 1, 2` the tuple has no brackets of its own.
        bare = isinstance(ast.parse(text, mode="eval").body, ast.Tuple) and not text.startswith("(")
        lifted.append((name, f"({text})" if bare else text))
        cuts.append((start, end, f'PARAMS["{name}"]'))
    if lifted:
        cuts.append(_entries(script, tree, node, lifted))
    text = cut(script, cuts)
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise ValueError(f"the numbers could not be written into the script: {error.msg}") from error
    return text


def with_entries(script: str, entries: Sequence[tuple[str, str, str]]) -> str:
    """Return the script with more entries in PARAMS, before those it has: name, literal, and a comment where there is a
    line of its own for it."""
    tree = ast.parse(script)
    node = script_numbers.params_node(tree)
    inline = node is not None and node.end_lineno == node.lineno and bool(node.keys)
    texts = [
        f'"{name}": {text},' + (f"  # {comment}" if comment and not inline else "") for name, text, comment in entries
    ]
    return cut(script, [_inserted(script, tree, node, texts)])


def without_entries(script: str, names: Collection[str]) -> str:
    """Return the script without these entries of PARAMS; with a line of their own, without the line."""
    node = script_numbers.params_node(ast.parse(script))
    if node is None or not names:
        return script
    starts = line_starts(script)
    data = script.encode()
    cuts = []
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or key.value not in names:
            continue
        assert value.end_lineno is not None
        start, end = span(key, starts)[0], span(value, starts)[1]
        line, after = starts[key.lineno - 1], data[end : starts[value.end_lineno]]
        if not data[line:start].strip() and re.fullmatch(rb"\s*,?\s*(#.*)?\n", after):
            cuts.append((line, starts[value.end_lineno], ""))
        else:
            following = re.match(rb"\s*,? *", after)
            cuts.append((start, end + (following.end() if following else 0), ""))
    return cut(script, cuts)


def _moved(number: Number, value: float, by: int) -> tuple[int, int, str]:
    return number.start - by, number.end - by, params.literal(float(value))


def _name(owner: str, hint: str, taken: set[str]) -> str:
    parts = [re.sub(r"[^\w .-]", "", part).strip(" .") for part in (owner, hint)]
    name = ".".join(part for part in parts if part) or "value"
    if parts[0] and parts[0] == parts[1]:
        name = parts[0]
    unique, count = name, 2
    while unique in taken:
        unique, count = f"{name}.{count}", count + 1
    return unique


def _entries(
    script: str, tree: ast.Module, node: ast.Dict | None, lifted: list[tuple[str, str]]
) -> tuple[int, int, str]:
    """Where and what to insert so that PARAMS has the lifted values."""
    return _inserted(script, tree, node, [f'"{name}": {text},' for name, text in lifted])


def _inserted(script: str, tree: ast.Module, node: ast.Dict | None, entries: Sequence[str]) -> tuple[int, int, str]:
    starts = line_starts(script)
    if node is None:
        at = starts[_head(tree)]
        body = "".join(f"    {entry}\n" for entry in entries)
        return at, at, f"\nPARAMS = {{\n{body}}}\n"
    at = starts[node.lineno - 1] + node.col_offset + 1
    if node.end_lineno != node.lineno:
        return at, at, "".join(f"\n    {entry}" for entry in entries)
    if not node.keys:
        return at, at, "".join(f"\n    {entry}" for entry in entries) + "\n"
    return at, at, "".join(f"{entry} " for entry in entries)


def _head(tree: ast.Module) -> int:
    """Return how many lines the docstring and the imports at the top take."""
    last = 0
    for index, statement in enumerate(tree.body):
        docstring = index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not docstring and not isinstance(statement, (ast.Import, ast.ImportFrom)):
            break
        last = statement.end_lineno or last
    return last

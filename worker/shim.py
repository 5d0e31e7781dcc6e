# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a script written for another Blender to the running one, where the two differ by a name (anchors-security, 7).

The text itself is changed, and nothing of it but the names in question: lines, comments and layout stay, so that the
script the artist keeps runs in stock Blender. Standard library only.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from . import shim_tables as tables

Version = tuple[int, int]


@dataclass(frozen=True)
class Edit:
    """Replace the bytes from `start` to `end` of the script by `text`."""

    start: int
    end: int
    text: str
    line: int
    note: str


def adapt(text: str, version: Version) -> tuple[str, tuple[str, ...]]:
    """Return the script for Blender `version` and what was changed, in words; as it is when it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        # The guard or the compiler says what is wrong with it.
        return text, ()
    finder = _Finder(text, tree, version)
    try:
        finder.visit(tree)
    except RecursionError:
        return text, ()
    body, notes = text.encode("utf-8", "surrogatepass"), []
    for edit in reversed(_outermost(finder.edits)):
        body = body[: edit.start] + edit.text.encode() + body[edit.end :]
        notes.append(f"line {edit.line}: {edit.note}")
    return body.decode("utf-8", "surrogatepass"), tuple(dict.fromkeys(reversed(notes)))


def _outermost(edits: list[Edit]) -> list[Edit]:
    """Sort the edits, without those inside of what another one replaces."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda one: (one.start, -one.end)):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept


class _Finder(ast.NodeVisitor):
    def __init__(self, text: str, tree: ast.Module, version: Version) -> None:
        self.version = version
        self.edits: list[Edit] = []
        # Only what Python counts as line ends: a form feed does not end a line.
        lines = text.encode("utf-8", "surrogatepass").split(b"\n")
        self.starts = [0]
        for line in lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.body = text.encode("utf-8", "surrogatepass")
        constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        self.constants = {value for value in constants if isinstance(value, str)}
        makers = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and _makes_socket(n.func)]
        given = [n.value for call in makers for n in ast.walk(call) if isinstance(n, ast.Constant)]
        self.own_sockets = {value for value in given if isinstance(value, str)}
        """Names that the script gives to sockets of its own, among others."""

    # -- where things are

    def at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def span(self, node: Any) -> tuple[int, int]:
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def replace(self, node: Any, text: str, note: str) -> None:
        start, end = self.span(node)
        self.edits.append(Edit(start, end, text, node.lineno, note))

    def rename(self, node: ast.Attribute, name: str, note: str) -> None:
        """Change an attribute's name only: it ends where the attribute does."""
        end = self.span(node)[1]
        self.edits.append(Edit(end - len(node.attr), end, name, node.end_lineno or node.lineno, note))

    def quoted(self, node: ast.Constant, value: str, note: str) -> None:
        """Change what a plain string says, in the quotes it has."""
        start, end = self.span(node)
        old = self.body[start:end].decode()
        quote = old[-1]
        if old == f"{quote}{node.value}{quote}":
            self.edits.append(Edit(start, end, f"{quote}{value}{quote}", node.lineno, note))

    def left_out(self, node: ast.stmt, what: str) -> None:
        lines = (node.end_lineno or node.lineno) - node.lineno
        note = f"{what} is gone from Blender {tables.said(self.version)}, left out"
        self.replace(node, "pass" + "\n" * lines, note)

    # -- statements

    def visit_Assign(self, node: ast.Assign) -> None:
        if len(node.targets) == 1 and self._gone(node.targets[0]):
            self.left_out(node, f".{node.targets[0].attr}")  # type: ignore[attr-defined]
            return
        target = node.targets[0]
        if gone := self._gone_input(target):
            self.left_out(node, f"the input {gone!r}")
            return
        if isinstance(target, ast.Attribute) and isinstance(node.value, ast.Constant):
            self._setting(target.attr, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if self._gone(node.target):
            self.left_out(node, f".{node.target.attr}")  # type: ignore[union-attr]
            return
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and not _of_bpy_ops(call.func):
            since = tables.GONE_CALLS.get(call.func.attr)
            if since is not None and self.version >= since:
                self.left_out(node, f".{call.func.attr}()")
                return
        self.generic_visit(node)

    def _gone(self, target: ast.expr) -> bool:
        if not isinstance(target, ast.Attribute):
            return False
        since = tables.GONE_ATTRIBUTES.get(target.attr)
        if since is None and isinstance(target.value, ast.Attribute) and target.value.attr == "eevee":
            since = tables.GONE_EEVEE.get(target.attr)
        return since is not None and self.version >= since

    def _gone_input(self, target: ast.expr) -> str:
        """The name in `shader.inputs["Name"].default_value` when there is nothing like it any more."""
        item = target.value if isinstance(target, ast.Attribute) and target.attr == "default_value" else None
        if not isinstance(item, ast.Subscript) or _last(item.value) != "inputs":
            return ""
        key = item.slice.value if isinstance(item.slice, ast.Constant) else None
        return key if isinstance(key, str) and key in tables.GONE_INPUTS and key not in self.own_sockets else ""

    def _setting(self, name: str, value: ast.Constant) -> None:
        """A value given to an enum whose members differ."""
        if not isinstance(value.value, str):
            return
        new = tables.setting(name, value.value, self.version, self.constants)
        if new and new != value.value:
            self.quoted(value, new, f"{name} {value.value!r} is {new!r} in Blender {tables.said(self.version)}")

    # -- expressions

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            new = tables.anywhere(node.value, self.version)
            if new and new != node.value:
                self.quoted(node, new, f"{node.value!r} is {new!r} in Blender {tables.said(self.version)}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        new = tables.attribute(node.attr, self.version, self.constants)
        if new:
            self.rename(node, new, f".{node.attr} is .{new} in Blender {tables.said(self.version)}")
        elif node.attr == "fcurves" and _last(node.value).endswith("action") and self.version >= tables.LAYERED:
            self.rename(node, tables.CHANNELS, f".fcurves is .{tables.CHANNELS} in Blender {tables.said(self.version)}")
        elif node.attr == "link" and _chain(node.value)[-2:] == ["scene", "objects"]:
            self.replace(node, "bpy.context.collection.objects.link", "scene.objects.link is of Blender 2.7")
            return
        elif self._new_input(node):
            return
        self.generic_visit(node)

    def _new_input(self, node: ast.Attribute) -> bool:
        """`modifier.properties.inputs.Socket_1.value`, which came with 5.2."""
        inner = node.value
        if node.attr != "value" or not isinstance(inner, ast.Attribute) or not tables.SOCKET.fullmatch(inner.attr):
            return False
        if self.version >= tables.INPUTS or _chain(inner.value)[-2:] != ["properties", "inputs"]:
            return False
        modifier = inner.value.value.value  # type: ignore[attr-defined]
        note = f"modifier inputs are items before Blender {tables.said(tables.INPUTS)}"
        start, end = self.span(modifier)[1], self.span(node)[1]
        self.edits.append(Edit(start, end, f'["{inner.attr}"]', node.lineno, note))
        self.visit(modifier)
        return True

    def visit_Subscript(self, node: ast.Subscript) -> None:
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            if tables.SOCKET.fullmatch(key.value) and self.version >= tables.INPUTS:
                note = f"modifier inputs are attributes in Blender {tables.said(self.version)}"
                start, end = self.span(node.value)[1], self.span(node)[1]
                self.edits.append(Edit(start, end, f".properties.inputs.{key.value}.value", node.lineno, note))
                self.visit(node.value)
                return
            self._socket(_last(node.value), key)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if isinstance(node.left, ast.Constant) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            self._socket(_last(node.comparators[0]), node.left)
        self.generic_visit(node)

    def _socket(self, side: str, key: ast.Constant) -> None:
        if side not in ("inputs", "outputs") or not isinstance(key.value, str) or key.value in self.own_sockets:
            return
        new = tables.socket(side, key.value, self.version, self.constants)
        if new and new != key.value:
            self.quoted(key, new, f"the {side[:-1]} {key.value!r} is {new!r} in Blender {tables.said(self.version)}")

    def visit_Call(self, node: ast.Call) -> None:
        name = _called(node)
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Constant) and keyword.arg:
                self._setting(keyword.arg, keyword.value)
        if name == "get" and node.args and isinstance(node.args[0], ast.Constant):
            self._socket(_last(node.func.value), node.args[0])  # type: ignore[attr-defined]
        if self._new_socket(node):
            return
        if _of_bpy_ops(node.func) and name == "shade_smooth":
            self._auto_smooth(node)
        renamed = tables.KEYWORDS.get(name, {})
        for keyword in node.keywords:
            if keyword.arg in renamed:
                start = self.span(keyword)[0]
                note = f"the argument {keyword.arg} of {name} is now {renamed[keyword.arg]}"
                self.edits.append(Edit(start, start + len(keyword.arg), renamed[keyword.arg], keyword.lineno, note))
        self.generic_visit(node)

    def _auto_smooth(self, node: ast.Call) -> None:
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if "use_auto_smooth" not in given:
            return
        angle = given.get("auto_smooth_angle")
        source = ast.unparse(angle) if angle is not None else "0.523599"
        said = "shade_smooth(use_auto_smooth=True) is shade_smooth_by_angle"
        self.replace(node, f"bpy.ops.object.shade_smooth_by_angle(angle={source})", said)

    def _new_socket(self, node: ast.Call) -> bool:
        """`group.inputs.new("NodeSocketFloat", "Size")`, as before 4.0."""
        func = node.func
        if not (isinstance(func, ast.Attribute) and func.attr == "new" and isinstance(func.value, ast.Attribute)):
            return False
        side = {"inputs": "INPUT", "outputs": "OUTPUT"}.get(func.value.attr)
        kind = node.args[0] if node.args else None
        if side is None or len(node.args) != 2 or not isinstance(kind, ast.Constant):
            return False
        base = tables.base_socket(kind.value)
        if not base:
            return False
        group, name = ast.unparse(func.value.value), ast.unparse(node.args[1])
        text = f'{group}.interface.new_socket(name={name}, in_out="{side}", socket_type="{base}")'
        self.replace(node, text, "sockets of a node group are made by interface.new_socket since Blender 4.0")
        return True


def _called(node: ast.Call) -> str:
    return _last(node.func)


def _makes_socket(node: ast.expr) -> bool:
    return _chain(node)[-1:] == ["new_socket"] or _chain(node)[-2:] in (["inputs", "new"], ["outputs", "new"])


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _chain(node: ast.expr) -> list[str]:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*([node.id] if isinstance(node, ast.Name) else []), *parts[::-1]]


def _of_bpy_ops(node: ast.expr) -> bool:
    return _chain(node)[:2] == ["bpy", "ops"]

# SPDX-License-Identifier: GPL-3.0-or-later
"""A first walk over a script: the names it defines, imports and uses, before anything is judged."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

_PRIVATE = re.compile(r"_[A-Za-z0-9][A-Za-z0-9_]*(?<!_)")


@dataclass
class Survey:
    """What the script's names are."""

    defined: set[str] = field(default_factory=set)
    bound: frozenset[str] = frozenset()
    """Names given a meaning anywhere by anything but an import."""
    private: set[str] = field(default_factory=set)
    """Names like `_helper` that the script defines itself."""
    unused: set[str] = field(default_factory=set)
    """Imported names it never reads."""
    own: set[str] = field(default_factory=set)
    """Attributes of the script's own classes and named tuples."""


def survey(tree: ast.Module) -> Survey:
    """Return the survey of a parsed script."""
    found = Survey()
    imported: set[str] = set()
    used: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else found.defined).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.defined.add(node.name)
        elif isinstance(node, ast.arg):
            found.defined.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.defined.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            imported |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        if isinstance(node, ast.ClassDef):
            found.own |= _class_attributes(node)
        elif isinstance(node, ast.Call):
            found.own |= _named_tuple_fields(node)
    found.unused = imported - used
    found.bound = frozenset(found.defined)
    found.private = {name for name in found.defined if _PRIVATE.fullmatch(name)}
    return found


def _class_attributes(node: ast.ClassDef) -> set[str]:
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef):
            found.add(part.name)
        elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and _is_self(part.value):
            found.add(part.attr)
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            found.add(part.target.id)
        elif isinstance(part, ast.Assign):
            found |= {target.id for target in part.targets if isinstance(target, ast.Name)}
    return found


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _named_tuple_fields(node: ast.Call) -> set[str]:
    called = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
    if called != "namedtuple" or len(node.args) != 2:
        return set()
    fields = node.args[1]
    if isinstance(fields, ast.Constant) and isinstance(fields.value, str):
        return set(fields.value.replace(",", " ").split())
    if isinstance(fields, (ast.List, ast.Tuple)):
        return {e.value for e in fields.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)}
    return set()

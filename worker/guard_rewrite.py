# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's rewrite of a checked script: leave out what is ignored, route what needs a look at run time."""

from __future__ import annotations

import ast

from . import guard_names as names
from .guard_check import Checker, chain

_OPERATIONS: dict[type[ast.operator], str] = {ast.Pow: "_pow_", ast.Mult: "_mul_", ast.LShift: "_lsh_"}


def _call(name: str, arguments: list[ast.expr], keywords: list[ast.keyword] | None = None) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), arguments, keywords or [])


class Rewriter(ast.NodeTransformer):
    """Applied to a tree that the checker passed; the names it calls are in guard_runtime."""

    def __init__(self, checker: Checker) -> None:
        """Use what the checker learned."""
        self._checker = checker

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        """Drop modules that are not available (they are unused)."""
        node.names = [alias for alias in node.names if alias.name in names.MODULES]
        return node if node.names else ast.Pass()

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        """Drop modules that are not available, and `__future__`, whose flag compile() would look for at the top."""
        return node if node.module in names.MODULES and node.module != "__future__" else ast.Pass()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        """Keep that there is an annotation (dataclasses need it), not what it says."""
        node.target = self.visit(node.target)
        node.value = self.visit(node.value) if node.value else None
        node.annotation = ast.Constant("float")
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        """Strip annotations."""
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Strip the annotation."""
        node.annotation = None
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        """A bare except must not catch the end of the process."""
        self.generic_visit(node)
        if node.type is None:
            node.type = ast.Name("Exception", ast.Load())
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        """Leave out where a render would be saved."""
        if self._checker.ignored_assignment(node):
            return ast.copy_location(ast.Pass(), node)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """No-op ignored operators; look at what `.new` is asked to make."""
        if self._checker.ignored_operator(node):
            return ast.copy_location(_call("_noop_", []), node)
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "new":
            return ast.copy_location(_call("_new_", [node.func, *node.args], node.keywords), node)
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        """Look at the names of arguments that come out of a dictionary."""
        self.generic_visit(node)
        if node.arg is None:
            node.value = ast.copy_location(_call("_keys_", [node.value]), node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        """Do in place, after the same look, what can be made to fill the memory."""
        self.generic_visit(node)
        guard = _OPERATIONS.get(type(node.op))
        if guard is None:
            return node
        target, of = node.target, ast.Constant(guard)
        done: ast.stmt
        if isinstance(target, ast.Name):
            value = _call("_name_", [of, ast.Name(target.id, ast.Load()), node.value])
            done = ast.Assign([target], value)
        elif isinstance(target, ast.Attribute):
            done = ast.Expr(_call("_attribute_", [of, target.value, ast.Constant(target.attr), node.value]))
        else:
            # A slice can be written only between brackets: `_at_[key]` is the key itself.
            key = ast.Subscript(ast.Name("_at_", ast.Load()), target.slice, ast.Load())
            done = ast.Expr(_call("_item_", [of, target.value, key, node.value]))
        return ast.copy_location(done, node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """There is no window; the script's own attributes are looked at when it runs."""
        root, parts = chain(node)
        of_bpy = root is not None and self._checker.modules.get(root) == "bpy"
        if of_bpy and parts[:1] == ["context"] and len(parts) > 1 and parts[1] in names.WINDOW_CONTEXT:
            return ast.copy_location(ast.Name("_ui_", ast.Load()), node)
        self.generic_visit(node)
        own = node.attr in self._checker.found.own and root not in self._checker.modules
        if own and isinstance(node.ctx, ast.Load) and not names.attribute_allowed(node.attr):
            return ast.copy_location(_call("_own_", [node.value, ast.Constant(node.attr)]), node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Powers, products and shifts can be made to fill the memory."""
        self.generic_visit(node)
        guard = _OPERATIONS.get(type(node.op))
        return ast.copy_location(_call(guard, [node.left, node.right]), node) if guard else node

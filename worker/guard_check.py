# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's walk over a script: every node, name, attribute, import and call against the allow-lists."""

from __future__ import annotations

import ast
import re
import string
from typing import NoReturn

from . import guard_names as names
from .guard_survey import Survey

MAX_NODES = 20_000
MAX_DEPTH = 60
MAX_STRING = 4096
MAX_INTEGER = 10**9
MAX_NAME = 64

_NODE_NAMES = """
    Module Expr Assign AugAssign AnnAssign For While If FunctionDef Return Lambda Pass Break Continue
    Raise Assert Try ExceptHandler With withitem Import ImportFrom alias ClassDef Delete Global Nonlocal Name Attribute
    Subscript Slice Starred Constant Tuple List Dict Set ListComp SetComp DictComp GeneratorExp comprehension BinOp
    UnaryOp BoolOp Compare Call keyword IfExp JoinedStr FormattedValue NamedExpr arguments arg Yield Load Store Del
    Add Sub Mult Div FloorDiv Mod Pow MatMult LShift RShift BitOr BitXor BitAnd UAdd USub Not Invert And Or Eq NotEq
    Lt LtE Gt GtE Is IsNot In NotIn
"""
_NODES = tuple(getattr(ast, name) for name in _NODE_NAMES.split())
_OWN_ATTRIBUTE = re.compile(r"_?[A-Za-z0-9][A-Za-z0-9_]*")
_RESERVED = frozenset(
    ("_new_", "_pow_", "_mul_", "_lsh_", "_noop_", "_own_", "_ui_", "_keys_", "_name_", "_item_", "_attribute_", "_at_")
)
_MODULE_NAMES = ("bpy", "bmesh")


class Refused(Exception):
    """The guard refuses a script; `line` is 0 when it is about the whole."""

    def __init__(self, line: int, reason: str) -> None:
        """Keep the line and the reason, one sentence without a full stop."""
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line, self.reason = line, reason


def chain(node: ast.AST) -> tuple[str | None, list[str]]:
    """Return the name an attribute chain starts from (None when it is no plain name) and its attributes in order."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id if isinstance(node, ast.Name) else None), parts[::-1]


class Checker(ast.NodeVisitor):
    """Raises Refused at the first thing that is not allowed; `notes` says what the rewriter will leave out."""

    def __init__(self, found: Survey) -> None:
        """Start with what the first walk found."""
        self.found = found
        self.modules: dict[str, str] = {}
        """Local name: the module it stands for."""
        self.notes: list[str] = []
        self._count = self._depth = 0
        self._called = self._in_class = False
        self._kinds: set[int] = set()
        """Nodes that stand for a class in isinstance()."""

    def refuse(self, node: ast.AST, reason: str) -> NoReturn:
        """Raise Refused for the node's line."""
        raise Refused(getattr(node, "lineno", 0), reason)

    def visit(self, node: ast.AST) -> None:
        """Check one node and what is in it."""
        self._count += 1
        self._depth += 1
        if self._count > MAX_NODES:
            self.refuse(node, "the script is too long")
        if self._depth > MAX_DEPTH:
            self.refuse(node, "the script is nested too deep")
        if not isinstance(node, _NODES):
            self.refuse(node, f"{type(node).__name__} is not available to stage scripts")
        super().visit(node)
        self._depth -= 1

    # -- names and constants

    def _name(self, node: ast.AST, name: str) -> None:
        if not name.isascii() or len(name) > MAX_NAME:
            self.refuse(node, "names must be short and ASCII")
        if not name.startswith("_") or set(name) == {"_"} or name == "__name__":
            return
        if name not in self.found.private or name.startswith("__") or name in _RESERVED:
            self.refuse(node, f"the name {name!r} is not available")

    def visit_Name(self, node: ast.Name) -> None:
        """Known names only; modules only with a dot; no rebinding of what the guard relies on."""
        self._name(node, node.id)
        if isinstance(node.ctx, ast.Load):
            if node.id in self.modules:
                self.refuse(node, f"the module {node.id} may only be used as {node.id}.something")
            if node.id not in self.found.defined and node.id not in names.BUILTINS and node.id != "__name__":
                self.refuse(node, f"{node.id!r} is not available to stage scripts")
        elif node.id in self.modules or node.id in _MODULE_NAMES or node.id in names.BUILTINS - names.REBINDABLE:
            self.refuse(node, f"{node.id!r} must not be given another meaning")

    def visit_Constant(self, node: ast.Constant) -> None:
        """Bounded constants, and no names of nodes or modifiers that reach files."""
        value = node.value
        if isinstance(value, bytes):
            self.refuse(node, "bytes are not available")
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            self.refuse(node, f"the number is over {MAX_INTEGER}")
        if isinstance(value, str):
            if len(value) > MAX_STRING:
                self.refuse(node, f"the text is longer than {MAX_STRING} characters")
            if names.made_denied(value):
                self.refuse(node, f"{value} is not available")

    # -- attributes

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Attributes by allow-list; those of the script's own classes through a runtime check."""
        root, parts = chain(node)
        if root in self.modules:
            self._module_attribute(node, self.modules[root], parts)
            return
        if not names.attribute_allowed(node.attr):
            own = node.attr in self.found.own and _OWN_ATTRIBUTE.fullmatch(node.attr)
            if not own or node.attr in names.DENIED_ATTRIBUTES or node.attr in _RESERVED:
                self.refuse(node, f"the attribute .{node.attr} is not available to stage scripts")
            on_self = isinstance(node.value, ast.Name) and node.value.id == "self"
            if not isinstance(node.ctx, ast.Load) and not on_self:
                self.refuse(node, f"the attribute .{node.attr} may only be set on self")
        if node.attr == "new" and not self._called:
            self.refuse(node, ".new must be called directly")
        if node.attr == "pack" and not self._called:
            self.refuse(node, ".pack must be called directly")
        if node.attr == "format":
            self.refuse(node, ".format works only on a literal template")
        called, self._called = self._called, False
        self.visit(node.value)
        self._called = called

    def _module_attribute(self, node: ast.Attribute, module: str, parts: list[str]) -> None:
        at = 0
        while at < len(parts) and module in names.MODULES:
            part, allowed = parts[at], names.MODULES[module]
            listed = part not in names.DENIED_ATTRIBUTES if allowed is None else part in allowed
            if part.startswith("_") or not listed:
                self.refuse(node, f"{module}.{part} is not available to stage scripts")
            if module == "bpy":
                break
            module, at = f"{module}.{part}", at + 1
        if module == "bpy":
            self._blender_attribute(node, parts[at], parts[at + 1 :])
            return
        if not isinstance(node.ctx, ast.Load):
            self.refuse(node, "what a module holds must not be changed")
        self._each(node, parts[at:])

    def _blender_attribute(self, node: ast.Attribute, kind: str, rest: list[str]) -> None:
        if kind == "ops":
            self._operator(node, rest)
        elif kind == "types":
            if id(node) not in self._kinds or len(rest) != 1 or not isinstance(node.ctx, ast.Load):
                self.refuse(node, "bpy.types is available only inside isinstance()")
            if rest[0] in names.SUBCLASS_TYPES or rest[0].startswith("_"):
                self.refuse(node, f"bpy.types.{rest[0]} is not available")
        elif kind == "context" and rest and rest[0] in names.WINDOW_CONTEXT:
            if not isinstance(node.ctx, ast.Load) or not set(rest[1:]) <= names.WINDOW_ATTRIBUTES:
                self.refuse(node, f"bpy.context.{rest[0]} is not available to stage scripts")
        else:
            lists = {"context": names.CONTEXT, "data": names.DATA, "app": names.APP}[kind]
            if rest and rest[0] not in lists:
                self.refuse(node, f"bpy.{kind}.{rest[0]} is not available to stage scripts")
            if kind == "data" and len(rest) > 1 and rest[1] not in names.DATA_CALLS:
                self.refuse(node, f"bpy.data.{rest[0]}.{rest[1]} is not available to stage scripts")
            if kind == "app" and not rest:
                self.refuse(node, "bpy.app must be used with a dot")
            if "new" in rest and not self._called:
                self.refuse(node, ".new must be called directly")
            self._each(node, rest[1:])

    def _operator(self, node: ast.Attribute, rest: list[str]) -> None:
        called = ".".join(rest)
        if not self._called or len(rest) != 2:
            self.refuse(node, "operators must be called directly, as bpy.ops.mesh.primitive_cube_add()")
        group, name = rest
        known = name in names.OPERATORS.get(group, ()) or (group == "mesh" and name.startswith("primitive_"))
        if not known:
            self.refuse(node, f"bpy.ops.{called} is not available to stage scripts")

    def _each(self, node: ast.AST, parts: list[str]) -> None:
        for part in parts:
            if not names.attribute_allowed(part):
                self.refuse(node, f"the attribute .{part} is not available to stage scripts")

    # -- calls

    def ignored_operator(self, node: ast.AST) -> str:
        """Return the operator's name when the node calls one that becomes a no-op, else nothing."""
        if not isinstance(node, ast.Call):
            return ""
        root, parts = chain(node.func)
        called = ".".join(parts[1:])
        of_bpy = root is not None and self.modules.get(root) == "bpy" and parts[:1] == ["ops"]
        return called if of_bpy and names.IGNORED_OPERATORS.fullmatch(called) else ""

    def ignored_assignment(self, node: ast.Assign) -> bool:
        """Say whether the statement only sets where a render would be saved."""
        return len(node.targets) == 1 and chain(node.targets[0])[1][-2:] == ["render", "filepath"]

    def visit_Assign(self, node: ast.Assign) -> None:
        """Check, but for the render's file path, which is left out."""
        if self.ignored_assignment(node):
            self.notes.append(f"line {node.lineno}: render.filepath was left out")
            return
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Check what is called and with which keywords."""
        if ignored := self.ignored_operator(node):
            self.notes.append(f"line {node.lineno}: bpy.ops.{ignored} was left out")
            return
        called = self._called
        if isinstance(node.func, ast.Attribute) and node.func.attr == "pack" and (node.args or node.keywords):
            # Image.pack reads as many bytes past its data as it is told to.
            self.refuse(node, ".pack takes no arguments in stage scripts")
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            template = node.func.value
            if not isinstance(template, ast.Constant) or not _safe_template(template.value):
                self.refuse(node, ".format works only on a literal template without attributes or indices")
        else:
            self._called = isinstance(node.func, ast.Attribute)
            self.visit(node.func)
        self._called = False
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in {"isinstance", "issubclass"} - self.found.defined and len(node.args) == 2:
            kinds = node.args[1]
            # By themselves: within a call or a walrus in there a class could be kept.
            self._kinds |= {id(kind) for kind in (kinds.elts if isinstance(kinds, ast.Tuple) else [kinds])}
        for argument in node.args:
            self.visit(argument)
        for keyword in node.keywords:
            self._keyword(node, keyword)
        self._called = called

    def _keyword(self, node: ast.AST, keyword: ast.keyword) -> None:
        given = [keyword.arg]
        if keyword.arg is None:
            # What a `**` of anything else than a literal holds is looked at when it runs.
            dicts = [part for part in ast.walk(keyword.value) if isinstance(part, ast.Dict)]
            given = [key.value for part in dicts for key in part.keys if isinstance(key, ast.Constant)]
        for name in given:
            if names.keyword_denied(name):
                self.refuse(keyword if keyword.arg is None else node, f"the argument {name!r} is not available")
        self.visit(keyword.value)

    # -- imports

    def visit_Import(self, node: ast.Import) -> None:
        """Modules of the list; others only when they are never used (they are dropped)."""
        for alias in node.names:
            if alias.name not in names.MODULES:
                if (alias.asname or alias.name).split(".")[0] in self.found.unused:
                    self.notes.append(f"line {node.lineno}: unused import {alias.name} was left out")
                    continue
                self.refuse(node, f"import {alias.name} is not available to stage scripts")
            top = alias.name if alias.asname else alias.name.split(".")[0]
            self._module(node, alias.asname or top, top)

    def _module(self, node: ast.AST, local: str, module: str) -> None:
        """Take `local` for the module from here on; it must mean nothing else anywhere, in no scope."""
        self._name(node, local)
        if local in self.found.bound or self.modules.get(local, module) != module:
            self.refuse(node, f"{local!r} must not have two meanings")
        self.modules[local] = module

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Names of the list; others only when they are never used."""
        module = node.module or ""
        if node.level or module not in names.MODULES:
            if not node.level and all((alias.asname or alias.name) in self.found.unused for alias in node.names):
                self.notes.append(f"line {node.lineno}: unused import {module} was left out")
                return
            self.refuse(node, f"from {module or '.'} import is not available to stage scripts")
        allowed = names.MODULES[module]
        for alias in node.names:
            local = alias.asname or alias.name
            if alias.name == "*":
                if module not in ("math", "mathutils") or allowed is None:
                    self.refuse(node, f"from {module} import * is not available")
                self.found.defined |= allowed
                continue
            if f"{module}.{alias.name}" in names.MODULES:
                self._module(node, local, f"{module}.{alias.name}")
                continue
            if module == "bpy":
                self.refuse(node, "use bpy.data and bpy.context, not names imported from bpy")
            listed = alias.name not in names.DENIED_ATTRIBUTES if allowed is None else alias.name in allowed
            if alias.name.startswith("_") or not listed:
                self.refuse(node, f"{module}.{alias.name} is not available to stage scripts")
            self._name(node, local)
            self.found.defined.add(local)

    # -- definitions

    def _parameters(self, node: ast.AST, arguments: ast.arguments) -> None:
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for argument in [*every, arguments.vararg, arguments.kwarg]:
            if argument is not None:
                self._name(node, argument.arg)
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.visit(default)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Check a function; annotations are stripped by the rewriter and not looked at."""
        if not (self._in_class and node.name in names.DEFINABLE_DUNDERS):
            self._name(node, node.name)
        if node.name in names.BUILTINS - {"format", "hash", "slice"}:
            self.refuse(node, f"{node.name!r} must not be given another meaning")
        if getattr(node, "type_params", None):
            self.refuse(node, "type parameters are not available")
        for decorator in node.decorator_list:
            self._decorator(decorator)
        in_class, self._in_class = self._in_class, False
        self._parameters(node, node.args)
        for part in node.body:
            self.visit(part)
        self._in_class = in_class

    def _decorator(self, node: ast.expr) -> None:
        root, parts = chain(node.func if isinstance(node, ast.Call) else node)
        plain = root in names.DECORATORS and not parts
        dotted = self.modules.get(root or "") in ("dataclasses", "functools") and len(parts) == 1
        if not plain and not (dotted and parts[0] in names.DECORATORS):
            self.refuse(node, "this decorator is not available")
        if isinstance(node, ast.Call):
            for argument in node.args:
                self.visit(argument)
            for keyword in node.keywords:
                self._keyword(node, keyword)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Plain classes only: no metaclass, no base but the script's own."""
        self._name(node, node.name)
        for decorator in node.decorator_list:
            self._decorator(decorator)
        if node.keywords or getattr(node, "type_params", None):
            self.refuse(node, "class keywords are not available")
        for base in node.bases:
            if not isinstance(base, ast.Name) or base.id not in self.found.defined | {"object", "Exception"}:
                self.refuse(node, "a class may only derive from one of the script's own")
        in_class, self._in_class = self._in_class, True
        for part in node.body:
            self.visit(part)
        self._in_class = in_class

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Check parameters and body."""
        self._parameters(node, node.args)
        self.visit(node.body)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Check target and value; the annotation is stripped."""
        self.visit(node.target)
        if node.value:
            self.visit(node.value)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Check the name an exception gets, too."""
        if node.name:
            self._name(node, node.name)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        """Check the names."""
        for name in node.names:
            self._name(node, name)

    visit_Nonlocal = visit_Global

    def visit_Delete(self, node: ast.Delete) -> None:
        """Names and items may be deleted, attributes not."""
        for target in node.targets:
            if isinstance(target, ast.Attribute):
                self.refuse(node, "attributes must not be deleted")
            self.visit(target)

    def visit_With(self, node: ast.With) -> None:
        """Only `with bpy.context.temp_override(...)`."""
        for item in node.items:
            call = item.context_expr
            if not isinstance(call, ast.Call) or chain(call.func)[1][-1:] != ["temp_override"]:
                self.refuse(node, "with is available only for bpy.context.temp_override")
        self.generic_visit(node)


def _safe_template(text: object) -> bool:
    if not isinstance(text, str):
        return False
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError:
        return False
    for _, name, spec, _ in fields:
        if name and ("." in name or "[" in name):
            return False
        if spec and ("{" in spec or re.search(r"\d{4,}", spec)):
            return False
    return True

# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guarded script finds when it runs: a short list of builtins, and the looks that the rewriter put in."""

from __future__ import annotations

import builtins
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import guard_names as names

_MAX_POWER_BITS = 4096
_MAX_REPEATED = 10_000_000
_OWN_MODULES = ("__main__",)


def namespace() -> dict[str, object]:
    """Return a fresh namespace for one guarded script, run as `__main__`."""
    allowed = {name: getattr(builtins, name) for name in names.BUILTINS if hasattr(builtins, name)}
    allowed |= {
        "__import__": _import,
        "__build_class__": builtins.__build_class__,
        "getattr": _getattr,
        "hasattr": _hasattr,
        "setattr": _setattr,
        "object": object,
    }
    return {
        "__builtins__": allowed,
        "__name__": "__main__",
        "_new_": _new,
        "_pow_": _power,
        "_mul_": _product,
        "_lsh_": _shifted,
        "_own_": _own,
        "_ui_": _NoWindow(),
        "_noop_": _nothing,
    }


def _import(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] = (),
    level: int = 0,
) -> types.ModuleType:
    # numpy's C code imports its own parts (numpy._core._methods) through its caller's builtins, which are ours here;
    # a script cannot name them, the static check has refused that already.
    if level or (name not in names.MODULES and not name.startswith("numpy.")):
        raise ImportError(f"{name} is not available to stage scripts")
    return builtins.__import__(name, globals, locals, fromlist, level)


def _checked(name: object) -> str:
    if not isinstance(name, str) or not names.attribute_allowed(name) or name in ("new", "format"):
        raise AttributeError(f"the attribute {name!r} is not available to stage scripts")
    return name


def _getattr(item: object, name: str, *default: object) -> Any:
    return getattr(item, _checked(name), *default)


def _hasattr(item: object, name: str) -> bool:
    return names.attribute_allowed(name) and hasattr(item, name)


def _setattr(item: object, name: str, value: object) -> None:
    if isinstance(item, (type, types.ModuleType)):
        raise AttributeError("classes and modules must not be changed")
    setattr(item, _checked(name), value)


def _own(item: object, name: str) -> Any:
    owner = item if isinstance(item, type) else type(item)
    if getattr(owner, "__module__", None) not in _OWN_MODULES:
        raise AttributeError(f"the attribute {name!r} is not available to stage scripts")
    return getattr(item, name)


def _new(make: Any, *arguments: Any, **keywords: Any) -> Any:
    for value in (*arguments, *keywords.values()):
        if isinstance(value, str) and (names.DENIED_NODES.match(value) or value in names.DENIED_MODIFIERS):
            raise PermissionError(f"{value} is not available to stage scripts")
    return make(*arguments, **keywords)


def _power(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int) and abs(b) * max(a.bit_length(), 1) > _MAX_POWER_BITS:
        raise OverflowError("the power is too large")
    return a**b


def _product(a: Any, b: Any) -> Any:
    for count, items in ((a, b), (b, a)):
        repeats = isinstance(count, int) and isinstance(items, (str, bytes, list, tuple))
        if repeats and count * len(items) > _MAX_REPEATED:
            raise MemoryError("the sequence is too long")
    return a * b


def _shifted(a: Any, b: Any) -> Any:
    if isinstance(b, int) and b > _MAX_POWER_BITS:
        raise OverflowError("the shift is too large")
    return a << b


def _nothing(*_: object, **__: object) -> set[str]:
    return {"FINISHED"}


class _NoWindow:
    """Stands for windows, screens and viewports: false, empty, and the same again behind every attribute."""

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def __getattr__(self, name: str) -> _NoWindow:
        return self

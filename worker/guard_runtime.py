# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guarded script finds when it runs: a short list of builtins, and the looks that the rewriter put in."""

from __future__ import annotations

import builtins
import operator
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
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
        "_keys_": _keys,
        "_name_": _in_place,
        "_item_": _item_in_place,
        "_attribute_": _attribute_in_place,
        "_at_": _Key(),
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
    if not isinstance(name, str) or not names.attribute_allowed(name) or name in ("new", "format", "pack"):
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
        if names.made_denied(value):
            raise PermissionError(f"{value} is not available to stage scripts")
    return make(*arguments, **keywords)


def _keys(given: Any) -> Any:
    # A copy, so that what was looked at is what the call gets; a mapping need not give the same keys twice.
    found = dict(given)
    for name in found:
        if names.keyword_denied(name):
            raise PermissionError(f"the argument {name!r} is not available to stage scripts")
    return found


def _look_at_power(a: Any, b: Any) -> None:
    if isinstance(a, int) and isinstance(b, int) and abs(b) * max(a.bit_length(), 1) > _MAX_POWER_BITS:
        raise OverflowError("the power is too large")


def _look_at_product(a: Any, b: Any) -> None:
    for count, items in ((a, b), (b, a)):
        repeats = isinstance(count, int) and isinstance(items, (str, bytes, list, tuple))
        if repeats and count * len(items) > _MAX_REPEATED:
            raise MemoryError("the sequence is too long")


def _look_at_shift(a: Any, b: Any) -> None:
    if isinstance(b, int) and b > _MAX_POWER_BITS:
        raise OverflowError("the shift is too large")


def _power(a: Any, b: Any) -> Any:
    _look_at_power(a, b)
    return a**b


def _product(a: Any, b: Any) -> Any:
    _look_at_product(a, b)
    return a * b


def _shifted(a: Any, b: Any) -> Any:
    _look_at_shift(a, b)
    return a << b


_IN_PLACE: dict[str, tuple[Callable[[Any, Any], None], Callable[[Any, Any], Any]]] = {
    "_pow_": (_look_at_power, operator.ipow),
    "_mul_": (_look_at_product, operator.imul),
    "_lsh_": (_look_at_shift, operator.ilshift),
}


def _in_place(of: str, a: Any, b: Any) -> Any:
    # In place as Python does it: a vector or an array stays the one that others hold.
    look, do = _IN_PLACE[of]
    look(a, b)
    return do(a, b)


def _item_in_place(of: str, items: Any, key: Any, b: Any) -> None:
    items[key] = _in_place(of, items[key], b)


def _attribute_in_place(of: str, item: Any, name: str, b: Any) -> None:
    # The name passed the static check, as one that may be set.
    setattr(item, name, _in_place(of, getattr(item, name), b))


class _Key:
    """Gives back what stands between its brackets."""

    def __getitem__(self, key: Any) -> Any:
        return key


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

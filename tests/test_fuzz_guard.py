# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzers on the guard and the version shim: whatever comes in, they end, and what passes reaches nothing hidden.

The judge is not the guard's own walk over the syntax tree but the bytecode that comes out of it.
"""

from __future__ import annotations

import dis
import random
import re
import sys
import types

import corpus
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from restage.worker import guard, guard_names, guard_runtime, shim

BOUNDED = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
SCRIPTS = [item.code for item in (*corpus.items("adversarial"), *corpus.items("benign"))]
WAYS_OUT = """
    __class__ __subclasses__ __globals__ __builtins__ __import__ __dict__ __mro__ __bases__ __init__ __reduce__ mro
    gi_frame f_globals f_back tb_frame __traceback__ format_map _os _sys __loader__ __spec__ ctypes filepath load save
    handlers driver_add as_pointer path_resolve bl_rna libraries texts window_manager preferences eval exec open compile
    globals locals vars dir type object breakpoint input memoryview bytes os sys subprocess socket importlib builtins
""".split()  # noqa: SIM905
HARMLESS = "x y bpy np math self append join name location data objects new items print len range str int".split()  # noqa: SIM905
names = st.sampled_from([*WAYS_OUT, *HARMLESS])
literals = st.sampled_from(
    ["1", "'a'", "'__class__'", "'{0.__class__}'", "()", "[]", "{}", "None", "10**9", "f'{x!r}'"]
)


def expressions(inner):
    return st.one_of(
        st.builds("({}).{}".format, inner, names),
        st.builds("{}({})".format, inner, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("getattr({}, {})".format, inner, inner),
        st.builds(
            "{}({}, {})".format, st.sampled_from(["map", "isinstance", "setattr", "hasattr", "max"]), inner, inner
        ),
        st.builds("(lambda x={}: {})".format, inner, inner),
        st.builds("(y := {})".format, inner),
        st.builds("[{} for x in {} if {}]".format, inner, inner, inner),
        st.builds("{}(**{{'{}': {}}})".format, inner, names, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("f'{{{}:{{{}}}}}'".format, names, names),
        st.builds("({}).format({})".format, inner, inner),
    )


expression = st.recursive(st.one_of(names, literals), expressions, max_leaves=8)
statement = st.one_of(
    expression,
    st.builds("x = {}".format, expression),
    st.builds("{}.{} = {}".format, names, names, expression),
    st.builds("import {} as {}".format, names, names),
    st.builds("from {} import {}".format, st.sampled_from(["os", "math", "numpy", "bpy", "functools"]), names),
    st.builds(
        "def {}(a: {} = {}, *, b={}):\n    return {}".format, names, expression, expression, expression, expression
    ),
    st.builds("@{}\ndef f():\n    yield {}".format, expression, expression),
    st.builds("class {}({}):\n    {} = {}".format, names, names, names, expression),
    st.builds("try:\n    {}\nexcept {} as x:\n    {}".format, expression, names, expression),
    st.builds("with {} as x:\n    {}".format, expression, expression),
    st.builds("for {} in {}:\n    {}".format, names, expression, expression),
    st.builds("global {}\ndel {}".format, names, expression),
    st.builds("assert isinstance({}, (bpy.types.{}, {}))".format, expression, names, expression),
)
programs = st.lists(statement, min_size=1, max_size=6).map(
    lambda lines: "import bpy\nimport numpy as np\n" + "\n".join(lines)
)

_IN_CLASSES = {
    *("__name__", "__module__", "__qualname__", "__classdict__", "__class__", "__classcell__", "__firstlineno__"),
    *("__static_attributes__", "__annotations__", "__conditional_annotations__"),
}
"""What Python itself reads and writes while it makes a class."""
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR", "LOAD_SUPER_ATTR"}


def reached(code: types.CodeType):
    """Every attribute and module that bytecode names."""
    for step in dis.get_instructions(code):
        if step.opname in _ATTRIBUTES:
            yield "attribute", step.argval
        elif step.opname == "IMPORT_NAME":
            yield "module", step.argval
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            yield "name", step.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from reached(constant)


def judge(text: str) -> bool:
    """Say whether the guard lets a script pass; fails when what passed reaches what it must not."""
    try:
        passed = guard.check(text, "<s>")
    except (guard.Refused, SyntaxError) as error:
        assert str(error)
        return False
    defined = set(re.findall(r"\w+", text))
    given_names = guard_runtime.namespace()
    for kind, name in reached(passed.code):
        if kind == "module":
            assert name in guard_names.MODULES, (name, text)
        elif kind == "attribute":
            assert not name.startswith("__"), (name, text)
            assert name not in guard_names.DENIED_ATTRIBUTES, (name, text)
        else:
            known = name in given_names or name in given_names["__builtins__"] or name in defined or name in _IN_CLASSES
            assert known, (name, text)
    return True


@BOUNDED
@given(programs)
def test_made_up_programs(text):
    judge(text)
    shim.adapt(text, (5, 2))


def mutated(script: str, random_: random.Random) -> str:
    words = list(re.finditer(r"[A-Za-z_]\w*|\S", script))
    for _ in range(random_.randint(1, 4)):
        if not words:
            break
        one = random_.choice(words)
        what = random_.choice(WAYS_OUT + ["", "(", ")", ".", "**", "\u200b", "\0", "\n", "'", "lambda", ":=", "é"] * 2)
        script = script[: one.start()] + what + script[one.end() :]
        words = list(re.finditer(r"[A-Za-z_]\w*|\S", script))
    return script


@BOUNDED
@given(st.sampled_from(SCRIPTS), st.randoms(use_true_random=False))
def test_damaged_corpora(script, random_):
    text = mutated(script, random_)
    judge(text)
    for version in ((4, 2), (5, 2)):
        adapted, notes = shim.adapt(text, version)
        assert adapted.count("\n") == text.count("\n")
        assert bool(notes) == (adapted != text)


@BOUNDED
@given(st.text(max_size=200))
def test_any_text_at_all(text):
    judge(text)
    shim.adapt(text, (4, 5))


class Watch:
    """Listens to Python's own audit events while a guarded program runs: none that leaves the process may come."""

    def __init__(self) -> None:
        self.on, self.seen = False, []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple) -> None:
        if self.on and event.split(".")[0] in ("open", "os", "subprocess", "socket", "ctypes", "shutil", "pty", "sys"):
            self.seen.append((event, arguments))


@pytest.fixture(scope="module")
def watch():
    return Watch()


@BOUNDED
@given(program=st.lists(statement, min_size=1, max_size=4))
def test_what_passes_and_runs_leaves_the_process_alone(watch, program):
    text = "import math\nx, y = 'a', [1]\n" + "\n".join(program)
    if "np" in text or "bpy" in text or not judge(text):
        return
    code, namespace = guard.check(text, "<s>").code, guard_runtime.namespace()
    namespace["__builtins__"]["print"] = lambda *_: None
    watch.seen, watch.on = [], True
    try:
        exec(code, namespace)
    except Exception:  # noqa: BLE001 - a made-up program may raise whatever it likes
        pass
    finally:
        watch.on = False
    assert watch.seen == []

# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzers on what comes out of a worker: messages and .blend files, damaged or made up."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import struct
import typing

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jobs import NO_VIEWS, script
from restage.worker import protocol
from restage.worker.pool import Limits, start_one
from restage.worker.protocol import Failure, FinishRequest, Job, JobResult

BOUNDED = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
KINDS = typing.get_args(protocol.Message)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def values(kind):
    """Values of an annotated type, as far as the messages use types."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is typing.Any:
        return plain
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return st.builds(kind, **{field.name: values(hints[field.name]) for field in dataclasses.fields(kind)})
    if origin is tuple and args[1:] == (...,):
        return st.lists(values(args[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(values(one) for one in args))
    if origin is dict:
        return st.dictionaries(st.text(max_size=8), values(args[1]), max_size=3)
    if origin is typing.Literal:
        return st.sampled_from(args)
    if type(None) in args:
        return st.none() | values(next(one for one in args if one is not type(None)))
    return {int: st.integers(), float: st.floats(), str: st.text(max_size=20), bool: st.booleans()}[kind]


messages = st.sampled_from(KINDS).flatmap(values)


def same(one, two) -> bool:
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(two, sort_keys=True, default=str)


@BOUNDED
@given(messages)
def test_every_message_survives(message):
    stream = io.BytesIO(protocol.encode(message))
    read = protocol.read(stream)
    # Not `==`: a NaN is no other NaN's equal.
    assert type(read) is type(message) and same(vars(read), vars(message))


def answer(body: bytes):
    """Read until the stream ends; only messages and ProtocolError may come of it."""
    stream, found = io.BytesIO(body), []
    try:
        while (message := protocol.read(stream)) is not None:
            assert isinstance(message, KINDS)
            found.append(message)
    except protocol.ProtocolError as error:
        assert str(error)
    return found


@BOUNDED
@given(st.binary(max_size=300))
def test_any_bytes(body):
    answer(body)


@BOUNDED
@given(messages, st.data())
def test_damaged_messages(message, data):
    body = bytearray(protocol.encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    answer(bytes(body[: data.draw(st.integers(0, len(body)))]))


@BOUNDED
@given(st.sampled_from([kind.__name__ for kind in KINDS]), plain)
def test_well_formed_nonsense(kind, body):
    encoded = json.dumps({"type": kind, "body": body}).encode()
    answer(struct.pack(">I", len(encoded)) + encoded)


FORGED = {
    "noise": b"\x00\xff" * 5000,
    "a huge length": struct.pack(">I", 0xFFFFFFFF) + b"x" * 100,
    "no length": b"\x00\x00",
    "deep nesting": struct.pack(">I", 200_000) + b"[" * 200_000,
    "another answer": protocol.encode(protocol.Finished("../../etc/passwd")),
    "a request": protocol.encode(FinishRequest()),
    "not a number": protocol.encode(JobResult("ok", peak_memory_mb=math.nan)),
    "a path": protocol.encode(JobResult("ok", blend="../../../etc/passwd")),
    "floods": protocol.encode(protocol.Progress("run")) * 20_000,
}
FORGER = """
import os
body = bytes.fromhex({body!r})
for descriptor in range(3, 256):
    try:
        os.write(descriptor, body)
    except OSError:
        pass
{after}
"""


@pytest.mark.parametrize("after", ["os._exit(0)", "while True: pass"], ids=["dies", "stays"])
@pytest.mark.parametrize("name", FORGED)
def test_a_worker_that_lies(binary, tmp_path, name, after):
    """A script without the guard finds the pipe and writes what it likes: one sentence comes of it, and no file."""
    body = FORGED[name]
    text = FORGER.format(body=body.hex(), after=after) if len(body) < 50_000 else (
        f"import os\nbody = {body[:60]!r} * {len(body) // 60}\n" + FORGER.format(body="", after=after).split("\n", 3)[3]
    )  # fmt: skip
    limits = Limits(script_seconds=0.5, job_seconds=1.5)
    with start_one(binary, limits, scratch_root=tmp_path) as worker:
        result = worker.run(Job((), script("geometry", text), (), NO_VIEWS, guard=False))
        assert isinstance(result, JobResult)
        if result.status == "ok":
            with pytest.raises(FileNotFoundError):
                worker.file(result.blend)
        else:
            assert result.message
        assert isinstance(worker.ask(FinishRequest()), Failure | protocol.Finished | protocol.LightBasis)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def written(binary, tmp_path_factory):
    """A real result: its bytes and settings."""
    with start_one(binary) as worker:
        result = worker.run(Job((script("setup"),), script("geometry"), ("objects", "meshes"), NO_VIEWS))
        assert result.status == "ok", result.message
        return worker.file(result.blend).read_bytes(), result.settings, tmp_path_factory.mktemp("damaged") / "r.blend"


def damaged(body: bytes, data) -> bytes:
    made = bytearray(body)
    for _ in range(data.draw(st.integers(1, 3))):
        at, size = data.draw(st.integers(0, len(made) - 1)), data.draw(st.sampled_from([1, 4, 64, 4096]))
        how = data.draw(st.sampled_from(["flip", "zero", "cut", "ones", "move"]))
        if how == "flip":
            made[at] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "cut":
            del made[at or 1 :]
        elif how == "move":
            made[at : at + size] = made[:size]
        else:
            made[at : at + size] = (b"\0" if how == "zero" else b"\xff") * min(size, len(made) - at)
    return bytes(made)


@pytest.mark.bpy
@settings(BOUNDED, max_examples=80)
@given(data=st.data())
def test_a_damaged_result_never_reaches_blenders_reader(written, data):
    pytest.importorskip("bpy")
    from restage.scene import compat, sandbox

    body, wanted, path = written
    broken = damaged(body, data)
    assume(broken != body)
    path.write_bytes(broken)
    before = set(compat.datablocks())
    with pytest.raises(sandbox.SandboxError, match="was changed or cut"):
        sandbox.load(path, wanted, "damaged")
    assert set(compat.datablocks()) == before


@settings(BOUNDED, max_examples=80)
@given(data=st.data())
@pytest.mark.bpy
def test_the_outline_check_ends_on_anything(written, data):
    from restage.scene.blend_file import why_damaged

    body, _, path = written
    path.write_bytes(body)
    assert why_damaged(path) == ""
    path.write_bytes(damaged(body, data)[: data.draw(st.integers(0, len(body)))])
    assert isinstance(why_damaged(path), str)
    path.write_bytes(body[: data.draw(st.integers(0, len(body) - 1))])
    assert why_damaged(path)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages between Restage and its worker."""

from __future__ import annotations

import io
import json
import struct

import pytest
from restage.worker import protocol
from restage.worker.protocol import Job, JobResult, ObjectInfo, StageScript, ViewRequest, Views

MESSAGES = [
    Job((StageScript("setup", "import bpy"),), StageScript("geometry", "é\n"), ("objects",), ViewRequest(128, 64)),
    JobResult(
        "ok",
        inventory=(ObjectInfo("A", "MESH", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), None, ("m",), 8),),
        views=Views(ids="ids.npy", id_names={"1": "A"}),
        settings={"frame": [4, 3], "camera": None},
        seconds={"run": 0.5},
    ),
    protocol.Progress("run"),
    protocol.Failure("no"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_message_survives_the_pipe(message):
    stream = io.BytesIO()
    protocol.write(stream, message)
    protocol.write(stream, message)
    stream.seek(0)
    assert protocol.read(stream) == message
    assert protocol.read(stream) == message
    assert protocol.read(stream) is None


def frame(body: bytes, size: int | None = None) -> bytes:
    return struct.pack(">I", len(body) if size is None else size) + body


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0",
        frame(b"{}", 99),
        frame(b"x", protocol.MAX_MESSAGE_BYTES + 1),
        frame(b"not json"),
        frame(b"[]"),
        frame(b'{"type": "Nothing", "body": {}}'),
        frame(json.dumps({"type": "Progress", "body": {"step": 3}}).encode()),
        frame(json.dumps({"type": "Progress", "body": {"step": "run", "more": 1}}).encode()),
        frame(json.dumps({"type": "JobResult", "body": {"status": "wonderful"}}).encode()),
        frame(b"[" * 100_000),
    ],
    ids=["cut length", "cut body", "oversized", "no json", "list", "unknown", "type", "field", "literal", "deep"],
)
def test_a_damaged_frame_is_a_protocol_error(data):
    with pytest.raises(protocol.ProtocolError):
        protocol.read(io.BytesIO(data))

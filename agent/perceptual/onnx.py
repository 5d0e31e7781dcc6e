# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a small chain of layers as an ONNX file in memory, which OpenCV reads: no package is needed for that.

Just enough of Protocol Buffers and of onnx.proto (opset 11): nodes with integer attributes, float32 weights, shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_FLOAT, _INT, _INTS = 1, 2, 7
"""TensorProto.FLOAT, AttributeProto.INT and INTS."""


def node(op: str, inputs: Sequence[str], output: str, attributes: Mapping[str, int | Sequence[int]]) -> bytes:
    """Return one NodeProto with one output, named as its output."""
    parts = [_text(1, name) for name in inputs]
    parts += [_text(2, output), _text(3, output), _text(4, op)]
    for name, value in attributes.items():
        if isinstance(value, int):
            body = _text(1, name) + _number(3, value) + _number(20, _INT)
        else:
            body = _text(1, name) + b"".join(_number(8, item) for item in value) + _number(20, _INTS)
        parts.append(_field(5, body))
    return b"".join(parts)


def weights(name: str, values: NDArray[np.float32]) -> bytes:
    """Return one TensorProto of float32 values."""
    dims = b"".join(_number(1, size) for size in values.shape)
    data = np.ascontiguousarray(values, "<f4").tobytes()
    return dims + _number(2, _FLOAT) + _text(8, name) + _field(9, data)


def shape(name: str, dims: Sequence[int]) -> bytes:
    """Return one ValueInfoProto of a float32 tensor."""
    sizes = b"".join(_field(1, _number(1, size)) for size in dims)
    return _text(1, name) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, sizes)))


def model(
    nodes: Sequence[bytes], constants: Sequence[bytes], inputs: Sequence[bytes], outputs: Sequence[bytes]
) -> bytes:
    """Return the ModelProto of a graph, opset 11."""
    graph = b"".join(_field(1, item) for item in nodes) + _text(2, "graph")
    graph += b"".join(_field(5, item) for item in constants)
    graph += b"".join(_field(11, item) for item in inputs) + b"".join(_field(12, item) for item in outputs)
    return _number(1, 6) + _field(8, _text(1, "") + _number(2, 11)) + _field(7, graph)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(key: int, value: int) -> bytes:
    return _varint(key << 3) + _varint(value)


def _field(key: int, body: bytes) -> bytes:
    return _varint(key << 3 | 2) + _varint(len(body)) + body


def _text(key: int, value: str) -> bytes:
    return _field(key, value.encode())

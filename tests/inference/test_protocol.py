# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages: there and back, and every kind of damage."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference import protocol
from inference.errors import ErrorCode, TalkingHeadError
from inference.protocol import Message

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
messages = st.builds(
    Message,
    st.text(),
    st.dictionaries(st.text().filter(lambda name: name != "type"), json_values, max_size=4),
    st.binary(max_size=300),
)


@given(st.lists(messages, max_size=4))
def test_there_and_back(sent):
    stream = io.BytesIO(b"".join(protocol.encode(message) for message in sent))
    assert [protocol.read(stream) for _ in sent] == sent
    assert protocol.read(stream) is None


def test_bytes_on_the_wire():
    encoded = protocol.encode(Message("ping", {"id": 7}, b"xy"))
    assert encoded == b"THW1" + bytes([25, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]) + b'{"id": 7, "type": "ping"}xy'


class Dripping(io.RawIOBase):
    """A pipe that gives one byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(min(size, 1))


@given(messages)
def test_a_slow_pipe(message):
    assert protocol.read(Dripping(protocol.encode(message))) == message


@given(messages, st.data())
def test_truncated(message, data):
    encoded = protocol.encode(message)
    cut = data.draw(st.integers(1, len(encoded) - 1))
    with pytest.raises(TalkingHeadError) as caught:
        protocol.read(io.BytesIO(encoded[:cut]))
    assert caught.value.code is ErrorCode.PROTOCOL


@given(st.binary(min_size=1, max_size=400))
def test_random_bytes(data):
    with pytest.raises(TalkingHeadError) as caught:
        while protocol.read(io.BytesIO(b"THW" + data)) is not None:
            raise AssertionError("random bytes were taken for a message")
    assert caught.value.code is ErrorCode.PROTOCOL


NO_HEADERS = [b"", b"[]", b"{}", b'{"type": 5}', b'{"type": "a", "x": NaN}', b'{"type": "a", "x": -Infinity}', b"\xff"]


@pytest.mark.parametrize("header", [*NO_HEADERS, b"[" * 99999])
def test_headers_that_are_none(header):
    with pytest.raises(TalkingHeadError) as caught:
        protocol.read(io.BytesIO(struct.pack("<4sIQ", b"THW1", len(header), 0) + header))
    assert caught.value.code is ErrorCode.PROTOCOL


@pytest.mark.parametrize("sizes", [(protocol.MAX_HEADER + 1, 0), (2, protocol.MAX_PAYLOAD + 1), (2**32 - 1, 2**64 - 1)])
def test_oversized_is_refused_before_it_is_read(sizes):
    stream = io.BytesIO(struct.pack("<4sIQ", b"THW1", *sizes) + b"{}")
    with pytest.raises(TalkingHeadError):
        protocol.read(stream)
    assert stream.tell() == 16


def test_what_cannot_be_sent():
    for fields in ({"x": float("nan")}, {"x": "a" * protocol.MAX_HEADER}):
        with pytest.raises(ValueError):
            protocol.encode(Message("a", fields))


@pytest.mark.parametrize("dtype", ["u1", "<f4", "<i8"])
def test_arrays(dtype):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for sent in (array, array[:, ::2], array.transpose(2, 0, 1)):
        stream = io.BytesIO(protocol.encode(protocol.with_array("done", sent, id=1)))
        received = protocol.read(stream)
        assert received is not None
        assert np.array_equal(received.array(), sent)
        assert received.array().dtype == sent.dtype


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"dtype": "u1"}, {"shape": [4]}, {"dtype": "u1", "shape": [5]}, {"dtype": "<f4", "shape": [4]},
        {"dtype": "O", "shape": [1]}, {"dtype": "u1", "shape": [-1]}, {"dtype": "u1", "shape": "4"},
        {"dtype": "nonsense", "shape": [4]}, {"dtype": "u1", "shape": [2**62, 4]},
    ],
    ids=str,
)  # fmt: skip
def test_arrays_that_do_not_fit(fields):
    if fields == {"dtype": "u1", "shape": "4"}:
        assert Message("a", fields, b"1234").array().shape == (4,)
        return
    with pytest.raises(TalkingHeadError) as caught:
        Message("a", fields, b"1234").array()
    assert caught.value.code is ErrorCode.PROTOCOL

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that want more than to be read."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import struct
import subprocess
import tracemalloc
import zipfile

import motion_pickles
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import TalkingHeadError
from inference.workflow.motion_files import expression_plan, template_plan
from inference.workflow.pickled_arrays import allowed, plain
from inference.workflow.restricted_pickle import Budget, unpickle

SMALL_MEMORY = 64 * 2**20


def read(content: bytes, budget: Budget | None = None) -> object:
    budget = budget or Budget()
    return unpickle(io.BytesIO(content), allowed(budget, frozenset(("ExpressionSet",))), budget)


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def refused(content: bytes) -> TalkingHeadError:
    """The error, with little memory used on the way."""
    tracemalloc.start()
    try:
        with pytest.raises(TalkingHeadError) as error:
            read(content)
        assert tracemalloc.get_traced_memory()[1] < SMALL_MEMORY + 8 * len(content)
    finally:
        tracemalloc.stop()
    return error.value


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("container", ["bare", "list", "dictionary", "tuple"])
def test_a_call_is_refused_by_name_and_not_made(tmp_path, protocol, container):
    marker = tmp_path / "made"
    call = Call(os.mkdir, str(marker))
    value = {"bare": call, "list": [1, call], "dictionary": {"motion": call}, "tuple": (call, 2)}[container]
    content = pickle.dumps(value, protocol)
    error = refused(content)
    assert "mkdir" in error.message
    assert not marker.exists()
    pickle.loads(content)
    assert marker.exists(), "Python's own unpickler does what the file wants"


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("true",)),
        (builtins.eval, ("1",)),
        (builtins.exec, ("",)),
        (builtins.getattr, (1, "real")),
        (builtins.__import__, ("os",)),
        (subprocess.Popen, (["true"],)),
        (np.load, ("x.npy",)),
        (pickle.loads, (b"N.",)),
        (bytearray, (10**12,)),
    ],
)
def test_dangerous_names_are_refused(function, arguments):
    error = refused(pickle.dumps(Call(function, *arguments)))
    assert function.__name__ in error.message
    assert "Nothing in it was run" in error.hint


def test_a_call_inside_of_torchs_bytes_is_refused(tmp_path):
    marker = tmp_path / "made"
    inner = pickle.dumps(motion_pickles.MAGIC, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    inner += pickle.dumps(Call(os.mkdir, str(marker)), 2)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Call(os.mkdir, str(marker)), 2))
    values = np.zeros((1, 21, 3), np.float32)
    for storage in (inner, zipped.getvalue()):
        content = motion_pickles.exp_file(motion_pickles.tensor(values, storage), np.zeros(3, np.float32))
        with pytest.raises(TalkingHeadError, match="mkdir"):
            expression_plan(content)
    assert not marker.exists()


def test_a_class_with_the_right_name_from_anywhere_is_only_a_record():
    """Whatever module the file names, nothing of it is imported."""
    content = b"\x80\x02cos.path\nExpressionSet\n)\x81}X\x01\x00\x00\x00eK\x05sb."
    record = read(content)
    assert (type(record).__name__, vars(record)) == ("Record", {"type": "ExpressionSet", "state": {"e": 5}})


@pytest.mark.parametrize(
    "content",
    [
        b"cnumpy.core.multiarray\n_reconstruct\n)R.",
        b"cnumpy.core.multiarray\n_reconstruct\n(K\x01K\x02K\x03tR.",
        b"c__builtin__\nbytes\n(J\xff\xff\xff\x7ftR.",
        b"cnumpy\ndtype\n(U\x01O\x89\x88tR.",
        b"cnumpy\ndtype\n(U\x02V9\x89\x88tR.",
        b"cnumpy\ndtype\n(U\x40" + b"f" * 64 + b"tR.",
        b"ccollections\nOrderedDict\n(K\x05tR.",
        b"c_codecs\nencode\n(U\x01aU\x05utf-7tR.",
        b"c_codecs\nencode\n(K\x01U\x06latin1tR.",
        b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00)))tR.",
        b"ctorch._utils\n_rebuild_tensor_v2\n)R.",
        b"ctorch.storage\n_load_from_bytes\n(K\x05tR.",
        b"ctorch.storage\n_load_from_bytes\n(U\x03abctR.",
        b"ctorch\nFloatStorage\n)R.",
        b"cnumpy\nndarray\n)\x81.",
        b"K\x01)R.",
        b"]}b.",
        b"K\x01K\x02b.",
    ],
)
def test_allowed_names_take_only_what_they_need(content):
    refused(content)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"abc.",
        b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"abc.",
        b"\x80\x04\x8d" + struct.pack("<Q", 2**50) + b"abc.",
        b"\x80\x04B" + struct.pack("<I", 2**32 - 1) + b"abc.",
        b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b"N.",
        b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"abc.",
    ],
    ids=["bytes", "bytearray", "text", "short bytes", "frame", "number"],
)
def test_a_length_that_is_not_there_allocates_nothing(content):
    tracemalloc.start()
    try:
        try:
            read(content)
        except TalkingHeadError:
            pass
        assert tracemalloc.get_traced_memory()[1] < SMALL_MEMORY
    finally:
        tracemalloc.stop()


def test_a_far_slot_of_memory_costs_nothing():
    tracemalloc.start()
    try:
        assert read(b"\x80\x02Nr" + struct.pack("<I", 2**32 - 1) + b".") is None
        assert tracemalloc.get_traced_memory()[1] < SMALL_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [(2**39,), (2**20, 2**20), (-1,), (3, 5), (1,) * 40, (2.0,), (True,)])
def test_an_array_is_as_large_as_its_bytes(shape):
    make = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    dtype = b"cnumpy\ndtype\n(U\x02f4\x89\x88tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    state = b"(K\x01" + pickle.dumps(shape, 2)[2:-1] + dtype + b"\x89U\x0c" + b"\x00" * 12 + b"t"
    refused(make + state + b"b.")


def test_a_tensor_does_not_reach_beyond_its_data():
    values = np.zeros(63, np.float32)
    storage = motion_pickles.streamed_storage(values)
    for shape, stride, offset in (
        ((1, 21, 3), (63, 3, 1), 1),
        ((2**30,), (0,), 0),
        ((64,), (1,), 0),
        ((2, 2), (99, 1), 0),
    ):
        with motion_pickles.named_as(
            {"torch._utils": motion_pickles._rebuild_tensor_v2, "torch.storage": motion_pickles._load_from_bytes}
        ):
            load = Call(motion_pickles._load_from_bytes, storage)
            content = pickle.dumps(Call(motion_pickles._rebuild_tensor_v2, load, offset, shape, stride, False, {}), 4)
        with pytest.raises(ValueError, match="beyond its data"):
            plain(read(content))


def test_a_zip_file_that_unpacks_to_more_than_a_motion_is_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("archive/data.pkl", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(b"N" * 2**20)
    assert len(stream.getvalue()) < 2**20
    content = motion_pickles.exp_file(
        motion_pickles.tensor(np.zeros((1, 21, 3), np.float32), stream.getvalue()), np.zeros(3, np.float32)
    )
    assert "more data than any motion file" in refused(content).message


def test_the_same_bytes_cannot_be_loaded_again_and_again():
    storage = motion_pickles.streamed_storage(np.zeros(2**18, np.float32))
    content = b"ctorch.storage\n_load_from_bytes\nq\x00B" + struct.pack("<I", len(storage)) + storage + b"q\x010"
    content += b"h\x00h\x01\x85R0" * 1000 + b"h\x01."
    assert "more data than any motion file" in refused(content).message


def test_files_in_files_in_files_are_refused():
    value: object = b"x"
    content = motion_pickles.streamed_storage(np.zeros(1, np.float32))
    for _ in range(6):
        inner = pickle.dumps(motion_pickles.MAGIC, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
        call = b"\x80\x02ctorch.storage\n_load_from_bytes\nB" + struct.pack("<I", len(content)) + content + b"\x85R."
        content = inner + call + pickle.dumps([], 2)
        value = call
    assert isinstance(value, bytes)
    assert "nested in it too deeply" in refused(value).message


@pytest.mark.parametrize(("begin", "end"), [(b"]", b"a"), (b"(", b"t"), (b"(", b"l"), (b"}N", b"s")])
def test_deep_nesting_is_no_recursion(begin, end):
    depth = 50_000
    read(begin * depth + b"N" + end * depth + b".")


@pytest.mark.parametrize("instruction", [b"R", b"\x81"], ids=["call", "make"])
@pytest.mark.parametrize(
    "callee",
    [b"]q\x000" + b"]h\x00ah\x00aq\x000" * 24 + b"h\x00", b")" + b"\x85" * 100_000],
    ids=["a list of itself, over and over", "deep"],
)
def test_what_is_called_is_not_written_out(callee, instruction):
    assert len(str(refused(b"\x80\x02" + callee + b")" + instruction + b"."))) < 400


@pytest.mark.parametrize("name", ["(f4", ",", "f4,f4", "O", "V9", "S4", "c8", "M8[s]", "f99"])
def test_other_types_of_arrays_are_refused(name):
    refused(b"\x80\x02cnumpy\ndtype\nX" + struct.pack("<I", len(name)) + name.encode() + b"\x85R.")


def test_keys_that_take_forever_to_hash_are_refused():
    content = b"}" + b"N\x85" + b"2\x86" * 60 + b"Ns."
    assert "neither a text nor a number" in refused(content).message


def test_a_file_of_nothing_but_instructions_ends():
    with pytest.raises(TalkingHeadError, match="longer than any motion file"):
        read(b"N0" * 1000 + b"N.", Budget(instructions=500))


@pytest.mark.parametrize(
    "instruction", [b"I1\n(i__main__\nX\n.", b"(cos\nmkdir\nU\x01xo.", b"\x82\x01.", b"P1\n.", b"\x97."]
)
def test_instructions_without_a_use_are_refused(instruction):
    refused(instruction)


GOOD = (
    motion_pickles.exp_file(np.zeros((1, 21, 3), np.float32), np.zeros(3, np.float32)),
    motion_pickles.template([motion_pickles.frame(np.eye(3), np.zeros((21, 3)))] * 2),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from((0, 1)), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_files_are_refused_or_read_but_never_crash(which, changes):
    content = bytearray(GOOD[which])
    for place, byte in changes:
        content[min(int(place * len(content)), len(content) - 1)] = byte
    try:
        plan = (expression_plan, template_plan)[which](bytes(content))
    except TalkingHeadError:
        return
    assert all(np.isfinite(key.value) for key in plan.keys)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from((0, 1)), st.floats(0, 1))
def test_files_that_end_early_are_refused(which, part):
    content = GOOD[which][: int(part * (len(GOOD[which]) - 1))]
    with pytest.raises(TalkingHeadError):
        (expression_plan, template_plan)[which](content)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    ),
    st.integers(0, 5),
)
def test_plain_values_are_read_as_python_reads_them(value, protocol):
    assert read(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("code", ["<f4", ">f4", "<f8", "<i8", "u1", "?", "<f2"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_are_read_as_numpy_wrote_them(code, protocol):
    for values in (
        np.arange(12).reshape(3, 4).astype(code),
        np.asfortranarray(np.arange(6).reshape(2, 3).astype(code)),
    ):
        result = plain(read(pickle.dumps(values, protocol)))
        assert isinstance(result, np.ndarray)
        np.testing.assert_array_equal(result, values)

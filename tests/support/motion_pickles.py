# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes expressions (.exp) and motion templates (.pkl) as ComfyUI's node and LivePortrait do, without torch."""

from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C


class FloatStorage:
    """Stands for torch's class of that name."""


class ExpressionSet:
    """Stands for the node's class of that name."""


def _rebuild_tensor_v2() -> None: ...


def _load_from_bytes() -> None: ...


def _module(name: str, *members: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    for member in members:
        setattr(module, member.__name__, member)
    return module


@contextmanager
def named_as(places: Mapping[str, Any]) -> Iterator[None]:
    """While it lasts, classes and functions are pickled as if they came from other modules."""
    parents = {name.partition(".")[0] for name in places}
    modules = {name: _module(name) for name in parents} | {n: _module(n, member) for n, member in places.items()}
    with mock.patch.dict(sys.modules, modules):
        before = {member: member.__module__ for member in places.values()}
        try:
            for name, member in places.items():
                member.__module__ = name
            yield
        finally:
            for member, name in before.items():
                member.__module__ = name


class _StoragePickler(pickle.Pickler):
    """Pickles a storage as a reference, as torch does."""

    identity: tuple[object, ...]

    def persistent_id(self, obj: object) -> object:
        return self.identity if isinstance(obj, FloatStorage) else None


def _pickled_storage(identity: tuple[object, ...]) -> bytes:
    stream = io.BytesIO()
    pickler = _StoragePickler(stream, protocol=2)
    pickler.identity = identity
    pickler.dump(FloatStorage())
    return stream.getvalue()


def streamed_storage(values: np.ndarray) -> bytes:
    """A storage in torch's older form."""
    flat = np.ascontiguousarray(values, "<f4").ravel()
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    with named_as({"torch": FloatStorage}):
        reference = _pickled_storage(("storage", FloatStorage, "140230", "cuda:0", flat.size, None))
    parts = [pickle.dumps(item, 2) for item in (MAGIC, 1001, system)]
    return b"".join(
        [*parts, reference, pickle.dumps(["140230"], 2), flat.size.to_bytes(8, "little"), flat.tobytes()]
    )  # fmt: skip


def zipped_storage(values: np.ndarray) -> bytes:
    """A storage in torch's newer form."""
    flat = np.ascontiguousarray(values, "<f4").ravel()
    with named_as({"torch": FloatStorage}):
        reference = _pickled_storage(("storage", FloatStorage, "0", "cpu", flat.size))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", reference)
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/data/0", flat.tobytes())
    return stream.getvalue()


class _Call:
    """Is pickled as a call."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self._call = function, arguments

    def __reduce__(self) -> Any:
        return self._call


def tensor(values: np.ndarray, storage: bytes | None = None) -> Any:
    """What pickles like a torch tensor."""
    strides = tuple(step // values.itemsize for step in values.strides)
    content = streamed_storage(values) if storage is None else storage
    return _Call(
        _rebuild_tensor_v2, _Call(_load_from_bytes, content), 0, values.shape, strides, False, OrderedDict()
    )  # fmt: skip


def exp_file(e: object, r: object, s: object = 0, t: object = None, protocol: int = 4) -> bytes:
    """An .exp file; arrays become tensors."""
    expression = ExpressionSet()
    values = {"e": e, "r": r, "s": s, "t": np.zeros(3, np.float32) if t is None else t}
    for name, value in values.items():
        setattr(expression, name, tensor(value) if isinstance(value, np.ndarray) else value)
    places = {
        "torch._utils": _rebuild_tensor_v2,
        "torch.storage": _load_from_bytes,
        "ComfyUI-AdvancedLivePortrait.nodes": ExpressionSet,
    }
    with named_as(places):
        return pickle.dumps(expression, protocol)


def rotation(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """(3, 3) LivePortrait's rotation of angles in degrees: (Rz Ry Rx) transposed, for row vectors."""
    p, y, r = np.radians([pitch, yaw, roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (about_z @ about_y @ about_x).T


def frame(turn: np.ndarray, exp: np.ndarray, scale: float = 1.0, t: tuple[float, ...] = (0, 0, 0)) -> dict[str, Any]:
    """A frame of a motion template."""
    return {
        "scale": np.full((1, 1), scale, np.float32),
        "R": turn[None].astype(np.float32),
        "exp": exp[None].astype(np.float32),
        "t": np.array([t], np.float32),
    }


def template(frames: list[dict[str, Any]], fps: object = 30, protocol: int = 4, **more: object) -> bytes:
    """A .pkl motion template."""
    return pickle.dumps({"n_frames": len(frames), "output_fps": fps, "motion": frames, **more}, protocol)

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays of numpy and torch as pickles hold them, rebuilt from checked numbers; neither package's loader is used."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .restricted_pickle import Allowed, Budget, Name, refused, unpickle

_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_TORCH_PROTOCOL = 1001
_DEEPEST = 3
_KINDS = frozenset("fiub")
_DTYPE = re.compile(r"[<>|=]?([fiub]\d{1,2}|\?)")
_STORAGES: Mapping[str, str] = {
    "torch.FloatStorage": "<f4", "torch.DoubleStorage": "<f8", "torch.HalfStorage": "<f2",
    "torch.BFloat16Storage": "<u2", "torch.LongStorage": "<i8", "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2", "torch.CharStorage": "i1", "torch.ByteStorage": "u1", "torch.BoolStorage": "?",
}  # fmt: skip
_HALF_OF_FLOAT = "torch.BFloat16Storage"


@dataclass
class Dtype:
    """numpy's description of the numbers of an array."""

    code: str
    order: str = "<"

    def build(self, state: object) -> None:
        """State: (version, byte order, ...)."""
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
            raise ValueError("the type of an array is damaged")
        self.order = str(state[1])

    @property
    def dtype(self) -> np.dtype:
        """The type, if it is one of plain numbers."""
        dtype = np.dtype(self.order + self.code)
        if dtype.kind not in _KINDS:
            raise ValueError(f"arrays of {self.code} are not read")
        return dtype


@dataclass
class Array:
    """A numpy array before and after its state came."""

    values: np.ndarray | None = None

    def build(self, state: object) -> None:
        """State: (version, shape, type, Fortran order, bytes)."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError("an array is damaged")
        _, shape, dtype, fortran, content = state
        self.values = _from_bytes(content, dtype, shape, fortran is True)


@dataclass
class Storage:
    """The numbers behind torch tensors; they may come later in the file."""

    dtype: str
    count: int
    half_of_float: bool
    values: np.ndarray | None = None

    def fill(self, content: bytes | memoryview) -> None:
        """Take the bytes."""
        self.values = np.frombuffer(content, self.dtype, self.count)


@dataclass(frozen=True)
class Tensor:
    """A view of a storage, in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def plain(value: object) -> object:
    """An array, tensor or number of a pickle as a numpy array or number; anything else as it is.

    Raises:
        ValueError: a tensor reaches beyond its storage.
    """
    if isinstance(value, Array):
        if value.values is None:
            raise ValueError("an array has no values")
        return value.values
    if isinstance(value, Tensor):
        return _tensor_values(value)
    return value


def _tensor_values(tensor: Tensor) -> np.ndarray:
    values = tensor.storage.values
    if values is None:
        raise ValueError("a tensor has no values")
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride, strict=True))
    if math.prod(tensor.shape) > len(values) or (math.prod(tensor.shape) and last >= len(values)):
        raise ValueError("a tensor reaches beyond its data")
    strides = tuple(step * values.itemsize for step in tensor.stride)
    view = np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, strides, writeable=False)
    if tensor.storage.half_of_float:
        return (view.astype(np.uint32) << 16).view(np.float32)
    return view.copy()


def allowed(budget: Budget, records: frozenset[str] = frozenset(), depth: int = 0) -> Allowed:
    """What files with arrays may name.

    Args:
        records: names of classes that are read as records.
        depth: how many files this one is inside of.
    """
    makers = {
        "numpy.dtype": _dtype,
        "_codecs.encode": _latin1,
        "__builtin__.bytes": _no_bytes,
        "collections.OrderedDict": _ordered,
        "torch._utils._rebuild_tensor_v2": _tensor,
        "torch.storage._load_from_bytes": lambda arguments: _from_torch(arguments, budget, depth),
    }
    for package in ("numpy.core", "numpy._core"):
        makers[f"{package}.multiarray._reconstruct"] = _empty_array
        makers[f"{package}.multiarray.scalar"] = _scalar
        makers[f"{package}.numeric._frombuffer"] = _array_of_buffer
    return Allowed(makers, frozenset(("numpy.ndarray", *_STORAGES)), records)


def _dtype(arguments: tuple[object, ...]) -> Dtype:
    name = _DTYPE.fullmatch(arguments[0]) if arguments and isinstance(arguments[0], str) else None
    if name is None:
        raise ValueError("the type of an array is damaged or none of plain numbers")
    result = Dtype(name[1])
    _ = result.dtype  # numpy has such a type
    return result


def _latin1(arguments: tuple[object, ...]) -> bytes:
    text, encoding = arguments
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes are damaged")
    return text.encode("latin-1")


def _no_bytes(arguments: tuple[object, ...]) -> bytes:
    """How old files write bytes when there are none."""
    if arguments != ():
        raise ValueError("bytes are damaged")
    return b""


def _ordered(arguments: tuple[object, ...]) -> dict[object, object]:
    if arguments not in ((), ([],)):
        raise ValueError("an ordered dictionary is damaged")
    return {}


def _empty_array(arguments: tuple[object, ...]) -> Array:
    if not arguments or arguments[0] != Name("numpy", "ndarray"):
        raise ValueError("an array is damaged")
    return Array()


def _scalar(arguments: tuple[object, ...]) -> float:
    dtype, content = arguments
    return float(_from_bytes(content, dtype, (), False))


def _array_of_buffer(arguments: tuple[object, ...]) -> Array:
    content, dtype, shape, order = arguments
    return Array(_from_bytes(content, dtype, shape, order == "F"))


def _from_bytes(content: object, dtype: object, shape: object, fortran: bool) -> np.ndarray:
    """The array of bytes that are there; numpy views them, so that nothing is allocated."""
    sizes = _sizes(shape)
    if not isinstance(dtype, Dtype) or not isinstance(content, (bytes, bytearray, memoryview)):
        raise ValueError("an array is damaged")
    if math.prod(sizes) * dtype.dtype.itemsize != len(content):
        raise ValueError("an array is not as large as it says")
    return np.frombuffer(content, dtype.dtype).reshape(sizes, order="F" if fortran else "C")


def _sizes(shape: object) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or len(shape) > 8:
        raise ValueError("the shape of an array is damaged")
    for size in shape:
        if type(size) is not int or not 0 <= size < 2**40:
            raise ValueError("the shape of an array is damaged")
    return shape


def _tensor(arguments: tuple[object, ...]) -> Tensor:
    storage, offset, shape, stride = arguments[:4]
    if not isinstance(storage, Storage) or type(offset) is not int or offset < 0:
        raise ValueError("a tensor is damaged")
    sizes, steps = _sizes(shape), _sizes(stride)
    if len(sizes) != len(steps):
        raise ValueError("a tensor is damaged")
    return Tensor(storage, offset, sizes, steps)


def _from_torch(arguments: tuple[object, ...], budget: Budget, depth: int) -> object:
    """What torch saved as bytes inside of a pickle: its older form, or its newer one, a zip file."""
    content = arguments[0] if len(arguments) == 1 else None
    if not isinstance(content, (bytes, bytearray)):
        raise ValueError("torch's data are damaged")
    if depth >= _DEEPEST:
        raise refused("files are nested in it too deeply")
    budget.nested(len(content))
    if content[:4] == b"PK\x03\x04":
        return _zipped(bytes(content), budget, depth + 1)
    return _streamed(bytes(content), budget, depth + 1)


@dataclass
class _Storages:
    """The storages that a file of torch refers to, by key."""

    by_key: dict[str, Storage] = field(default_factory=dict)

    def make(self, identity: tuple[object, ...]) -> Storage:
        """For a persistent id: ("storage", type, key, device, count), and None at the end of the older form's."""
        if len(identity) not in (5, 6) or identity[0] != "storage" or identity[5:] not in ((), (None,)):
            raise ValueError("a storage is damaged")
        _, kind, key, _, count = identity[:5]
        if (
            not isinstance(kind, Name)
            or str(kind) not in _STORAGES
            or not isinstance(key, str)
            or type(count) is not int
            or count < 0
        ):
            raise ValueError("a storage is damaged")
        storage = Storage(_STORAGES[str(kind)], count, str(kind) == _HALF_OF_FLOAT)
        return self.by_key.setdefault(key, storage)

    def allowed(self, budget: Budget, depth: int) -> Allowed:
        """What a file of torch may name."""
        base = allowed(budget, frozenset(), depth)
        return Allowed(base.makers, base.names, base.records, self.make)


def _streamed(content: bytes, budget: Budget, depth: int) -> object:
    """Magic number, protocol, system, object, keys, and then the bytes of each storage."""
    stream = io.BytesIO(content)
    nothing = Allowed()
    if unpickle(stream, nothing, budget) != _TORCH_MAGIC or unpickle(stream, nothing, budget) != _TORCH_PROTOCOL:
        raise ValueError("torch's data are damaged")
    system = unpickle(stream, nothing, budget)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise ValueError("torch's data are in an order of bytes that is not read")
    storages = _Storages()
    value = unpickle(stream, storages.allowed(budget, depth), budget)
    keys = unpickle(stream, nothing, budget)
    if not isinstance(keys, list):
        raise ValueError("torch's data are damaged")
    for key in keys:
        if not isinstance(key, str):
            raise ValueError("torch's data are damaged")
        storage = storages.by_key[key]
        count = int.from_bytes(stream.read(8), "little")
        if count != storage.count:
            raise ValueError("a storage is not as large as it says")
        storage.fill(_exactly(stream, count * np.dtype(storage.dtype).itemsize))
    return value


def _exactly(stream: io.BytesIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise ValueError("torch's data end too early")
    return content


def _zipped(content: bytes, budget: Budget, depth: int) -> object:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
            folder = name.removesuffix("data.pkl")
            storages = _Storages()
            value = unpickle(io.BytesIO(_member(archive, name, budget)), storages.allowed(budget, depth), budget)
            if (
                f"{folder}byteorder" in archive.namelist()
                and _member(archive, f"{folder}byteorder", budget) != b"little"
            ):
                raise ValueError("torch's data are in an order of bytes that is not read")
            for key, storage in storages.by_key.items():
                data = _member(archive, f"{folder}data/{key}", budget)
                if len(data) != storage.count * np.dtype(storage.dtype).itemsize:
                    raise ValueError("a storage is not as large as it says")
                storage.fill(data)
            return value
    except (zipfile.BadZipFile, StopIteration, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"torch's data are damaged: {error}") from error


def _member(archive: zipfile.ZipFile, name: str, budget: Budget) -> bytes:
    """A member's bytes, its stated size counted first: zip files can unpack to far more than they are."""
    information = archive.getinfo(name)
    budget.nested(information.file_size)
    with archive.open(information) as member:
        content = member.read(information.file_size + 1)
    if len(content) != information.file_size:
        raise ValueError("a member of a zip file is not as large as it says")
    return content

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads tensors from checkpoint files without running anything that is in them."""

from __future__ import annotations

import argparse
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import Action, ErrorCode, TalkingHeadError

PICKLED = (".pth", ".pth.tar", ".pt", ".th", ".ckpt", ".bin")
SAFETENSORS = ".safetensors"

# Trainers save their options beside the networks: an object that holds values and does nothing.
_PLAIN_OBJECTS = (argparse.Namespace,)
_ZIP_START = b"PK\x03\x04"
# Under this name trainers keep the tensors, with other things beside it.
_NESTED = "state_dict."

# What the readers raise for files that were cut or changed, besides errors of their own; OSError is a wrong place in
# the file, which was opened before.
_DAMAGE = (
    RuntimeError, ValueError, OSError, EOFError, LookupError, AttributeError, TypeError, AssertionError, struct.error
)  # fmt: skip


def read_networks(path: Path, *prefixes: str) -> dict[str, Tensor]:
    """Tensors of some of the networks in a checkpoint of many; the others are passed over and take no memory.

    Args:
        path: as in ``read_tensors``.
        prefixes: how the names of the wanted tensors begin, such as ``first_stage_model.``.

    Returns:
        Name to tensor, without a ``state_dict.`` before the name.

    Raises:
        TalkingHeadError: as ``read_tensors``; WEIGHTS_CORRUPT where the file has none of them.
    """

    def wanted(name: str) -> bool:
        return name.removeprefix(_NESTED).startswith(prefixes)

    return {name.removeprefix(_NESTED): tensor for name, tensor in read_tensors(path, wanted=wanted).items()}


def read_tensors(
    path: Path, only: Collection[str] | None = None, wanted: Callable[[str], bool] | None = None
) -> dict[str, Tensor]:
    """All tensors of a file, on the CPU.

    Args:
        path: a .safetensors file, or a .pth (.pth.tar, .pt, .th, .ckpt, .bin) file that torch saved. Of the latter
            only tensors, plain containers, numbers and a trainer's options are read (``weights_only``); whatever would
            run code is refused.
        only: names at the top level that are wanted; what else the file holds is ignored, may be any plain data such as
            a trainer's state, and takes no memory.
        wanted: the same by the whole name, as it is returned.

    Returns:
        Name to tensor. Dictionaries inside dictionaries are flattened: their names are joined by dots.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING for no such file; UNSUPPORTED_INPUT for another kind of file; WEIGHTS_CORRUPT
            for a file that is damaged, holds something other than tensors, or numbers that are not finite.
    """
    _check_file(path)
    read = _from_safetensors if _is_safetensors(path) else _from_pickled
    return read(path, only, wanted or (lambda name: True))


def pickled_windows(
    path: Path, only: Collection[str] | None = None, wanted: Callable[[str], bool] | None = None
) -> dict[str, Tensor]:
    """As ``read_tensors`` of a file that torch saved, but as windows into the file: for passing on what is large.

    They keep the file open. Where it cannot be mapped they lie in memory, all of the file.
    """
    _check_file(path)
    kept = {name: value for name, value in _table(path).items() if only is None or name in only}
    windows = dict(_tensors(path, kept, wanted or (lambda name: True)))
    _check(path, windows)
    return windows


def pickled_sizes(path: Path) -> dict[str, tuple[int, torch.dtype]]:
    """How many numbers each tensor of a file that torch saved has, and of which type; the numbers are not read.

    Raises:
        TalkingHeadError: as ``read_tensors``, as far as that is seen without reading the tensors.
    """
    _check_file(path)
    values = _values(_table(path), "")
    return {name: (value.numel(), value.dtype) for name, value in values if isinstance(value, Tensor)}


def tensor_names(path: Path) -> list[str]:
    """Names of all tensors in a file, as ``read_tensors`` has them, but without ``state_dict.`` before them.

    Raises:
        TalkingHeadError: as ``read_tensors``, as far as that is seen without reading the tensors.
    """
    _check_file(path)
    if not _is_safetensors(path):
        return [name.removeprefix(_NESTED) for name, value in _values(_table(path), "") if isinstance(value, Tensor)]
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return [name.removeprefix(_NESTED) for name in file.keys()]
    except (SafetensorError, *_DAMAGE) as error:
        raise _damaged(path, error) from error


def _is_safetensors(path: Path) -> bool:
    return path.name.lower().endswith(SAFETENSORS)


def _check_file(path: Path) -> None:
    """Refuse what is no file, or no kind of file that can be read."""
    name = path.name.lower()
    if not name.endswith((*PICKLED, SAFETENSORS)):
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"{path.name} is not a kind of weight file that can be read.",
            "Choose a .safetensors or a .pth file.",
        )
    if not path.is_file():
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_MISSING,
            f"The model file {path.name} is not there.",
            "Get the models, or name the folder that has them.",
            Action.GET_MODELS,
            str(path),
        )
    try:
        path.open("rb").close()
    except OSError as error:
        raise _unreadable(path, error) from error


def _from_safetensors(path: Path, only: Collection[str] | None, wanted: Callable[[str], bool]) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            names = [name for name in file.keys() if only is None or name.partition(".")[0] in only]
            return _copied(path, {name: file.get_tensor(name) for name in names if wanted(name)})
    except (SafetensorError, *_DAMAGE) as error:
        raise _damaged(path, error) from error


def _from_pickled(path: Path, only: Collection[str] | None, wanted: Callable[[str], bool]) -> dict[str, Tensor]:
    kept = {name: value for name, value in _table(path).items() if only is None or name in only}
    return _copied(path, dict(_tensors(path, kept, wanted)))


def _table(path: Path) -> Mapping[object, object]:
    """What a file of torch holds."""
    try:
        content = _unpickled(path)
    except UnpicklingError as error:
        raise _refused(path, error) from error
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    if not isinstance(content, Mapping):
        raise _foreign(path, f"it is a {type(content).__name__} and not a table of tensors")
    return content


def _unpickled(path: Path) -> object:
    """What a file holds, as windows into it where its format (a zip file since PyTorch 1.6) allows that."""
    with path.open("rb") as stream:
        is_zip = stream.read(len(_ZIP_START)) == _ZIP_START
    with torch.serialization.safe_globals(list(_PLAIN_OBJECTS)):
        if is_zip:
            try:
                return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            except RuntimeError as error:
                if "unable to mmap" not in str(error):  # some network drives cannot
                    raise
        return torch.load(path, map_location="cpu", weights_only=True)


def _copied(path: Path, windows: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of their own, checked: windows into a file keep it open, and all of it in memory if it was read whole."""
    _check(path, windows)
    return {name: tensor.clone() for name, tensor in windows.items()}


def _tensors(
    path: Path, content: Mapping[object, object], wanted: Callable[[str], bool]
) -> Iterator[tuple[str, Tensor]]:
    """The wanted tensors; whatever else is wanted is refused."""
    for name, value in _values(content, ""):
        if not wanted(name):
            continue
        if not isinstance(value, Tensor):
            raise _foreign(path, f"'{name}' is a {type(value).__name__} and not a tensor")
        yield name, value.detach()


def _values(content: Mapping[object, object], prefix: str) -> Iterator[tuple[str, object]]:
    """What tables inside tables hold, their names joined by dots."""
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _values(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _check(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors that are not plain numbers."""
    if not tensors:
        raise _foreign(path, "it has no tensors of this model")
    size = path.stat().st_size
    for name, tensor in tensors.items():
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_complex():
            raise _foreign(path, f"'{name}' is a special kind of tensor")
        # A few bytes can be declared as any number of tensors of any size, which would fill the memory later.
        size -= tensor.nbytes
        if size < 0:
            raise _foreign(path, f"'{name}' claims to be larger than the file")
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise _foreign(path, f"'{name}' has values that are not finite")


def _refused(path: Path, error: Exception) -> TalkingHeadError:
    if "unsupported global" in str(error).lower() or "unsupported class" in str(error).lower():
        return TalkingHeadError(
            ErrorCode.WEIGHTS_CORRUPT,
            f"{path.name} holds more than tensors and was not read: it could run a program.",
            "Use the official file or a .safetensors file, which cannot hold programs.",
            Action.GET_MODELS,
            str(error),
        )
    return _damaged(path, error)


def _damaged(path: Path, error: Exception) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        f"The model file {path.name} is damaged, incomplete or not a weight file.",
        "Delete it and get it again.",
        Action.GET_MODELS,
        f"{type(error).__name__}: {error}",
    )


def _foreign(path: Path, reason: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        f"The model file {path.name} cannot be used: {reason}.",
        "Use the official file or its safetensors conversion.",
        Action.GET_MODELS,
    )


def _unreadable(path: Path, error: OSError) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.WEIGHTS_MISSING,
        f"The model file {path.name} cannot be read.",
        "Check that the file is there and that it may be read.",
        Action.GET_MODELS,
        str(error),
    )

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads tensors from checkpoint files without running anything that is in them."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import Action, ErrorCode, TalkingHeadError

PICKLED = (".pth", ".pt", ".ckpt", ".bin")
SAFETENSORS = ".safetensors"

# What the readers raise for files that were cut or changed, besides errors of their own; OSError is a wrong place in
# the file, which was opened before.
_DAMAGE = (
    RuntimeError, ValueError, OSError, EOFError, LookupError, AttributeError, TypeError, AssertionError, struct.error
)  # fmt: skip


def read_tensors(path: Path, only: Collection[str] | None = None) -> dict[str, Tensor]:
    """All tensors of a file, on the CPU.

    Args:
        path: a .safetensors file, or a .pth (.pt, .ckpt, .bin) file that torch saved. Of the latter only tensors, plain
            containers and numbers are read (``weights_only``); whatever would run code is refused.
        only: names at the top level that are wanted; what else the file holds is ignored and may be anything.

    Returns:
        Name to tensor. Dictionaries inside dictionaries are flattened: their names are joined by dots.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING for no such file; UNSUPPORTED_INPUT for another kind of file; WEIGHTS_CORRUPT
            for a file that is damaged, holds something other than tensors, or numbers that are not finite.
    """
    suffix = path.suffix.lower()
    if suffix not in (*PICKLED, SAFETENSORS):
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
    tensors = _from_safetensors(path, only) if suffix == SAFETENSORS else _from_pickled(path, only)
    _check(path, tensors)
    return tensors


def _from_safetensors(path: Path, only: Collection[str] | None) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            wanted = [name for name in file.keys() if only is None or name.partition(".")[0] in only]
            # Copies: the reader's own tensors are windows into the file, which would stay open as long as they live.
            return {name: file.get_tensor(name).clone() for name in wanted}
    except (SafetensorError, *_DAMAGE) as error:
        raise _damaged(path, error) from error


def _from_pickled(path: Path, only: Collection[str] | None) -> dict[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise _refused(path, error) from error
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    if not isinstance(content, Mapping):
        raise _foreign(path, f"it is a {type(content).__name__} and not a table of tensors")
    kept = {name: value for name, value in content.items() if only is None or name in only}
    return dict(_flattened(path, kept, ""))


def _flattened(path: Path, content: Mapping[object, object], prefix: str) -> Iterator[tuple[str, Tensor]]:
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, Tensor):
            yield name, value.detach()
        elif isinstance(value, Mapping):
            yield from _flattened(path, value, f"{name}.")
        else:
            raise _foreign(path, f"'{name}' is a {type(value).__name__} and not a tensor")


def _check(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors that are not plain numbers."""
    if not tensors:
        raise _foreign(path, "it has no tensors")
    size = path.stat().st_size
    for name, tensor in tensors.items():
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_complex():
            raise _foreign(path, f"'{name}' is a special kind of tensor")
        # A few bytes can be declared as a tensor of any size, which would fill the memory later.
        if tensor.nbytes > size:
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

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the tensors of large networks, from any of the forms that people have them in, into one table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from diffusers.quantizers.gguf.utils import SUPPORTED_GGUF_QUANT_TYPES, GGUFParameter
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...errors import Action, ErrorCode, TalkingHeadError
from ...weights.tensors import pickled_windows, read_tensors
from ..neural.strict_loading import wrong_file
from .scaled import EIGHT_BIT

GGUF = ".gguf"
_FLOATS = {gguf.GGMLQuantizationType.F32: np.float32, gguf.GGMLQuantizationType.F16: np.float16}
_DAMAGE = (SafetensorError, RuntimeError, ValueError, OSError, EOFError, LookupError, TypeError, AssertionError)


def part_paths(paths: Mapping[str, Path], part: str) -> list[Path]:
    """The files of a part of a weight set: the one of its name, or its shards ``part_1``, ``part_2`` ..., in order.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING where there is none.
    """
    if part in paths:
        return [paths[part]]
    numbered = {int(found[1]): name for name in paths if (found := re.fullmatch(rf"{re.escape(part)}_(\d+)", name))}
    if not numbered:
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_MISSING,
            f"The model file of '{part}' is missing.",
            "Get the models, or name a folder that has them.",
            Action.GET_MODELS,
        )
    return [paths[numbered[number]] for number in sorted(numbered)]


def read_files(files: Sequence[Path], dtype: torch.dtype | None = None, windows: bool = False) -> dict[str, Tensor]:
    """All tensors of one or several files, on the CPU.

    Args:
        files: .safetensors, .gguf, or what torch saved (.pth, .pt, .ckpt, .bin).
        dtype: of floating point numbers; None for as they are in the files. What is quantized, and 8 bit floats, stay
            as they are: GGUF's tensors are diffusers' GGUFParameter.
        windows: tensors of files other than GGUF are windows into these, for networks that ``forms.shaped`` copies one
            tensor after the other: so they are in memory only as they will be held. They keep the file open.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, UNSUPPORTED_INPUT, WEIGHTS_CORRUPT: see ``read_tensors``; WEIGHTS_CORRUPT
            where two files have a tensor of the same name.
    """
    found: dict[str, Tensor] = {}
    for path in files:
        for name, tensor in _read(path, windows):
            if name in found:
                raise wrong_file(f"{path.name} and another file of the same network both have {name}.")
            found[name] = tensor if dtype is None or not _is_plain(tensor) else tensor.to(dtype)
    return found


def _is_plain(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.dtype not in EIGHT_BIT


def _read(path: Path, windows: bool) -> Iterator[tuple[str, Tensor]]:
    kind = path.suffix.lower()
    if kind not in (GGUF, ".safetensors"):
        yield from (pickled_windows if windows else read_tensors)(path).items()
        return
    with guarded(path):
        yield from _from_gguf(path) if kind == GGUF else _from_safetensors(path, windows)


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """What readers of a file raise is told as an error of the file.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS.
    """
    if not path.is_file():
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_MISSING,
            f"The model file {path.name} is not there.",
            "Get the models, or name the folder that has them.",
            Action.GET_MODELS,
            str(path),
        )
    try:
        yield
    except _DAMAGE as error:
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_CORRUPT,
            f"The model file {path.name} is damaged, incomplete or not a weight file.",
            "Delete it and get it again.",
            Action.GET_MODELS,
            f"{type(error).__name__}: {error}",
        ) from error


def _from_safetensors(path: Path, windows: bool) -> Iterator[tuple[str, Tensor]]:
    """One tensor after the other, so that no more than one is held in two types."""
    with safe_open(path, framework="pt", device="cpu") as file:
        for name in file.keys():
            tensor = file.get_tensor(name)
            tensor = tensor if windows else tensor.clone()
            if tensor.is_floating_point() and not _finite(tensor):
                raise ValueError(f"'{name}' has values that are not finite")
            yield name, tensor


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor.to(torch.bfloat16) if tensor.dtype in EIGHT_BIT else tensor).all())


def _from_gguf(path: Path) -> Iterator[tuple[str, Tensor]]:
    reader = gguf.GGUFReader(path)
    for entry in reader.tensors:
        kind = entry.tensor_type
        if kind in _FLOATS:
            tensor = torch.from_numpy(np.array(entry.data, _FLOATS[kind]))
        elif kind is gguf.GGMLQuantizationType.BF16:
            tensor = torch.from_numpy(np.array(entry.data)).view(torch.bfloat16)
        elif kind in SUPPORTED_GGUF_QUANT_TYPES:
            yield entry.name, _quantized(np.array(entry.data), kind)
            continue
        else:
            raise ValueError(f"'{entry.name}' is quantized as {kind.name}, which is not supported")
        yield entry.name, _in_shape(reader, entry.name, tensor)


def _quantized(blocks: np.ndarray, kind: gguf.GGMLQuantizationType) -> Tensor:
    """Blocks as they are in the file, (rows, bytes) uint8."""
    make: Any = GGUFParameter
    return make(torch.from_numpy(blocks), quant_type=kind)


def _in_shape(reader: gguf.GGUFReader, name: str, tensor: Tensor) -> Tensor:
    """Tensors of more than four dimensions are laid flat by some programs, which note the shape."""
    noted = reader.get_field(f"comfy.gguf.orig_shape.{name}")
    return tensor if noted is None else tensor.reshape([int(noted.parts[i][0]) for i in noted.data])

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what is needed of an official checkpoint as safetensors: smaller, and of a format that can hold no program."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ..errors import ErrorCode, TalkingHeadError
from .edtalk import EDTALK_NETWORKS
from .tensors import SAFETENSORS, read_tensors
from .tpsmm import TPSMM_NETWORKS

# Those without which a file is no model; of the Thin-Plate Spline Motion Model's five, two may be missing.
_COMPLETE = (frozenset(TPSMM_NETWORKS[:3]), *(frozenset((network,)) for network in EDTALK_NETWORKS.values()))
_KNOWN = (*TPSMM_NETWORKS, *EDTALK_NETWORKS.values())


def convert(path: Path, output: Path | None = None) -> Path:
    """Convert an official file of EDTalk or of the Thin-Plate Spline Motion Model.

    The result is read back and compared. Tensors keep their values and types. Their names begin with that of their
    network, such as ``gen.enc...``: what ``read_tensors`` gives of the one file, it gives of the other.

    Args:
        output: file to write; by default beside ``path`` and of its name, such as ``vox.safetensors``.

    Returns:
        The file that was written. It appears when it is whole.

    Raises:
        TalkingHeadError: as ``read_tensors``; UNSUPPORTED_INPUT for a file of another model, or one that is safetensors
            already; OUTPUT_NOT_WRITABLE, also where the file is there.
    """
    target = output or path.with_name(path.name.partition(".")[0] + SAFETENSORS)
    if path.name.lower().endswith(SAFETENSORS):
        raise _unsupported(f"{path.name} is a safetensors file already.")
    if not target.name.lower().endswith(SAFETENSORS):
        raise _not_written(target, "its name must end in .safetensors")
    if target.exists():
        raise _not_written(target, "it is there already")
    tensors = read_tensors(path, only=_KNOWN)
    _check(path, tensors)
    _write(target, tensors, path)
    return target


def _check(path: Path, tensors: Mapping[str, Tensor]) -> None:
    networks = {name.partition(".")[0] for name in tensors}
    if not any(complete <= networks for complete in _COMPLETE):
        raise _unsupported(f"{path.name} holds no model of EDTalk or of the Thin-Plate Spline Motion Model.")


def _write(target: Path, tensors: Mapping[str, Tensor], source: Path) -> None:
    part = target.with_name(f"{target.stem}.part-{os.getpid()}{SAFETENSORS}")
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part)
        written = read_tensors(part)
        if written.keys() != tensors.keys() or not all(torch.equal(written[name], tensors[name]) for name in tensors):
            raise _not_written(target, "what was written is not what was read")
        shutil.copymode(source, part)
        os.replace(part, target)
    except (OSError, SafetensorError) as error:
        raise _not_written(target, getattr(error, "strerror", None) or str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def _unsupported(message: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.UNSUPPORTED_INPUT, message, "Choose an official file, such as EDTalk.pt or vox.pth.tar."
    )


def _not_written(target: Path, reason: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.OUTPUT_NOT_WRITABLE,
        f"The file {target} cannot be written: {reason}.",
        "Name another file with --output.",
    )

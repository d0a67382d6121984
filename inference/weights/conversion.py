# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what is needed of an official checkpoint as safetensors: smaller, and of a format that can hold no program."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..errors import ErrorCode, TalkingHeadError
from .edtalk import EDTALK_NETWORKS
from .tensors import SAFETENSORS, pickled_windows, tensor_names
from .tpsmm import TPSMM_NETWORKS
from .xportrait import XPORTRAIT_KEPT, XPORTRAIT_PREFIXES

# Those without which a file is no model; of the Thin-Plate Spline Motion Model's five, two may be missing.
_COMPLETE = (frozenset(TPSMM_NETWORKS[:3]), *(frozenset((network,)) for network in EDTALK_NETWORKS.values()))
_KNOWN = (*TPSMM_NETWORKS, *EDTALK_NETWORKS.values())
_NESTED = "state_dict."


def convert(path: Path, output: Path | None = None) -> Path:
    """Convert an official file of EDTalk, of the Thin-Plate Spline Motion Model or of X-Portrait.

    The result is read back and compared, tensor by tensor, so that large files fit. Tensors keep their values and
    types. Their names begin with that of their network, such as ``gen.enc...``: what ``read_tensors`` gives of the one
    file, it gives of the other, apart from X-Portrait's ``state_dict.`` before all names.

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
    _write(target, _needed(path), path)
    return target


def _needed(path: Path) -> dict[str, Tensor]:
    """The tensors of a model's networks, as windows into its file."""
    names = tensor_names(path)
    if all(any(name.startswith(prefix) for name in names) for prefix in XPORTRAIT_PREFIXES):
        windows = pickled_windows(path, wanted=lambda name: name.removeprefix(_NESTED).startswith(XPORTRAIT_KEPT))
        return {name.removeprefix(_NESTED): tensor for name, tensor in windows.items()}
    networks = {name.partition(".")[0] for name in names}
    if not any(complete <= networks for complete in _COMPLETE):
        models = "EDTalk, of the Thin-Plate Spline Motion Model or of X-Portrait"
        raise _unsupported(f"{path.name} holds no model of {models}.")
    return pickled_windows(path, only=_KNOWN)


def _write(target: Path, tensors: Mapping[str, Tensor], source: Path) -> None:
    part = target.with_name(f"{target.stem}.part-{os.getpid()}{SAFETENSORS}")
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part)
        if not _holds(part, tensors):
            raise _not_written(target, "what was written is not what was read")
        shutil.copymode(source, part)
        os.replace(part, target)
    except (OSError, SafetensorError) as error:
        raise _not_written(target, getattr(error, "strerror", None) or str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def _holds(path: Path, tensors: Mapping[str, Tensor]) -> bool:
    """Whether a safetensors file has exactly these tensors; one after the other is read."""
    with safe_open(path, framework="pt", device="cpu") as file:
        names = set(file.keys())
        return names == tensors.keys() and all(torch.equal(file.get_tensor(name), tensors[name]) for name in names)


def _unsupported(message: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.UNSUPPORTED_INPUT, message, "Choose an official file, such as EDTalk.pt or model_state-415001.th."
    )


def _not_written(target: Path, reason: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.OUTPUT_NOT_WRITABLE,
        f"The file {target} cannot be written: {reason}.",
        "Name another file with --output.",
    )

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device that networks run on: its choice, its memory, and what to do when that runs out.

CUDA includes AMD's ROCm, which PyTorch shows under the same name.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import torch

from ...errors import ErrorCode, TalkingHeadError

VARIABLE = "TALKINGHEAD_DEVICE"
KINDS = ("cuda", "mps", "cpu")
# What CUDA, ROCm and their libraries say when a device fails, or is too old for this PyTorch.
_DEVICE_FAILED = ("CUDA error", "HIP error", "CUDNN_STATUS", "CUBLAS_STATUS", "CUDA driver error")
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "status_alloc_failed")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Device:
    """Where networks run.

    Attributes:
        kind: ``cuda``, ``mps`` or ``cpu``.
        index: which of several of the kind.
    """

    kind: str
    index: int = 0

    @property
    def torch(self) -> torch.device:
        """PyTorch's name for it."""
        return torch.device("cuda", self.index) if self.kind == "cuda" else torch.device(self.kind)

    @property
    def label(self) -> str:
        """What people call it."""
        if self.kind == "cuda":
            return torch.cuda.get_device_name(self.index)
        return "Apple GPU" if self.kind == "mps" else "CPU"

    @property
    def half(self) -> torch.dtype | None:
        """The 16 bit type that computes faster here than 32 bit; None where there is none.

        bfloat16 has the range of 32 bit floats, so it comes first where the hardware has it. On Apple's GPUs half
        precision has shown no gain, and on CPUs only matrix units (AMX) make it faster.
        """
        if self.kind == "cuda":
            with torch.cuda.device(self.index):
                return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
        return torch.bfloat16 if self.kind == "cpu" and has_matrix_units() else None

    def release(self) -> None:
        """Give memory that is no longer used back to the system."""
        gc.collect()
        if self.kind == "cuda":
            torch.cuda.empty_cache()
        elif self.kind == "mps":
            torch.mps.empty_cache()


def choose_device(name: str = "") -> Device:
    """The device of a name, or of the variable TALKINGHEAD_DEVICE, or the fastest.

    Args:
        name: ``cuda``, ``cuda:1``, ``mps``, ``cpu``, or ``auto`` or nothing for the choice.

    Raises:
        TalkingHeadError: INVALID_REQUEST for another name, UNSUPPORTED_INPUT for a device that is not here.
    """
    wanted = (name or os.environ.get(VARIABLE, "")).strip().lower() or "auto"
    if wanted == "auto":
        return next(device for device in map(Device, KINDS) if _is_here(device))
    kind, _, index = wanted.partition(":")
    if kind not in KINDS or (index and not index.isdecimal()):
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"There is no device '{wanted}'.", f"Use auto, {', '.join(KINDS)} or cuda:1."
        )
    device = Device(kind, int(index or 0))
    if not _is_here(device):
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"The device {wanted} cannot be used on this computer.",
            "Choose another device, or automatic; an NVIDIA or AMD GPU needs its driver and the PyTorch made for it.",
        )
    return device


def _is_here(device: Device) -> bool:
    if device.kind == "cuda":
        return torch.cuda.is_available() and device.index < torch.cuda.device_count()
    return device.kind == "cpu" or torch.backends.mps.is_available()


def has_matrix_units() -> bool:
    """Whether the CPU multiplies matrices of bfloat16 in hardware (Intel's AMX)."""
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of PyTorch, or Python's, says that memory ran out."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error).lower() for text in _OUT_OF_MEMORY)


def raise_failure(device: Device, error: RuntimeError | MemoryError) -> NoReturn:
    """Tell the user of a failure of the device; errors of other kinds are raised as they are.

    Raises:
        TalkingHeadError: OUT_OF_MEMORY, UNSUPPORTED_INPUT.
    """
    if is_out_of_memory(error):
        raise TalkingHeadError(
            ErrorCode.OUT_OF_MEMORY,
            f"The memory of the device ({device.label}) is not enough for one frame.",
            "Close other programs that use it, or choose the CPU as device.",
            details=str(error),
        ) from error
    if any(text in str(error) for text in _DEVICE_FAILED):
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"The device ({device.label}) failed, or this PyTorch was not made for it.",
            "Restart the worker; if it fails again, update the graphics driver or choose the CPU as device.",
            details=str(error),
        ) from error
    raise error


class Batches:
    """Runs a function over batches; when memory runs out, the batches are halved and stay so.

    Args:
        device: whose memory is released before the next try.
        size: items a batch at first.
    """

    def __init__(self, device: Device, size: int) -> None:
        self.size = size
        self._device = device

    def run(self, function: Callable[[slice], Result], count: int) -> Iterator[Result]:
        """The function's result for each batch of ``count`` items, in their order.

        Args:
            function: takes the batch as a slice of the items.

        Raises:
            TalkingHeadError: OUT_OF_MEMORY where not even one item fits, UNSUPPORTED_INPUT where the device fails.
        """
        start = 0
        while start < count:
            end = min(start + self.size, count)
            try:
                result = function(slice(start, end))
            except (RuntimeError, MemoryError) as error:
                if end - start == 1 or not is_out_of_memory(error):
                    raise_failure(self._device, error)
                self.size = (end - start) // 2
            else:
                yield result
                start = end
                continue
            # Only here, behind the except clause, is the traceback gone that kept the batch's tensors alive.
            self._device.release()

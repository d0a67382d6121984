# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine computes on, in words and numbers for people."""

from __future__ import annotations

import torch

from .device import choose_device


def report() -> dict[str, object]:
    """Versions and the device that would be used now.

    Returns:
        ``torch``: its version; ``kind``: ``cuda``, ``mps`` or ``cpu``; ``name``: of the device; ``cuda``: version of
        CUDA or ROCm that this PyTorch was made for, "" without; ``memory_mb``: the device's own memory, 0 without.

    Raises:
        TalkingHeadError: as ``choose_device``.
    """
    device = choose_device()
    memory = torch.cuda.get_device_properties(device.index).total_memory if device.kind == "cuda" else 0
    return {
        "torch": torch.__version__,
        "kind": device.kind,
        "name": device.label,
        "cuda": _toolkit(),
        "memory_mb": round(memory / 1e6),
    }


def _toolkit() -> str:
    if torch.version.hip:
        return f"ROCm {torch.version.hip}"
    return f"CUDA {torch.version.cuda}" if torch.version.cuda else ""

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Noise that depends on a seed, a frame of the film and a purpose, and on nothing else.

So a section that is drawn again after an interruption, or by another computer, begins with the same noise.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor


def frame_noise(seed: int, frame: int, shape: tuple[int, ...], stream: str) -> Tensor:
    """Standard normal numbers for one frame.

    NumPy keeps the numbers of ``RandomState`` the same in all its versions and on all platforms; those of PyTorch
    differ from device to device.

    Args:
        seed: the setting "seed".
        frame: index in the film.
        shape: of the result, such as (4, h, w).
        stream: what the noise is for, such as "start" or "step 12"; each has numbers of its own.

    Returns:
        float32 on the CPU.
    """
    digest = hashlib.sha256(f"{seed}/{frame}/{stream}".encode()).digest()
    numbers = np.random.RandomState(np.frombuffer(digest, "<u4").astype(np.uint32))
    return torch.from_numpy(numbers.standard_normal(shape).astype(np.float32))


def film_noise(seed: int, frames: range, shape: tuple[int, ...], stream: str) -> Tensor:
    """``frame_noise`` of neighboring frames: (n, *shape) float32 on the CPU."""
    return torch.stack([frame_noise(seed, frame, shape, stream) for frame in frames])

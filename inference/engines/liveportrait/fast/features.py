# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is computed once for a source picture."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Features:
    """Terms of one source picture that every frame uses, on the device, 32 bit.

    Attributes:
        volume: (32, 16, 64, 64) from the appearance extractor.
    """

    volume: Tensor

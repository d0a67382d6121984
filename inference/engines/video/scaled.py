# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers of files that hold 8 bit floats together with a number that scales them ("fp8 scaled")."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

# How the names of the numbers end that a layer's weights are to be multiplied by, in older and newer files.
SCALES = (".scale_weight", ".weight_scale")
# What such files hold besides: marks, and scales for computing in 8 bit, which is not done here.
UNUSED = ("scaled_fp8", ".scale_input", ".input_scale", ".comfy_quant")
EIGHT_BIT = (torch.float8_e4m3fn, torch.float8_e5m2)


class ScaledLinear(nn.Linear):
    """A layer whose weights are held in 8 bit and multiplied by a number; computes in the type of what it is given.

    The number is no tensor: networks that are cast to another type keep it as it is.

    Attributes:
        scale: what the weights are multiplied by.
    """

    def __init__(self, size_in: int, size_out: int, bias: bool, scale: float) -> None:
        super().__init__(size_in, size_out, bias)
        self.scale = scale

    def forward(self, input: Tensor) -> Tensor:
        """The layer's output, in the type of its input."""
        found = linear(input, self.weight.to(input.dtype)) * self.scale
        return found if self.bias is None else found + self.bias.to(input.dtype)

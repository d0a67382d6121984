# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms in which large networks are held: 32 bit, 16 bit, or 8 bit with a scale for each row of a matrix.

8 bit: a row w of a matrix is held as whole numbers round(w / s) with s = max |w| / 127, and computed with as s times
those. For normally distributed numbers that is an error of about 0.9 % of their deviation; plain 8 bit floats (e4m3)
have 2.6 %, and more for small numbers, and Apple's devices do not know them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from diffusers import ModelMixin
from diffusers.quantizers.gguf.utils import GGUFLinear
from torch import Tensor, nn

from ..diffusion.parked import fill, tables_of, tensors_of
from .fit import EIGHT, GGUF
from .scaled import EIGHT_BIT, ScaledLinear

_STEPS = 127
# Names of tables that are not rounded: the scales, and the places of the rotary embedding.
_EXACT_TABLES = ("scale", "freqs_cos", "freqs_sin")


class EightBitLinear(nn.Linear):
    """A linear layer held in 8 bit.

    Attributes:
        weight: (out, in) int8.
        scale: (out, 1) float32.
        bias: (out,) or None.
    """

    scale: Tensor

    @classmethod
    def become(cls, layer: nn.Linear) -> None:
        """Hold a layer in 8 bit from now on; what was added to it stays."""
        numbers, scale = in_eight_bit(layer.weight.detach())
        layer.__class__ = cls
        layer.weight = nn.Parameter(numbers, requires_grad=False)
        layer.register_buffer("scale", scale)

    def forward(self, input: Tensor) -> Tensor:
        """(..., in) to (..., out), in the type of what is given."""
        weight = self.weight.to(input.dtype) * self.scale.to(input.dtype)
        return functional.linear(input, weight, None if self.bias is None else self.bias.to(input.dtype))


def in_eight_bit(weight: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix as int8 (out, in) and its rows' scales (out, 1) float32."""
    exact = weight.float()
    scale = exact.abs().amax(1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny) / _STEPS
    return torch.round(exact / scale).to(torch.int8), scale


def shaped(network: nn.Module, form: str, dtype: torch.dtype) -> None:
    """Give a network a form, in place, tensor by tensor; what its file holds in less stays as it is.

    Args:
        form: of ``fit``.
        dtype: what it computes in, and is held in where it is neither quantized nor exact (``_keep_in_fp32_modules`` of
            its class).
    """
    if form == EIGHT:
        _in_eight_bit(network)
    # The text encoder names some as well, for other models; its published numbers are 16 bit.
    exact = tuple(network._keep_in_fp32_modules or ()) if isinstance(network, ModelMixin) else ()
    for place, layer in network.named_modules():
        if isinstance(layer, GGUFLinear):
            layer.compute_dtype = dtype
        wanted = torch.float32 if any(part in place.split(".") for part in exact) else dtype
        for table in tables_of(layer):
            for name, tensor in tensors_of(table).items():
                kept = tensor.dtype
                scaled = isinstance(layer, ScaledLinear) and kept in EIGHT_BIT
                if tensor.is_floating_point() and not scaled and name not in _EXACT_TABLES:
                    kept = torch.float32 if name in exact else wanted
                # A copy of what may be a window into a file, but for what is never one.
                fill(table, {name: tensor.to(kept, copy=form != GGUF and kept is not torch.int8)})


def _in_eight_bit(network: nn.Module) -> None:
    """The matrices of the layers that there are many of; others are small, and matter more."""
    for many in [layer for layer in network.modules() if isinstance(layer, nn.ModuleList)]:
        for layer in many.modules():
            if type(layer) is nn.Linear:
                EightBitLinear.become(layer)

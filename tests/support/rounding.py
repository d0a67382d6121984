# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""16 bit as matrix units compute it, on computers that have none."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def round_to_half(network: nn.Module, half: torch.dtype) -> None:
    """Round weights, inputs and outputs of all convolutions and linear layers, which keep computing in 32 bit.

    Matrix units multiply exactly and sum in 32 bit, so this is what they give.
    """

    def inputs(module: nn.Module, values: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(value.to(half).float() for value in values)

    def outputs(module: nn.Module, values: tuple[Tensor, ...], out: Tensor) -> Tensor:
        return out.to(half).float()

    for module in network.modules():
        if "weight" in module._parameters and "Norm" not in type(module).__name__:
            module._parameters["weight"] = nn.Parameter(module.weight.to(half).float(), requires_grad=False)
            module.register_forward_pre_hook(inputs)
            module.register_forward_hook(outputs)

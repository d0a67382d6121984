# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transformers of the Wan family from the tensors of their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from diffusers import WanAnimateTransformer3DModel, WanTransformer3DModel
from torch import Tensor, nn

from ..neural.strict_loading import wrong_file
from . import shapes
from .names import transformer_names, without_prefix
from .scaled import UNUSED
from .strict import strict


def transformer_from(
    tensors: Mapping[str, Tensor], source: str, dtype: torch.dtype | None = None
) -> WanTransformer3DModel:
    """A transformer that makes video from text.

    Args:
        tensors: with official names, with or without ComfyUI's prefix, or diffusers'.
        source: what they come from, for the error.
        dtype: of its numbers besides those that diffusers holds in 32 bit; None for as they are given. What is
            quantized stays so.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    network = _from(tensors, source, dtype, "Wan 2.1's transformer", WanTransformer3DModel, shapes.transformer)
    assert isinstance(network, WanTransformer3DModel)
    return network


def animate_from(
    tensors: Mapping[str, Tensor], source: str, dtype: torch.dtype | None = None
) -> WanAnimateTransformer3DModel:
    """Wan-Animate's transformer; as ``transformer_from``."""
    network = _from(tensors, source, dtype, "Wan-Animate's transformer", WanAnimateTransformer3DModel, shapes.animate)
    assert isinstance(network, WanAnimateTransformer3DModel)
    return network


def _from(
    tensors: Mapping[str, Tensor],
    source: str,
    dtype: torch.dtype | None,
    label: str,
    make: Callable[..., nn.Module],
    sizes: Callable[[Mapping[str, Tensor]], dict[str, Any]],
) -> nn.Module:
    used = {name: tensor for name, tensor in without_prefix(tensors).items() if not name.endswith(UNUSED)}
    used = transformer_names(used)
    try:
        config = sizes(used)
    except LookupError as error:
        raise wrong_file(f"{source} cannot be {label}: {error.args[0]} is missing.") from error
    return strict(lambda: make(**config), used, label, source, dtype)

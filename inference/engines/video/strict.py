# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large networks from exactly their own tensors, in the types that they are wanted in, or quantized."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import torch
from diffusers.models.transformers.transformer_wan import WanRotaryPosEmbed
from diffusers.models.transformers.transformer_wan_animate import MotionConv2d
from diffusers.models.transformers.transformer_wan_animate import WanRotaryPosEmbed as AnimateRotaryPosEmbed
from diffusers.quantizers.gguf.utils import GGUFLinear, GGUFParameter, dequantize_gguf_tensor
from torch import Tensor, nn

from ..neural.strict_loading import compare
from .scaled import EIGHT_BIT, SCALES, ScaledLinear
from .shapes import shape_of


def strict(
    make: Callable[[], nn.Module],
    tensors: Mapping[str, Tensor],
    label: str,
    source: str,
    dtype: torch.dtype | None = None,
    keep_exact: Collection[str] | None = None,
    unpacked: Collection[str] = (),
) -> nn.Module:
    """A network with these tensors, in eval mode, on the CPU; it is built without memory of its own.

    Args:
        make: builds the network.
        label: what people call it.
        source: file name, for the error.
        dtype: of its numbers; None for as they are given. What is quantized stays so, and computes in this type. 8 bit
            floats without scales stay so where None is given: such a network computes when it was ``forms.shaped``.
        keep_exact: parts of names that are held in 32 bit whatever the type; None for those that the class names.
        unpacked: parts of names whose tensors do not stay quantized.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT where tensors are missing, unexpected or of another shape.
    """
    with torch.device("meta"):
        network = make()
    scales = {name: tensor for name, tensor in tensors.items() if name.endswith(SCALES)}
    tensors = {name: tensor for name, tensor in tensors.items() if name not in scales}
    shapes = {name: torch.empty(shape_of(tensor), device="meta") for name, tensor in tensors.items()}
    compare(network.state_dict(), shapes, label, source)
    exact = tuple(keep_exact if keep_exact is not None else getattr(network, "_keep_in_fp32_modules", None) or ())
    for name, tensor in _ready(network, tensors, scales, dtype, exact, unpacked):
        _put(network, name, tensor)
    _fill_buffers(network)
    return network.requires_grad_(False).eval()


def _ready(
    network: nn.Module,
    tensors: Mapping[str, Tensor],
    scales: Mapping[str, Tensor],
    dtype: torch.dtype | None,
    exact: Collection[str],
    unpacked: Collection[str],
) -> Iterator[tuple[str, Tensor]]:
    """Tensors in the types that they are wanted in; layers of quantized ones are exchanged for those that read them."""
    for name, tensor in tensors.items():
        is_exact = any(part in name.split(".") for part in exact)
        wanted = torch.float32 if is_exact else dtype
        layer = None if is_exact or any(part in name.split(".") for part in unpacked) else _linear_of(network, name)
        if isinstance(tensor, GGUFParameter):
            if layer is None:
                yield name, _plain(tensor).to(wanted or torch.float32)
            else:
                _exchange(network, name, layer, lambda n, m, bias: GGUFLinear(n, m, bias, dtype or torch.float32))
                yield name, tensor
        elif tensor.dtype in EIGHT_BIT:
            scale = _scale_of(name, scales)
            if layer is not None and scale is None and dtype is None:
                yield name, tensor
            elif layer is None or scale is None or scale.numel() > 1:
                yield name, _scaled(tensor, scale).to(wanted or torch.bfloat16)
            else:
                factor = float(scale)
                _exchange(network, name, layer, lambda n, m, bias, factor=factor: ScaledLinear(n, m, bias, factor))
                yield name, tensor
        else:
            yield name, tensor if wanted is None or not tensor.is_floating_point() else tensor.to(wanted)


def _put(network: nn.Module, name: str, tensor: Tensor) -> None:
    """Put a tensor into its place; what is quantized has another shape than what it stands for."""
    place, _, kind = name.rpartition(".")
    layer = network.get_submodule(place)
    if kind in layer._parameters:
        kept = tensor if isinstance(tensor, nn.Parameter) else nn.Parameter(tensor, requires_grad=False)
        layer._parameters[kind] = kept
    else:
        layer._buffers[kind] = tensor


def _linear_of(network: nn.Module, name: str) -> nn.Linear | None:
    """The layer whose weights have this name, where it is a linear one."""
    place, _, kind = name.rpartition(".")
    layer = network.get_submodule(place)
    return layer if kind == "weight" and isinstance(layer, nn.Linear) else None


def _exchange(network: nn.Module, name: str, layer: nn.Linear, make: Callable[[int, int, bool], nn.Linear]) -> None:
    """Put another layer into the place of the one whose weights have this name; it keeps the bias."""
    with torch.device("meta"):
        kept = make(layer.in_features, layer.out_features, layer.bias is not None)
    kept.bias = layer.bias
    network.set_submodule(name.rpartition(".")[0], kept)


def _plain(tensor: GGUFParameter) -> Tensor:
    return dequantize_gguf_tensor(tensor).as_subclass(Tensor)


def _scale_of(name: str, scales: Mapping[str, Tensor]) -> Tensor | None:
    layer = name.removesuffix(".weight")
    return next((scales[layer + end] for end in SCALES if layer + end in scales), None)


def _scaled(tensor: Tensor, scale: Tensor | None) -> Tensor:
    """8 bit floats as 32 bit ones."""
    found = tensor.to(torch.float32)
    if scale is None:
        return found
    return found * scale.to(torch.float32).reshape(-1, *[1] * (found.ndim - 1))


def _fill_buffers(network: nn.Module) -> None:
    """Make the tables that no file has, which were built without memory."""
    for layer in network.modules():
        if isinstance(layer, MotionConv2d) and layer.blur:
            row = torch.tensor([1.0, 3.0, 3.0, 1.0])
            layer.blur_kernel = torch.outer(row, row) / row.sum() ** 2
        elif isinstance(layer, (WanRotaryPosEmbed, AnimateRotaryPosEmbed)):
            made = WanRotaryPosEmbed(layer.attention_head_dim, layer.patch_size, layer.max_seq_len)
            layer.freqs_cos, layer.freqs_sin = made.freqs_cos, made.freqs_sin
        elif (places := layer._buffers.get("position_ids")) is not None and places.is_meta:
            layer._buffers["position_ids"] = torch.arange(places.shape[-1])[None]
    left = [name for name, table in network.named_buffers() if table.is_meta]
    assert not left, f"tables without values: {left}"

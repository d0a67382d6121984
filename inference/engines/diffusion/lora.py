# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LoRA: small additions to the weights of the U-Net and the text encoder, for a style or a person."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

from ...weights.tensors import read_tensors


def add_lora(
    unet: UNet2DConditionModel | None, text_encoder: CLIPTextModel | None, path: Path, strength: float
) -> None:
    """Add a LoRA to weights in 32 bit: W + strength * alpha / rank * up @ down.

    Args:
        unet, text_encoder: changed in place; what the file has for one that is None is passed over.
        path: .safetensors, .pt or .bin with the names of kohya's trainers or of diffusers.
    """
    modules: dict[str, nn.Module] = {}
    for prefix, network in (("lora_unet_", unet), ("lora_te_text_model_", text_encoder)):
        for name, module in network.named_modules() if network is not None else ():
            modules[prefix + name.replace(".", "_")] = module
    tensors = read_tensors(path)
    for name, down in tensors.items():
        if name.endswith(".lora_down.weight"):
            stem = name.removesuffix(".lora_down.weight")
            alpha = float(tensors.get(f"{stem}.alpha", torch.tensor(float(down.shape[0]))))
            if stem in modules:
                up = tensors[f"{stem}.lora_up.weight"]
                _add(modules[stem], up, down, strength * alpha / down.shape[0])


def _add(module: nn.Module, up: Tensor, down: Tensor, scale: float) -> None:
    change = up.flatten(1).float() @ down.flatten(1).float()
    weight = module.weight
    assert isinstance(weight, Tensor)
    weight.data += scale * change.reshape(weight.shape)

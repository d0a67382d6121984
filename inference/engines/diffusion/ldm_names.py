# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the original Stable Diffusion code names tensors (single-file checkpoints), and how diffusers does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from torch import Tensor

_RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
_ENDS = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
    "input_blocks.0.0": "conv_in",
}
_MIDDLE = {"0": "resnets.0", "1": "attentions.0", "2": "resnets.1"}
_VAE_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
_VAE_OLD = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def unet_name(name: str, layers: int = 2) -> str:
    """The name in diffusers' ``UNet2DConditionModel`` of a tensor of the original U-Net; others stay as they are.

    Args:
        name: without the prefix ``model.diffusion_model.``.
        layers: residual blocks at each level on the way down.
    """
    stem, _, end = name.rpartition(".")
    if stem in _ENDS:
        return f"{_ENDS[stem]}.{end}"
    if found := re.fullmatch(r"middle_block\.(\d)\.(.+)", name):
        return f"mid_block.{_MIDDLE[found[1]]}.{_inner(found[2])}" if found[1] in _MIDDLE else name
    if found := re.fullmatch(r"input_blocks\.(\d+)\.(\d)\.(.+)", name):
        block, place = divmod(int(found[1]) - 1, layers + 1)
        if found[3].startswith("op."):
            return f"down_blocks.{block}.downsamplers.0.conv.{end}"
        return f"down_blocks.{block}.{_kind(found[2])}.{place}.{_inner(found[3])}"
    if found := re.fullmatch(r"output_blocks\.(\d+)\.(\d)\.(.+)", name):
        block, place = divmod(int(found[1]), layers + 1)
        if found[3].startswith("conv."):
            return f"up_blocks.{block}.upsamplers.0.conv.{end}"
        return f"up_blocks.{block}.{_kind(found[2])}.{place}.{_inner(found[3])}"
    return name


def vae_name(name: str, levels: int = 4) -> str:
    """The name in diffusers' ``AutoencoderKL`` of a tensor of the original VAE, or of diffusers' older files.

    Args:
        name: without the prefix ``first_stage_model.``.
        levels: resolutions of the VAE.
    """
    name = name.replace("nin_shortcut", "conv_shortcut").replace(".norm_out.", ".conv_norm_out.")
    if found := re.fullmatch(r"(encoder|decoder)\.mid\.block_([12])\.(.+)", name):
        return f"{found[1]}.mid_block.resnets.{int(found[2]) - 1}.{found[3]}"
    if found := re.fullmatch(r"(encoder|decoder)\.mid\.attn_1\.(\w+)\.(\w+)", name):
        return f"{found[1]}.mid_block.attentions.0.{_VAE_ATTENTION.get(found[2], found[2])}.{found[3]}"
    if found := re.fullmatch(r"(.+\.attentions\.0)\.(query|key|value|proj_attn)\.(\w+)", name):
        return f"{found[1]}.{_VAE_OLD[found[2]]}.{found[3]}"
    if found := re.fullmatch(r"encoder\.down\.(\d)\.(block\.(\d)|downsample)\.(.+)", name):
        place = f"resnets.{found[3]}" if found[3] else "downsamplers.0"
        return f"encoder.down_blocks.{found[1]}.{place}.{found[4]}"
    if found := re.fullmatch(r"decoder\.up\.(\d)\.(block\.(\d)|upsample)\.(.+)", name):
        place = f"resnets.{found[3]}" if found[3] else "upsamplers.0"
        return f"decoder.up_blocks.{levels - 1 - int(found[1])}.{place}.{found[4]}"
    return name


def renamed(tensors: Mapping[str, Tensor], name_of: Callable[[str], str]) -> dict[str, Tensor]:
    """Tensors under other names."""
    return {name_of(name): tensor for name, tensor in tensors.items()}


def _kind(number: str) -> str:
    return "resnets" if number == "0" else "attentions"


def _inner(name: str) -> str:
    stem, _, end = name.rpartition(".")
    return f"{_RESNET.get(stem, stem)}.{end}"

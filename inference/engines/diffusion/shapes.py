# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of Stable Diffusion 1.5's networks from the shapes of their tensors.

What shapes do not tell is the same for all of this family: 8 heads, 32 groups, text heads 64 wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

HEADS = 8
GROUPS = 32
_TEXT_HEAD_WIDTH = 64


def unet_config(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Options of ``UNet2DConditionModel``.

    Args:
        tensors: with diffusers' names.

    Raises:
        KeyError: where the tensors that tell the sizes are missing.
    """
    levels = count(tensors, "down_blocks")
    attention = ["Down" if not _has(tensors, f"down_blocks.{i}.attentions.") else "CrossAttnDown" for i in levels]
    up_attention = ["Up" if not _has(tensors, f"up_blocks.{i}.attentions.") else "CrossAttnUp" for i in levels]
    return {
        "in_channels": tensors["conv_in.weight"].shape[1],
        "out_channels": tensors["conv_out.weight"].shape[0],
        "block_out_channels": _widths(tensors, "down_blocks", levels),
        "layers_per_block": len(count(tensors, "down_blocks.0.resnets")),
        "down_block_types": tuple(f"{kind}Block2D" for kind in attention),
        "up_block_types": tuple(f"{kind}Block2D" for kind in up_attention),
        "cross_attention_dim": _context_width(tensors),
        "attention_head_dim": HEADS,
        "norm_num_groups": GROUPS,
    }


def vae_config(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Options of ``AutoencoderKL``. Arguments and errors as ``unet_config``."""
    levels = count(tensors, "encoder.down_blocks")
    return {
        "in_channels": tensors["encoder.conv_in.weight"].shape[1],
        "out_channels": tensors["decoder.conv_out.weight"].shape[0],
        "latent_channels": tensors["decoder.conv_in.weight"].shape[1],
        "block_out_channels": _widths(tensors, "encoder.down_blocks", levels),
        "layers_per_block": len(count(tensors, "encoder.down_blocks.0.resnets")),
        "down_block_types": ("DownEncoderBlock2D",) * len(levels),
        "up_block_types": ("UpDecoderBlock2D",) * len(levels),
        "norm_num_groups": GROUPS,
    }


def text_config(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Options of ``CLIPTextConfig``. Arguments and errors as ``unet_config``."""
    words, width = tensors["embeddings.token_embedding.weight"].shape
    return {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": tensors["encoder.layers.0.mlp.fc1.weight"].shape[0],
        "num_hidden_layers": len(count(tensors, "encoder.layers")),
        "num_attention_heads": max(width // _TEXT_HEAD_WIDTH, 1),
        "max_position_embeddings": tensors["embeddings.position_embedding.weight"].shape[0],
        "projection_dim": width,
        "bos_token_id": words - 2,
        "eos_token_id": words - 1,
        "pad_token_id": words - 1,
    }


def count(names: Iterable[str], stem: str) -> list[int]:
    """The numbers that follow a stem, such as 0, 1, 2 for "encoder.layers" with three layers; ascending."""
    prefix = f"{stem}."
    parts = {name[len(prefix) :].partition(".")[0] for name in names if name.startswith(prefix)}
    return sorted(int(part) for part in parts if part.isdecimal())


def _context_width(tensors: Mapping[str, Tensor]) -> int:
    """Width of the text rows that the cross attention reads."""
    for name, tensor in tensors.items():
        if name.endswith(".attn2.to_k.weight"):
            return tensor.shape[1]
    raise KeyError("attn2.to_k.weight")


def _widths(tensors: Mapping[str, Tensor], stem: str, levels: Iterable[int]) -> tuple[int, ...]:
    return tuple(tensors[f"{stem}.{level}.resnets.0.conv1.weight"].shape[0] for level in levels)


def _has(names: Iterable[str], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in names)

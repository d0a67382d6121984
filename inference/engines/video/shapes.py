# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of the Wan family's networks, from their tensors with the names of diffusers and transformers.

All raise LookupError with the name of a tensor that is missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..neural.strict_loading import wrong_file

Tensors = Mapping[str, Tensor]

# Numbers of a head: of the official networks, and of the small ones that conformance is recorded with. No tensor of a
# plain transformer tells it: its heads lie side by side.
_HEAD, _SMALL_HEAD = 128, 12
_CLIP_HEAD, _CLIP_SMALL_HEAD = 80, 8


def shape_of(tensor: Tensor) -> tuple[int, ...]:
    """The shape of a tensor; of a quantized one, what it stands for."""
    return tuple(getattr(tensor, "quant_shape", tensor.shape))


def transformer(tensors: Tensors) -> dict[str, Any]:
    """Arguments of WanTransformer3DModel."""
    width, channels, *patch = shape_of(tensors["patch_embedding.weight"])
    head = head_width(tensors, width)
    config: dict[str, Any] = {
        "patch_size": tuple(patch),
        "num_attention_heads": width // head,
        "attention_head_dim": head,
        "in_channels": channels,
        "out_channels": shape_of(tensors["proj_out.weight"])[0] // math.prod(patch),
        "text_dim": shape_of(tensors["condition_embedder.text_embedder.linear_1.weight"])[1],
        "freq_dim": shape_of(tensors["condition_embedder.time_embedder.linear_1.weight"])[1],
        "ffn_dim": shape_of(tensors["blocks.0.ffn.net.0.proj.weight"])[0],
        "num_layers": count(tensors, "blocks"),
        "cross_attn_norm": "blocks.0.norm2.weight" in tensors,
        "qk_norm": "rms_norm_across_heads",
        "eps": 1e-6,
        "image_dim": None,
        "added_kv_proj_dim": None,
        "rope_max_seq_len": 1024,
    }
    if "condition_embedder.image_embedder.norm1.weight" in tensors:
        config["image_dim"] = shape_of(tensors["condition_embedder.image_embedder.norm1.weight"])[0]
        config["added_kv_proj_dim"] = shape_of(tensors["blocks.0.attn2.add_k_proj.weight"])[1]
    return config


def animate(tensors: Tensors) -> dict[str, Any]:
    """Arguments of WanAnimateTransformer3DModel."""
    config = transformer(tensors)
    levels = count(tensors, "motion_encoder.res_blocks")
    side = 4 * 2**levels
    sizes = {str(side): shape_of(tensors["motion_encoder.conv_in.weight"])[0]}
    for level in range(levels):
        shape = shape_of(tensors[f"motion_encoder.res_blocks.{level}.conv2.weight"])
        sizes[str(side >> (level + 1))] = shape[0]
    last = count(tensors, "motion_encoder.motion_network") - 1
    hidden = shape_of(tensors["face_encoder.conv2.weight"])[1]
    return config | {
        "latent_channels": shape_of(tensors["pose_patch_embedding.weight"])[1],
        "motion_encoder_channel_sizes": sizes,
        "motion_encoder_size": side,
        "motion_style_dim": shape_of(tensors["motion_encoder.conv_out.weight"])[0],
        "motion_dim": shape_of(tensors[f"motion_encoder.motion_network.{last}.weight"])[0],
        "motion_encoder_dim": shape_of(tensors["motion_encoder.motion_synthesis_weight"])[0],
        "face_encoder_hidden_dim": hidden,
        "face_encoder_num_heads": shape_of(tensors["face_encoder.conv1_local.weight"])[0] // hidden,
        "inject_face_latents_blocks": config["num_layers"] // max(1, count(tensors, "face_adapter")),
    }


def head_width(tensors: Tensors, width: int) -> int:
    """How many of a transformer's numbers belong to a head."""
    if "face_adapter.0.norm_q.weight" in tensors:
        return shape_of(tensors["face_adapter.0.norm_q.weight"])[0]
    return _fitting(width, _HEAD, _SMALL_HEAD)


def vae(tensors: Tensors) -> dict[str, Any]:
    """Arguments of AutoencoderKLWan."""
    base = shape_of(tensors["encoder.conv_in.weight"])[0]
    blocks = count(tensors, "decoder.up_blocks.0.resnets") - 1
    levels = count(tensors, "decoder.up_blocks")
    firsts = [shape_of(tensors[f"encoder.down_blocks.{level * (blocks + 1)}.conv1.weight"]) for level in range(levels)]
    downs = [f"encoder.down_blocks.{level * (blocks + 1) + blocks}.time_conv.weight" for level in range(levels - 1)]
    return {
        "base_dim": base,
        "z_dim": shape_of(tensors["post_quant_conv.weight"])[0],
        "dim_mult": [shape[0] // base for shape in firsts],
        "num_res_blocks": blocks,
        "attn_scales": [],
        "temperal_downsample": [name in tensors for name in downs],
    }


def umt5(tensors: Tensors) -> dict[str, Any]:
    """Arguments of UMT5Config."""
    layer = "encoder.block.0.layer"
    buckets, heads = shape_of(tensors[f"{layer}.0.SelfAttention.relative_attention_bias.weight"])
    words, width = shape_of(tensors["shared.weight"])
    return {
        "vocab_size": words,
        "d_model": width,
        "d_kv": shape_of(tensors[f"{layer}.0.SelfAttention.q.weight"])[0] // heads,
        "d_ff": shape_of(tensors[f"{layer}.1.DenseReluDense.wi_0.weight"])[0],
        "num_layers": count(tensors, "encoder.block"),
        "num_heads": heads,
        "relative_attention_num_buckets": buckets,
        "relative_attention_max_distance": 128,
        "dropout_rate": 0.0,
        "feed_forward_proj": "gated-gelu",
        "layer_norm_epsilon": 1e-6,
    }


def clip(tensors: Tensors) -> dict[str, Any]:
    """Arguments of CLIPVisionConfig."""
    width, _, patch, _ = shape_of(tensors["embeddings.patch_embedding.weight"])
    places = shape_of(tensors["embeddings.position_embedding.weight"])[0]
    return {
        "hidden_size": width,
        "intermediate_size": shape_of(tensors["encoder.layers.0.mlp.fc1.weight"])[0],
        "num_hidden_layers": count(tensors, "encoder.layers"),
        "num_attention_heads": width // _fitting(width, _CLIP_HEAD, _CLIP_SMALL_HEAD),
        "image_size": patch * math.isqrt(places - 1),
        "patch_size": patch,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
    }


def count(tensors: Tensors, prefix: str) -> int:
    """How many layers there are: one more than the greatest number behind the prefix."""
    pattern = re.compile(rf"{re.escape(prefix)}\.(\d+)\.")
    return max((int(found[1]) for found in map(pattern.match, tensors) if found), default=-1) + 1


def _fitting(width: int, official: int, small: int) -> int:
    for head in (official, small):
        if not width % head:
            return head
    raise wrong_file(f"A network of the Wan family cannot be {width} wide.")

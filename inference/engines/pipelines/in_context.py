# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate-2's attention to its clip, frame by frame.

A drawn frame looks at all drawn frames and at the clip's frame of the same time; the first one, which stands for the
picture, at the drawn ones only. diffusers computes that with one mask for all, which has to be compiled, or else takes
the memory of all scores. One call for each frame needs no mask: any device computes it with its fastest attention.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import WanAnimate2Transformer3DModel
from diffusers.models.transformers.transformer_wan_animate_2 import WanAnimate2AttnProcessor, rope_apply
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


class FrameByFrame:
    """In place of diffusers' processor of the self-attention; gives the same."""

    def __init__(self) -> None:
        self._dense = WanAnimate2AttnProcessor()

    def __call__(self, attn: Any, hidden_states: Tensor, **given: Any) -> Tensor:
        """See ``WanAnimate2AttnProcessor``: (b, tokens, width) to the same."""
        if given["kv_cache_mode"] == "extract":
            return self._dense(attn, hidden_states, **given)
        query, key, value = (
            layer.unflatten(2, (attn.heads, -1))
            for layer in (
                attn.norm_q(attn.to_q(hidden_states)),
                attn.norm_k(attn.to_k(hidden_states)),
                attn.to_v(hidden_states),
            )
        )
        grid, seen = given["grid_sizes"], given["reference_grid_sizes"]
        query, key = (
            rope_apply(each, grid, given["rotary_emb"], given["rope_stride"]).type_as(value) for each in (query, key)
        )
        clip_key, clip_value = given["kv_cache"].get()
        clip_key = rope_apply(clip_key, seen, given["reference_rotary_emb"], given["reference_rope_stride"])
        found = attended(query, key, value, clip_key.type_as(value), clip_value, int(grid[0][0]), int(seen[0][0]))
        return attn.to_out[1](attn.to_out[0](found.flatten(2, 3).type_as(query)))


def attended(
    query: Tensor, key: Tensor, value: Tensor, clip_key: Tensor, clip_value: Tensor, frames: int, clip_frames: int
) -> Tensor:
    """What each drawn frame sees.

    Args:
        query, key, value: (b, frames * places, heads, width) of the drawn frames, the picture's first.
        clip_key, clip_value: (b, clip_frames * places, heads, width); frame k of the clip is seen by drawn frame k + 1.

    Returns:
        as ``query``.
    """
    own = query.unflatten(1, (frames, -1))
    clip = [each.unflatten(1, (clip_frames, -1)) for each in (clip_key, clip_value)]
    found = []
    for frame in range(frames):
        keys, values = key, value
        if 0 < frame <= clip_frames:
            keys, values = (
                torch.cat([all_, each[:, frame - 1]], 1) for all_, each in zip((key, value), clip, strict=True)
            )
        mine, theirs, told = (each.transpose(1, 2) for each in (own[:, frame], keys, values))
        found.append(scaled_dot_product_attention(mine, theirs, told).transpose(1, 2))
    return torch.cat(found, 1)


def attend_frame_by_frame(network: WanAnimate2Transformer3DModel) -> None:
    """Have a transformer compute so; the masks are not made any more."""
    for block in network.blocks:
        block.self_attn.set_processor(FrameByFrame())  # type: ignore[union-attr, operator]
    network.block_masks = _NoMasks()  # type: ignore[assignment]


class _NoMasks(dict[Any, None]):
    """A mask of any size is there, and empty."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: object) -> None:
        return None

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
from diffusers.models.transformers.transformer_wan_animate_2 import rope_apply
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

# Grids of a run: of the drawn frames, and of the clip's in both passes.
_KEPT_GRIDS = 3


class InContextTransformer(WanAnimate2Transformer3DModel):
    """Wan-Animate-2's transformer with tables of places that any device can have."""

    def _rope_freqs(self, offsets: tuple[int, int, int], device: torch.device) -> Tensor:
        return super()._rope_freqs(offsets, device if has_64_bit(device) else torch.device("cpu"))


def has_64_bit(device: torch.device) -> bool:
    """Whether a device computes in 64 bit; Apple's do not."""
    return device.type != "mps"


class Rotary:
    """Rotates tokens by their places as diffusers does: in 64 bit, or in 32 bit by factors that were made in 64."""

    def __init__(self) -> None:
        self._factors: dict[tuple[int, tuple[int, ...], int], tuple[Tensor, Tensor]] = {}

    def __call__(self, values: Tensor, grid: Tensor, table: Tensor, stride: int) -> Tensor:
        """(b, tokens, heads, width) float32 of the same.

        Args:
            grid: (b, 3) frames, rows and columns; all the same.
            table: (512, width / 2) complex, of the transformer.
            stride: of the frames' places.
        """
        if has_64_bit(values.device):
            return rope_apply(values, grid, table, stride)
        cosines, sines = self._of(table, tuple(grid[0].tolist()), stride, values.device)
        even, odd = values.float().unflatten(-1, (-1, 2)).unbind(-1)
        return torch.stack([even * cosines - odd * sines, even * sines + odd * cosines], -1).flatten(-2)

    def _of(self, table: Tensor, grid: tuple[int, ...], stride: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Cosines and sines, (tokens, 1, width / 2) float32 each."""
        key = table.data_ptr(), grid, stride
        if key not in self._factors:
            while len(self._factors) >= _KEPT_GRIDS:
                del self._factors[next(iter(self._factors))]
            factors = _factors(table, grid, stride)
            self._factors[key] = factors.real.float().to(device), factors.imag.float().to(device)
        return self._factors[key]


def _factors(table: Tensor, grid: tuple[int, ...], stride: int) -> Tensor:
    """(tokens, 1, width / 2) complex, in 64 bit."""
    frames, rows, columns = grid
    third = table.shape[1] // 3
    times, downs, rights = table.split([table.shape[1] - 2 * third, third, third], dim=1)
    placed = [
        times[: frames * stride : stride, None, None].expand(frames, rows, columns, -1),
        downs[None, :rows, None].expand(frames, rows, columns, -1),
        rights[None, None, :columns].expand(frames, rows, columns, -1),
    ]
    return torch.cat(placed, dim=-1).reshape(frames * rows * columns, 1, -1)


class FrameByFrame:
    """In place of diffusers' processor of the self-attention; gives the same.

    Args:
        rotary: shared by all layers.
    """

    def __init__(self, rotary: Rotary) -> None:
        self._rotary = rotary

    def __call__(self, attn: Any, hidden_states: Tensor, **given: Any) -> Tensor:
        """See ``WanAnimate2AttnProcessor``: (b, tokens, width) to the same."""
        query, key, value = (
            layer.unflatten(2, (attn.heads, -1))
            for layer in (
                attn.norm_q(attn.to_q(hidden_states)),
                attn.norm_k(attn.to_k(hidden_states)),
                attn.to_v(hidden_states),
            )
        )
        extracts, grid = given["kv_cache_mode"] == "extract", given["grid_sizes"]
        if extracts:
            given["kv_cache"].store(key, value)
        query, key = (
            self._rotary(each, grid, given["rotary_emb"], given["rope_stride"]).type_as(value) for each in (query, key)
        )
        found = _dense(query, key, value) if extracts else self._seen(query, key, value, given)
        return attn.to_out[1](attn.to_out[0](found.flatten(2, 3).type_as(query)))

    def _seen(self, query: Tensor, key: Tensor, value: Tensor, given: dict[str, Any]) -> Tensor:
        grid, seen = given["grid_sizes"], given["reference_grid_sizes"]
        clip_key, clip_value = given["kv_cache"].get()
        clip_key = self._rotary(clip_key, seen, given["reference_rotary_emb"], given["reference_rope_stride"])
        return attended(query, key, value, clip_key.type_as(value), clip_value, int(grid[0][0]), int(seen[0][0]))


def _dense(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """(b, tokens, heads, width): each token looks at all."""
    asked, keys, told = (each.transpose(1, 2) for each in (query, key, value))
    return scaled_dot_product_attention(asked, keys, told).transpose(1, 2)


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
        found.append(_dense(own[:, frame], keys, values))
    return torch.cat(found, 1)


def attend_frame_by_frame(network: WanAnimate2Transformer3DModel) -> None:
    """Have a transformer compute so; the masks are not made any more."""
    rotary = Rotary()
    for block in network.blocks:
        block.self_attn.set_processor(FrameByFrame(rotary))  # type: ignore[union-attr, operator]
    network.block_masks = _NoMasks()  # type: ignore[assignment]


class _NoMasks(dict[Any, None]):
    """A mask of any size is there, and empty."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: object) -> None:
        return None

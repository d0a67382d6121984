# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate-2's weight files, as its folders for diffusers have them. Pure.

Encoders and decoder are those of Wan-Animate; they are also found in these folders. No sizes of the transformers'
files are published: these are the tensors' in the order of the network, split at 10 GB as diffusers does. The files of
Wan's own program have other names of tensors and are not read.
"""

from __future__ import annotations

from .entries import Part, WeightFile, WeightSet
from .wan import (
    ANIMATE2,
    ANIMATE2_DISTILLED,
    APACHE,
    TOKENIZER_PART,
    UMT5_PART,
    VAE_PART,
    WAN_CLIP_HALF,
    WAN_NOTE,
    clip_part,
    folders_of,
    hugging_face,
)

_NETWORK = "diffusion_pytorch_model"
_REVISIONS = {
    ANIMATE2: "7d48412d7b903ff3a89f4f5a960d99e1899605a1",
    ANIMATE2_DISTILLED: "59e4141466bcb1bf9733eca1bc78be6891c9fbdf",
}
_SIZES = (9_874_600_000, 9_975_390_000, 9_954_410_000, 2_985_560_000)


def _shard(name: str, model: str, number: int) -> WeightFile:
    file_name = f"{_NETWORK}-{number:05}-of-{len(_SIZES):05}.safetensors"
    return WeightFile(
        f"{name}_{number}",
        file_name,
        _SIZES[number - 1],
        "",
        APACHE,
        WAN_NOTE,
        hugging_face(f"Wan-AI/{model}", _REVISIONS[model], f"transformer/{file_name}"),
        f"{model}/transformer",
        exact_size=False,
    )


def _shards(name: str, model: str) -> tuple[WeightFile, ...]:
    return tuple(_shard(name, model, number) for number in range(1, len(_SIZES) + 1))


_OFFICIAL = _shards("wananimate2", ANIMATE2)
_DISTILLED = _shards("wananimate2_distilled", ANIMATE2_DISTILLED)

WANANIMATE2_FILES: tuple[WeightFile, ...] = (*_OFFICIAL, *_DISTILLED)


def _set(name: str, label: str, model: str, shards: tuple[WeightFile, ...]) -> WeightSet:
    transformer = Part(
        "transformer",
        shards[0],
        folders_of(model, "transformer"),
        (shards[0].file_name, f"{_NETWORK}-00001-of-*.safetensors", f"{_NETWORK}.safetensors"),
        rest=shards[1:],
    )
    return WeightSet(name, label, (transformer, VAE_PART, UMT5_PART, TOKENIZER_PART, clip_part(WAN_CLIP_HALF)))


WANANIMATE2_SETS: tuple[WeightSet, ...] = (
    _set("wananimate2_official", "Wan-Animate 2", ANIMATE2, _OFFICIAL),
    _set("wananimate2_distilled", "Wan-Animate 2, Distilled", ANIMATE2_DISTILLED, _DISTILLED),
)

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar's weight files, and where programs keep them. Pure.

Its authors (Gan and others, 2025) give out what they added to Wan 2.1 on Hugging Face under OmniAvatar; Wan itself
comes from its team, wav2vec 2.0 from Meta. Sizes and hashes of the small base and of wav2vec are published (revisions
37ec512 and 22aad52); sizes of the large base are those of its tensors with 32 bit, split at 10 GB, and sizes of what
was added those with 16.
"""

from __future__ import annotations

from .entries import Part, UrlSource, WeightFile, WeightSet
from .wan import (
    APACHE,
    LARGE,
    REPACKAGED,
    SMALL,
    TOKENIZER_PART,
    UMT5_PART,
    VAE_PART,
    WAN_NOTE,
    comfyui_folders,
    folders_of,
    hugging_face,
    wan_sources,
)

_WAV2VEC = "facebook/wav2vec2-base-960h"
_WAV2VEC_REVISION = "22aad52d435eb6dbaf354bdad9b0da84ce7d6156"
_NOTE = "OmniAvatar by Gan and others; licence of its repository; trained with films from the web (AVSpeech)"
_NETWORK = "diffusion_pytorch_model"
_LARGE_SHARD_BYTES = (9_992_421_376, 9_943_918_592, 9_944_000_512, 9_839_040_512, 9_839_040_512, 7_595_544_832)
# By the size in the repositories' names: bytes of what was added.
_ADAPTERS = {"1.3B": 354_700_000, "14B": 1_237_600_000}

_SMALL_BASE = WeightFile(
    "omniavatar_base_small",
    f"{_NETWORK}.safetensors",
    5_676_070_424,
    "96b6b242ca1c2f24e9d02cd6596066fab6d310e2d7538f33ae267cb18d957e8f",
    APACHE,
    WAN_NOTE,
    wan_sources(SMALL, f"{_NETWORK}.safetensors"),
    SMALL,
)


def _shard(number: int) -> WeightFile:
    name = f"{_NETWORK}-{number:05}-of-{len(_LARGE_SHARD_BYTES):05}.safetensors"
    size, sources = _LARGE_SHARD_BYTES[number - 1], wan_sources(LARGE, name)
    title = f"omniavatar_base_large_{number}"
    return WeightFile(title, name, size, "", APACHE, WAN_NOTE, sources, LARGE, exact_size=False)


def _adapter(size: str) -> WeightFile:
    model, name = f"OmniAvatar-{size}", "pytorch_model.pt"
    sources = hugging_face(f"OmniAvatar/{model}", "main", name)
    title = f"omniavatar_{size.lower().replace('.', '_')}"
    return WeightFile(title, name, _ADAPTERS[size], "", APACHE, _NOTE, sources, model, exact_size=False)


_LARGE_BASE = tuple(map(_shard, range(1, len(_LARGE_SHARD_BYTES) + 1)))
_ADAPTER_FILES = {size: _adapter(size) for size in _ADAPTERS}
_HEARING = WeightFile(
    "wav2vec2_base_960h",
    "model.safetensors",
    377_607_901,
    "8aa76ab2243c81747a1f832954586bc566090c83a0ac167df6f31f0fa917d74a",
    APACHE,
    "wav2vec 2.0 by Baevski and others of Meta, licence of its repository; trained with read books (LibriSpeech)",
    (
        *hugging_face(_WAV2VEC, _WAV2VEC_REVISION, "model.safetensors"),
        UrlSource(f"https://www.modelscope.cn/models/{_WAV2VEC}/resolve/master/model.safetensors"),
    ),
    "wav2vec2-base-960h",
)

OMNIAVATAR_FILES: tuple[WeightFile, ...] = (_SMALL_BASE, *_LARGE_BASE, *_ADAPTER_FILES.values(), _HEARING)

# Quantized bases are the users' own: others made them of Wan's, and their sizes and hashes are not published by Wan.
_QUANTIZED = ("Q8_0", "Q6_K", "Q5_K_M", "Q5_*", "Q4_K_M", "Q4_*", "Q3_*", "Q2_*")
_CACHED = tuple(
    f"models--{repository}/snapshots/*"
    for repository in ("city96--Wan2.1-T2V-14B-gguf", "samuelchristlie--Wan2.1-T2V-1.3B-GGUF")
)
_COMFYUI = (*comfyui_folders("diffusion_models", *REPACKAGED), "unet", "unet/*", *_CACHED)


def _quantized(model: str) -> tuple[str, ...]:
    """Names of quantized files, the best ones first; their makers write the model's name in both ways."""
    return tuple(f"{name}-{kind}.gguf" for kind in _QUANTIZED for name in (model, model.lower()))


_SMALL_PART = Part(
    "base",
    _SMALL_BASE,
    (*folders_of(SMALL), *folders_of(f"{SMALL}-Diffusers", "transformer"), *_COMFYUI),
    (_SMALL_BASE.file_name, f"{_NETWORK}-00001-of-*.safetensors", "wan2.1_t2v_1.3B_*.safetensors", *_quantized(SMALL)),
    never=tuple(
        f"{place}/diffusion_pytorch_model*" for place in ("diffusion_models", "diffusion_models/*", "unet", "unet/*")
    ),
)
_LARGE_PART = Part(
    "base",
    _LARGE_BASE[0],
    (*folders_of(LARGE), *folders_of(f"{LARGE}-Diffusers", "transformer"), *_COMFYUI),
    (
        _LARGE_BASE[0].file_name,
        f"{_NETWORK}-00001-of-*.safetensors",
        "wan2.1_t2v_14B_*.safetensors",
        *_quantized(LARGE),
    ),
    never=_SMALL_PART.never,
    rest=_LARGE_BASE[1:],
)
_HEARING_PART = Part(
    "wav2vec", _HEARING, folders_of("wav2vec2-base-960h", owner="facebook"), (_HEARING.file_name, "pytorch_model.bin")
)


def _set(name: str, label: str, base: Part, size: str) -> WeightSet:
    places = folders_of(f"OmniAvatar-{size}", owner="OmniAvatar")
    adapter = Part("adapter", _ADAPTER_FILES[size], places, (_ADAPTER_FILES[size].file_name,))
    return WeightSet(name, label, (base, adapter, VAE_PART, UMT5_PART, TOKENIZER_PART, _HEARING_PART))


OMNIAVATAR_SETS: tuple[WeightSet, ...] = (
    _set("omniavatar_small", "OmniAvatar 1.3B", _SMALL_PART, "1.3B"),
    _set("omniavatar_large", "OmniAvatar 14B", _LARGE_PART, "14B"),
)

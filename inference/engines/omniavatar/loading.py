# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan 2.1's transformer with OmniAvatar's file: a wider first layer, a LoRA on the others, and the ears."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diffusers import WanTransformer3DModel
from torch import Tensor

from ..neural.strict_loading import strict_network, wrong_file
from ..video import lora
from ..video.hold import Hold
from ..video.names import transformer_names, without_prefix
from ..video.transformers_from import transformer_from
from .audio_pack import AudioPack, pack_options

# Both published files have rank 128 and alpha 64.
_ALPHA_OF_RANK = 0.5
_EARS = ("audio_proj.", "audio_cond_projs.")
_FIRST = ("patch_embedding.weight", "patch_embedding.bias")
_LORA = ".lora_"


def base_from(base: Mapping[str, Tensor], adapter: Mapping[str, Tensor], source: str) -> WanTransformer3DModel:
    """The video model with the first layer that sees the portrait as well, on the CPU; without the LoRA.

    Args:
        base: of Wan 2.1 T2V, with official names or diffusers'.
        adapter: of pytorch_model.pt.
        source: the adapter's file name, for errors.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT where the two do not belong together, or one is no such file.
    """
    tensors = transformer_names(without_prefix(base))
    for name in _FIRST:
        if name not in adapter:
            raise wrong_file(f"{source} is not OmniAvatar's file.", f"{name} is missing")
        if name not in tensors or len(tensors[name]) != len(adapter[name]):
            raise _other_base(source, name)
        tensors[name] = adapter[name]
    return transformer_from(tensors, "OmniAvatar's base")


def completed(
    transformer: WanTransformer3DModel,
    adapter: Mapping[str, Tensor],
    source: str,
    hold: Callable[[WanTransformer3DModel], Hold],
) -> tuple[Hold, AudioPack]:
    """The video model with its LoRA, held, and its ears.

    Args:
        hold: gives the network its form, which must be done before the LoRA is added.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT, as ``base_from``.
    """
    pack = ears_from(adapter, transformer, source)
    parts = {name: tensor for name, tensor in adapter.items() if _LORA in name}
    held = hold(transformer)
    if parts:
        rank = min(next(iter(parts.values())).shape)
        lora.add(transformer, lora.additions_from(parts, _ALPHA_OF_RANK * rank), 1.0, source)
    return held, pack


def ears_from(adapter: Mapping[str, Tensor], transformer: WanTransformer3DModel, source: str) -> AudioPack:
    """What packs the sound for a transformer.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    state = {name: tensor for name, tensor in adapter.items() if name.startswith(_EARS)}
    try:
        options = pack_options(state)
    except (KeyError, ValueError) as error:
        raise wrong_file(f"{source} is not OmniAvatar's file.", f"{error} is missing") from error
    width = transformer.config["num_attention_heads"] * transformer.config["attention_head_dim"]
    if (options["width"], options["count"]) != (width, transformer.config["num_layers"] // 2 - 1):
        raise _other_base(source, "audio_cond_projs")
    pack = strict_network(lambda: AudioPack(**options), state, "OmniAvatar's ears", source)
    assert isinstance(pack, AudioPack)
    return pack


def _other_base(source: str, name: str) -> Exception:
    return wrong_file(
        f"{source} does not belong to the video model beside it: OmniAvatar 1.3B needs Wan 2.1 T2V 1.3B, and 14B needs"
        " 14B.",
        f"no place for {name}",
    )

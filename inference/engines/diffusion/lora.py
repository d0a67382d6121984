# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LoRA: small additions to the weights of the U-Net and the text encoder, for a style or a person.

W + strength * scale * up @ down, for matrices and for convolutions (LoCon).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

from ...errors import ErrorCode, TalkingHeadError
from .families import FAMILY, TWO, XL
from .lora_file import Addition, read_lora

# Beginnings of layer names, all dots being underscores: of which network they are.
_NETWORKS = {
    "lora_unet_": "unet",
    "unet_": "unet",
    "lora_te_text_model_": "text",
    "text_encoder_text_model_": "text",
    "text_encoder_": "text",
}
_PLAIN_UNET = ("down_blocks_", "mid_block_", "up_blocks_", "conv_in", "conv_out", "time_embedding_")
_PEFT = "base_model_model_"
_XL_NAME = re.compile(
    r"lora_te[12]_.*|text_encoder_2_.*|lora_unet_(input|output)_blocks_.*|.*transformer_blocks_[1-9].*"
)
_TEXT_WIDTHS = {2048: XL, 1024: TWO}
# The attention's layers in diffusers' first LoRA files.
_OLD_ENDS = (
    (r"_processor_to_([qkv])$", r"_to_\1"),
    (r"_processor_to_out$", "_to_out_0"),
    (r"_self_attn_to_([qkv])$", r"_self_attn_\1_proj"),
    (r"_self_attn_to_out$", "_self_attn_out_proj"),
)

_Layers = Mapping[str, Tensor]


def add_lora(
    unet: UNet2DConditionModel | None, text_encoder: CLIPTextModel | None, path: Path, strength: float
) -> None:
    """Add a LoRA to networks of 32 bit on the CPU; nothing is changed where there is an error.

    Args:
        unet, text_encoder: changed in place; what the file has for one that is None is passed over.
        path: .safetensors, .pt, .ckpt or .bin.
        strength: 1 as trained.

    Raises:
        TalkingHeadError: as ``read_lora``; WEIGHTS_CORRUPT for one that was made for another family.
    """
    networks = {"unet": _layers(unet), "text": _layers(text_encoder)}
    changes = [(_weight_of(path, addition, networks), addition) for addition in read_lora(path)]
    for weight, addition in changes:
        if weight is not None:
            weight.data += strength * addition.change(weight)


def _layers(network: nn.Module | None) -> _Layers | None:
    """Weights by the names of their layers, underscores for dots; None for no network."""
    if network is None:
        return None
    return {
        name.replace(".", "_"): layer.weight
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    }


def _weight_of(path: Path, addition: Addition, networks: Mapping[str, _Layers | None]) -> Tensor | None:
    """The weight that is changed; None for one of a network that is not there.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    flat = _flat(addition.name)
    if _XL_NAME.fullmatch(flat):
        raise _other_family(path, XL, addition.name)
    prefix = next((prefix for prefix in _NETWORKS if flat.startswith(prefix)), "")
    if not prefix and not flat.startswith(_PLAIN_UNET):
        raise _other_family(path, "another model", addition.name)
    layers = networks[_NETWORKS.get(prefix, "unet")]
    if layers is None:
        return None
    weight = layers.get(flat.removeprefix(prefix))
    if weight is None:
        raise _other_family(path, "another model", f"there is no layer {addition.name}")
    if not addition.fits(weight):
        family = _TEXT_WIDTHS.get(addition.down.shape[1], "another model")
        raise _other_family(path, family, f"{addition.name}: {tuple(addition.down.shape)} for {tuple(weight.shape)}")
    return weight


def _flat(name: str) -> str:
    """A layer's name with underscores for dots, as kohya's trainers write it, which all can be turned into."""
    flat = name.replace(".", "_").removeprefix(_PEFT)
    for old, new in _OLD_ENDS:
        flat = re.sub(old, new, flat)
    return flat


def _other_family(path: Path, family: str, details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        f"The LoRA {path.name} was made for {family}, not for {FAMILY}.",
        f"Choose a LoRA that was made for {FAMILY}.",
        details=details,
    )

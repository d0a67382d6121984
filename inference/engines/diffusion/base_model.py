# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stable Diffusion 1.5: its networks from the files of a diffusers folder or from a single-file checkpoint.

Sizes are those of the tensors, and every tensor is used: what belongs to a network is loaded strictly.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from ...weights.tensors import read_tensors
from ..neural.strict_loading import strict_network, wrong_file
from . import shapes
from .ldm_names import renamed, unet_name, vae_name
from .lora import add_lora

__all__ = [
    "add_lora",
    "load_text_encoder",
    "load_tokenizer",
    "load_unet",
    "load_vae",
    "text_encoder_from",
    "unet_from",
    "vae_from",
]

UNET_PREFIX = "model.diffusion_model."
VAE_PREFIX = "first_stage_model."
TEXT_PREFIX = "cond_stage_model.transformer."
_LATENT_CHANNELS = 4


def load_unet(path: Path) -> UNet2DConditionModel:
    """The U-Net in eval mode, 32 bit on the CPU.

    Args:
        path: ``unet/diffusion_pytorch_model.safetensors`` (or .bin) of a diffusers folder, or a single-file checkpoint
            (.safetensors or .ckpt).

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, UNSUPPORTED_INPUT or WEIGHTS_CORRUPT with the reason: see ``read_tensors``;
            not a network of the family of Stable Diffusion 1.5.
    """
    return unet_from(_part(path, UNET_PREFIX), path.name)


def load_vae(path: Path) -> AutoencoderKL:
    """The VAE; arguments and errors as ``load_unet``, of the folder ``vae``."""
    return vae_from(_part(path, VAE_PREFIX), path.name)


def load_text_encoder(path: Path) -> CLIPTextModel:
    """The text encoder; arguments and errors as ``load_unet``, of the folder ``text_encoder``."""
    return text_encoder_from(_part(path, TEXT_PREFIX), path.name)


def load_tokenizer(vocab: Path, merges: Path) -> CLIPTokenizer:
    """The tokenizer of the files ``vocab.json`` and ``merges.txt``."""
    return CLIPTokenizer(str(vocab), str(merges), model_max_length=77)


def unet_from(tensors: Mapping[str, Tensor], source: str) -> UNet2DConditionModel:
    """The U-Net from tensors in memory, which are used as they are where they are 32 bit floats.

    Args:
        tensors: with diffusers' names, or the original ones without prefix.
        source: what they come from, for the error.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    tensors = renamed(tensors, unet_name)
    try:
        config = shapes.unet_config(tensors)
    except (KeyError, StopIteration) as error:
        raise wrong_file(f"{source} has no U-Net of Stable Diffusion 1.5.", f"missing: {error}") from error
    return strict_network(  # type: ignore[return-value]
        lambda: UNet2DConditionModel(**config), tensors, "the U-Net of Stable Diffusion 1.5", source
    )


def vae_from(tensors: Mapping[str, Tensor], source: str) -> AutoencoderKL:
    """The VAE from tensors in memory; as ``unet_from``."""
    levels = len({name.split(".")[2] for name in tensors if name.startswith(("decoder.up.", "decoder.up_blocks."))})
    tensors = renamed(tensors, lambda name: vae_name(name, levels))
    matrices = {
        name: tensor[..., 0, 0] if ".attentions." in name and tensor.ndim == 4 else tensor
        for name, tensor in tensors.items()
    }
    try:
        config = shapes.vae_config(matrices)
    except KeyError as error:
        raise wrong_file(f"{source} has no VAE of Stable Diffusion 1.5.", f"missing: {error}") from error
    return strict_network(  # type: ignore[return-value]
        lambda: AutoencoderKL(**config), matrices, "the VAE of Stable Diffusion 1.5", source
    )


def text_encoder_from(tensors: Mapping[str, Tensor], source: str) -> CLIPTextModel:
    """The text encoder from tensors in memory, with or without ``text_model.`` before their names; as ``unet_from``."""
    tensors = renamed(tensors, lambda name: name.removeprefix("text_model."))
    # Older files hold the numbers 0 to 76, which count the places.
    tensors.pop("embeddings.position_ids", None)
    try:
        config = shapes.text_config(tensors)
    except KeyError as error:
        raise wrong_file(f"{source} has no text encoder of Stable Diffusion 1.5.", f"missing: {error}") from error
    network = strict_network(
        lambda: CLIPTextModel(CLIPTextConfig(**config)), tensors, "the text encoder of Stable Diffusion 1.5", source
    )
    assert isinstance(network, CLIPTextModel)
    places = network.config.max_position_embeddings
    # Not in files, so that it still is without memory.
    network.embeddings.register_buffer("position_ids", torch.arange(places)[None], persistent=False)
    return network


def _part(path: Path, prefix: str) -> dict[str, Tensor]:
    """Tensors of one network: those with the prefix, without it; all of a file that holds one network."""
    tensors = {name.removeprefix("state_dict."): tensor for name, tensor in read_tensors(path).items()}
    if any(name.startswith((UNET_PREFIX, VAE_PREFIX, TEXT_PREFIX)) for name in tensors):
        return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    return tensors

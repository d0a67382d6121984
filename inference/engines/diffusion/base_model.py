# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stable Diffusion 1.5: its networks from the files of a diffusers folder or from a single-file checkpoint.

Sizes are those of the tensors, and every tensor is used: what belongs to a network is loaded strictly. Nothing is ever
fetched: configurations are made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from ...errors import Action, ErrorCode, TalkingHeadError
from ...weights.tensors import read_tensors, tensor_names
from ..neural.strict_loading import strict_network
from . import shapes
from .families import FAMILY, kind_of, kind_of_text, kind_of_unet, refused
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
TOKENS = 77
# How names begin in files that hold all networks.
_OF_SINGLE_FILES = (UNET_PREFIX, VAE_PREFIX, "cond_stage_model.", "conditioner.")
_NESTED = "state_dict."
# What VAE files of their training, and files of a whole CLIP, hold besides.
_NOT_VAE = ("loss.", "model_ema.")
_NOT_TEXT = ("vision_model.", "visual_projection.", "text_projection.", "logit_scale")


def load_unet(path: Path) -> UNet2DConditionModel:
    """The U-Net in eval mode, 32 bit on the CPU.

    Args:
        path: ``unet/diffusion_pytorch_model.safetensors`` (or .bin) of a diffusers folder, or a single-file checkpoint
            (.safetensors or .ckpt).

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, UNSUPPORTED_INPUT or WEIGHTS_CORRUPT with the reason: see ``read_tensors``;
            not a network of the family of Stable Diffusion 1.5.
    """
    return unet_from(_part(path, UNET_PREFIX, "U-Net"), path.name)


def load_vae(path: Path) -> AutoencoderKL:
    """The VAE; arguments and errors as ``load_unet``, of the folder ``vae`` or a VAE file by itself."""
    return vae_from(_part(path, VAE_PREFIX, "VAE"), path.name)


def load_text_encoder(path: Path) -> CLIPTextModel:
    """The text encoder; arguments and errors as ``load_unet``, of the folder ``text_encoder``, or a whole CLIP."""
    return text_encoder_from(_part(path, TEXT_PREFIX, "text encoder"), path.name)


def load_tokenizer(vocab: Path, merges: Path) -> CLIPTokenizer:
    """The tokenizer of the files ``vocab.json`` and ``merges.txt``.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
    """
    for path in (vocab, merges):
        if not path.is_file():
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_MISSING,
                f"The model file {path.name} is not there.",
                "Get the models, or name the folder that has them.",
                Action.GET_MODELS,
                str(path),
            )
    try:
        return CLIPTokenizer(str(vocab), str(merges), model_max_length=TOKENS)
    except Exception as error:  # the tokenizers package raises plain Exception
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_CORRUPT,
            f"{vocab.name} and {merges.name} are not the words of {FAMILY}.",
            "Delete them and get them again.",
            Action.GET_MODELS,
            f"{vocab}, {merges}: {error}",
        ) from error


def unet_from(tensors: Mapping[str, Tensor], source: str) -> UNet2DConditionModel:
    """The U-Net from tensors in memory, which are used as they are where they are 32 bit floats.

    Args:
        tensors: with diffusers' names, or the original ones without prefix.
        source: what they come from, for the error.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    tensors = renamed(tensors, unet_name)
    kind = kind_of(tensors) or kind_of_unet({name: tuple(tensor.shape) for name, tensor in tensors.items()})
    if kind:
        raise refused(source, kind, "U-Net")
    try:
        config = shapes.unet_config(tensors)
    except LookupError as error:
        raise refused(source, "", "U-Net", f"missing: {error}") from error
    network = strict_network(lambda: UNet2DConditionModel(**config), tensors, f"the U-Net of {FAMILY}", source)
    assert isinstance(network, UNet2DConditionModel)
    return network


def vae_from(tensors: Mapping[str, Tensor], source: str) -> AutoencoderKL:
    """The VAE from tensors in memory; as ``unet_from``."""
    levels = len(shapes.count(tensors, "decoder.up") or shapes.count(tensors, "decoder.up_blocks"))
    tensors = {
        # Some files have the attention's matrices as convolutions of one pixel.
        name: tensor[..., 0, 0] if ".attentions." in name and tensor.ndim == 4 else tensor
        for name, tensor in renamed(tensors, lambda name: vae_name(name, levels)).items()
        if not name.startswith(_NOT_VAE)
    }
    try:
        config = shapes.vae_config(tensors)
    except LookupError as error:
        raise refused(source, kind_of(tensors), "VAE", f"missing: {error}") from error
    network = strict_network(lambda: AutoencoderKL(**config), tensors, f"the VAE of {FAMILY}", source)
    assert isinstance(network, AutoencoderKL)
    return network


def text_encoder_from(tensors: Mapping[str, Tensor], source: str) -> CLIPTextModel:
    """The text encoder from tensors in memory, with or without ``text_model.`` before their names; as ``unet_from``."""
    tensors = {
        name.removeprefix("text_model."): tensor
        for name, tensor in tensors.items()
        # Older files hold the numbers 0 to 76, which count the places.
        if not name.startswith(_NOT_TEXT) and not name.endswith("embeddings.position_ids")
    }
    try:
        config = shapes.text_config(tensors)
    except LookupError as error:
        raise refused(source, kind_of(tensors), "text encoder", f"missing: {error}") from error
    if kind := kind_of_text(config["hidden_size"]):
        raise refused(source, kind, "text encoder")
    network = strict_network(
        lambda: CLIPTextModel(CLIPTextConfig(**config)), tensors, f"the text encoder of {FAMILY}", source
    )
    assert isinstance(network, CLIPTextModel)
    # Not in files, so that these numbers still are without memory.
    places = torch.arange(network.config.max_position_embeddings)[None]
    network.embeddings.register_buffer("position_ids", places, persistent=False)
    return network


def _part(path: Path, prefix: str, network: str) -> dict[str, Tensor]:
    """Tensors of one network: those with the prefix, without it; all of a file that holds one network."""
    names = tensor_names(path)
    if not any(name.startswith(_OF_SINGLE_FILES) for name in names):
        prefix = ""
    part = {name for name in names if name.startswith(prefix)}
    kind = kind_of(names)
    if kind or not part:
        raise refused(path.name, kind, network)
    tensors = read_tensors(path, wanted=lambda name: name.removeprefix(_NESTED) in part)
    return {name.removeprefix(_NESTED)[len(prefix) :]: tensor for name, tensor in tensors.items()}

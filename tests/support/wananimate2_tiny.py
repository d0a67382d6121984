# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny Wan-Animate-2 with seeded numbers; decoder and text encoder are those of the tiny Wan-Animate."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
import wan_forms
import wan_weights
from diffusers import WanAnimate2Transformer3DModel
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModel

WIDTH, LAYERS = 48, 3


def transformer() -> WanAnimate2Transformer3DModel:
    """Of 3 layers; its first two thirds of channels are noise and what is known, as in the published one."""
    torch.manual_seed(3)
    network = WanAnimate2Transformer3DModel(
        dim=WIDTH, ffn_dim=64, freq_dim=64, text_dim=32, num_heads=4, num_layers=LAYERS
    )  # fmt: skip
    return network.requires_grad_(False).eval()


def paths(folder: Path) -> dict[str, Path]:
    """The files of the parts, written into a folder. The picture's rows have the width that diffusers fixes, 1280."""
    made = {"transformer": transformer(), "clip": CLIPVisionModel(_VISION)}
    for name, network in made.items():
        _write(folder / f"{name}.safetensors", network)
    others = wan_weights.official_paths(wan_weights.official_folder())
    kept = {name: others[name] for name in ("vae", "umt5", "tokenizer")}
    return {**kept, **{name: folder / f"{name}.safetensors" for name in made}}


def diffusers_folder(folder: Path, model: str) -> Path:
    """``folder`` with one of its name for diffusers in it, as it is given out, its transformer in shards."""
    inside, network = folder / model, transformer().state_dict()
    for part in ("vae", "text_encoder", "tokenizer"):
        shutil.copytree(wan_weights.diffusers_folder() / wan_weights.DIFFUSERS / part, inside / part)
    for part in ("transformer", "image_encoder"):
        (inside / part).mkdir()
    state = {name: value.numpy() for name, value in network.items()}
    wan_forms.write_shards(inside / "transformer", "diffusion_pytorch_model", state, 4)
    _write(inside / "image_encoder" / "model.safetensors", CLIPVisionModel(_VISION))
    return folder


def _write(path: Path, network: nn.Module) -> None:
    named = {name: value.contiguous() for name, value in network.state_dict().items() if "position_ids" not in name}
    save_file(named, path)


_VISION = CLIPVisionConfig(
    hidden_size=1280, projection_dim=8, num_hidden_layers=2, num_attention_heads=16, image_size=224, patch_size=14,
    intermediate_size=8,
)  # fmt: skip

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate with the seeded weights of the recorded case, as checkpoint folders on disk, in the forms that are used.

Run as a program, it writes a folder (10 MB each):

    python -m wan_weights --output DIR --layout official
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sd15_weights
import seeded_folders
import wan_forms
import wan_layout
import wan_masks_weights
import wan_tracking_weights

if TYPE_CHECKING:
    import numpy as np

MODEL = "Wan2.2-Animate-14B"
DIFFUSERS = f"{MODEL}-Diffusers"
SHARDS = 4
T5, CLIP = "models_t5_umt5-xxl-enc-bf16.pth", "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"
VAE, RELIGHT = "Wan2.1_VAE.pth", "relighting_lora.ckpt"
TOKENIZER = Path("google") / "umt5-xxl" / "tokenizer.json"
SINGLE, EIGHT = "wan2.2_animate_14B_bf16.safetensors", "Wan2_2-Animate-14B_fp8_e4m3fn_scaled_KJ.safetensors"
Q8, Q4 = "Wan2.2-Animate-14B-Q8_0.gguf", "Wan2.2-Animate-14B-Q4_0.gguf"
_ALSO = ("wan_forms", "wan_layout", "wan_masks_weights", "wan_tracking_weights", "sd15_weights")


def official_folder() -> Path:
    """Wan2.2-Animate-14B/ as the official program has it, its transformer in shards; sam2.1-hiera-large/ in it."""
    return seeded_folders.made("wan", "official", recorded="wananimate", also=_ALSO)


def comfyui_folder() -> Path:
    """models/ as users of ComfyUI have it: one file with the prefix, one with scaled 8 bit, GGUF, other encoders."""
    return seeded_folders.made("wan", "comfyui", recorded="wananimate", also=_ALSO)


def diffusers_folder() -> Path:
    """Wan2.2-Animate-14B-Diffusers/: the same model with the names of Diffusers."""
    return seeded_folders.made("wan", "diffusers", recorded="wananimate", also=_ALSO)


def official_paths(folder: Path) -> dict[str, Path]:
    """All files of the sets wananimate_official, wan_tracking and wan_masks, by the parts' names in the catalogue."""
    inside = folder / MODEL
    shards = {
        f"transformer_{number}": inside / wan_forms.shard_name("diffusion_pytorch_model", number, SHARDS)
        for number in range(1, SHARDS + 1)
    }
    return {**shards, **_others(inside), **tracking_paths(folder), **masks_paths(folder)}


def tracking_paths(folder: Path) -> dict[str, Path]:
    """The files of the set wan_tracking in an official folder."""
    return wan_tracking_weights.paths(folder / MODEL / "process_checkpoint")


def masks_paths(folder: Path) -> dict[str, Path]:
    """The file of the set wan_masks in an official folder."""
    return {"sam2": folder / "sam2.1-hiera-large" / "model.safetensors"}


def comfyui_paths(folder: Path, transformer: str = SINGLE) -> dict[str, Path]:
    """A transformer of ComfyUI's folder (SINGLE, EIGHT, Q8 or Q4), the encoders beside it."""
    models = folder / "models"
    return {
        "transformer": models / ("unet" if transformer.endswith(".gguf") else "diffusion_models") / transformer,
        "vae": models / "vae" / "wan_2.1_vae.safetensors",
        "umt5": models / "text_encoders" / "umt5_xxl_fp16.safetensors",
        "tokenizer": models / "text_encoders" / "umt5-xxl" / "tokenizer.json",
        "clip": models / "clip_vision" / "clip_vision_h.safetensors",
        "relight": models / "loras" / "WanAnimate_relight_lora_fp16.safetensors",
    }


def diffusers_paths(folder: Path) -> dict[str, Path]:
    """All files of a folder of Diffusers."""
    inside, network = folder / DIFFUSERS, "diffusion_pytorch_model"
    shards = {
        f"transformer_{number}": inside / "transformer" / wan_forms.shard_name(network, number, 2) for number in (1, 2)
    }
    return {
        **shards,
        "vae": inside / "vae" / f"{network}.safetensors",
        "umt5": inside / "text_encoder" / "model.safetensors",
        "tokenizer": inside / "tokenizer" / "tokenizer.json",
        "clip": inside / "image_encoder" / "model.safetensors",
    }


def _others(inside: Path) -> dict[str, Path]:
    names = {"vae": VAE, "umt5": T5, "tokenizer": TOKENIZER, "clip": CLIP, "relight": RELIGHT}
    return {part: inside / name for part, name in names.items()}


def write_official(folder: Path, weights: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Save parts as the official folder has them."""
    inside = folder / MODEL
    wan_forms.write_shards(inside, "diffusion_pytorch_model", weights["transformer"], SHARDS)
    (inside / "config.json").write_text(json.dumps(_CONFIG, indent=2), encoding="utf-8")
    write_encoders(inside, weights)
    # What the file holds besides the image encoder.
    rest = {"log_scale": (), "textual.type_embedding.weight": (1, 8)}
    wan_forms.write_pytorch(inside / CLIP, {**wan_forms.zeros(rest), **weights["clip"]})
    wan_forms.write_pytorch(inside / RELIGHT, {"state_dict": wan_forms.torch_state(wan_layout.relighting_lora())})


def write_encoders(inside: Path, weights: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Save what all folders of Wan have: decoder, text encoder in bfloat16, tokenizer."""
    wan_forms.write_pytorch(inside / VAE, weights["vae"])
    wan_forms.write_pytorch(inside / T5, weights["umt5"], bfloat16=True)
    wan_layout.write_tokenizer(inside / TOKENIZER)


def _write_official(folder: Path) -> None:
    write_official(folder, wan_layout.states())
    wan_tracking_weights.write(folder / MODEL / "process_checkpoint")
    wan_masks_weights.write(masks_paths(folder)["sam2"])


def _write_comfyui(folder: Path) -> None:
    weights = wan_layout.states()
    paths = comfyui_paths(folder)
    transformer, wider = weights["transformer"], wan_layout.wider_transformer()
    wan_forms.write_prefixed(paths["transformer"], transformer)
    wan_forms.write_scaled(comfyui_paths(folder, EIGHT)["transformer"], transformer)
    wan_forms.write_gguf(comfyui_paths(folder, Q8)["transformer"], wider, "Q8_0")
    wan_forms.write_gguf(comfyui_paths(folder, Q4)["transformer"], wider, "Q4_0")
    wan_forms.write_half(paths["vae"], weights["vae"])
    wan_forms.write_half(paths["umt5"], wan_layout.as_transformers_umt5(weights["umt5"]))
    wan_forms.write_half(paths["clip"], wan_layout.as_transformers_clip(weights["clip"]))
    relight = {f"diffusion_model.{name}": value for name, value in wan_layout.relighting_lora().items()}
    wan_forms.write_half(paths["relight"], relight)
    wan_layout.write_tokenizer(paths["tokenizer"])


def _write_diffusers(folder: Path) -> None:
    weights, inside = wan_layout.states(), folder / DIFFUSERS
    paths, network = diffusers_paths(folder), "diffusion_pytorch_model"
    wan_forms.write_shards(inside / "transformer", network, wan_forms.as_diffusers(weights["transformer"]), 2)
    sd15_weights.write_tensors(paths["vae"], wan_forms.vae_as_diffusers(weights["vae"]))
    sd15_weights.write_tensors(paths["umt5"], wan_layout.as_transformers_umt5(weights["umt5"]))
    sd15_weights.write_tensors(paths["clip"], wan_layout.as_transformers_clip(weights["clip"]))
    wan_layout.write_tokenizer(paths["tokenizer"])


_CONFIG: dict[str, Any] = {
    "_class_name": "WanAnimateModel",
    "_diffusers_version": "0.33.1",
    "dim": wan_layout.WIDTH,
    "ffn_dim": 64,
    "freq_dim": 64,
    "in_dim": 36,
    "num_heads": 4,
    "num_layers": 10,
    "out_dim": 16,
    "text_len": 512,
}


if __name__ == "__main__":
    layouts = {"official": _write_official, "comfyui": _write_comfyui, "diffusers": _write_diffusers}
    seeded_folders.main(__doc__, layouts)

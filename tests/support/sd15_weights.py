# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny seeded Stable Diffusion 1.5, in the forms of the official files: a folder of diffusers, and a single file.

Its UNet is the plain one of HelloMeme's recorded case; a second one of that case stands for another checkpoint of the
family. What it decodes are colored blots. Run as a program, it writes a folder (50 MB):

    python -m sd15_weights --output DIR --layout diffusers
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import sd15_layout
import seeded_folders
from sd15_layout import LATENT_CHANNELS, OLD_ATTENTION, TEXT_INNER, TEXT_LAYERS, TEXT_WIDTH, TOKENS, VAE_CHANNELS

if TYPE_CHECKING:
    import numpy as np

NAME = "stable-diffusion-v1-5"
SINGLE = "v1-5-pruned-emaonly.safetensors"
STYLE = "dreamshaper_8.safetensors"
WEIGHTS = "diffusion_pytorch_model.safetensors"
START, END = "<|startoftext|>", "<|endoftext|>"
# Some of the real tokenizer's first merges, in its order.
MERGES = ("i n", "t h", "a n", "r e", "a r", "e r", "th e</w>", "in g</w>", "o n", "an d</w>", "o r", "a c", "f ac")
SEED = 7
CHANNELS = (32, 64, 128, 128)

_VAE_RULES = [
    ["attentions.*to_[qk].weight$", "he", 0.5],
    ["conv2.weight$", "he", 0.4],
    ["decoder.conv_out.weight$", "he", 0.35],
    ["encoder.conv_out.weight$", "he", 2.5],
]
_TEXT_RULES = [["token_embedding.weight$", "normal", 0.7], ["position_embedding.weight$", "normal", 0.3]]

State = Mapping[str, "np.ndarray"]


def unet(part: str = "unet_ref") -> dict[str, np.ndarray]:
    """Tensors of the ``UNet2DConditionModel``: "unet_ref" the plain one, "unet" that of the other checkpoint."""
    import numpy as np
    from seeded_weights import seeded_state_dict

    layout, rules = (
        json.loads((seeded_folders.RECORDED / f"hellomeme_{kind}.json").read_text(encoding="utf-8"))
        for kind in ("keys", "rules")
    )
    with np.load(seeded_folders.RECORDED / "hellomeme_public.npz") as recorded:
        return seeded_state_dict(layout[part], int(recorded["seed"]), rules[part])


def vae() -> dict[str, np.ndarray]:
    """Tensors of the ``AutoencoderKL``, by their current names in diffusers."""
    from seeded_weights import seeded_state_dict

    return seeded_state_dict(sd15_layout.vae_shapes(), SEED, _VAE_RULES)


def text_encoder() -> dict[str, np.ndarray]:
    """Tensors of the ``CLIPTextModel``, as the official file has them: with the numbers of the positions."""
    import numpy as np
    from seeded_weights import seeded_state_dict

    state = seeded_state_dict(sd15_layout.text_shapes(len(vocabulary())), SEED, _TEXT_RULES)
    return {**state, "text_model.embeddings.position_ids": np.arange(TOKENS, dtype=np.int64)[None]}


def vocabulary() -> dict[str, int]:
    """Token to number, as CLIP's: each byte, each byte at the end of a word, merges, start and end."""
    letters = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    # Bytes that are no printable letter are written as letters from 256 on.
    others = range(256 - len(letters))
    alphabet = [chr(code) for code in letters] + [chr(256 + number) for number in others]
    tokens = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *(merge.replace(" ", "") for merge in MERGES)]
    return {token: number for number, token in enumerate([*tokens, START, END])}


def diffusers_folder() -> Path:
    """A folder with stable-diffusion-v1-5/, as diffusers and the official programs have it."""
    return seeded_folders.made("sd15", "diffusers", recorded="hellomeme", also=("sd15_layout",))


def single_folder() -> Path:
    """A folder with models/checkpoints/ as ComfyUI has it: the plain single file, and that of another checkpoint."""
    return seeded_folders.made("sd15", "single", recorded="hellomeme", also=("sd15_layout",))


def diffusers_paths(folder: Path) -> dict[str, Path]:
    """The five files of a folder of diffusers, by the parts' names in the catalogue."""
    inside = folder / NAME
    return {
        "sd15_unet": inside / "unet" / WEIGHTS,
        "sd15_vae": inside / "vae" / WEIGHTS,
        "sd15_text": inside / "text_encoder" / "model.safetensors",
        "sd15_vocab": inside / "tokenizer" / "vocab.json",
        "sd15_merges": inside / "tokenizer" / "merges.txt",
    }


def single_path(folder: Path, name: str = SINGLE) -> Path:
    """A single file: SINGLE, or STYLE for the other checkpoint."""
    return folder / "models" / "checkpoints" / name


def write_diffusers(folder: Path) -> dict[str, Path]:
    """Save the plain checkpoint as a folder of diffusers, with the tensors' names of the official files."""
    paths = diffusers_paths(folder)
    states = {"sd15_unet": unet(), "sd15_vae": _with_old_names(vae()), "sd15_text": text_encoder()}
    for part, state in states.items():
        write_tensors(paths[part], state)
        (paths[part].parent / "config.json").write_text(json.dumps(_CONFIGS[part], indent=2), encoding="utf-8")
    write_tokenizer(folder / NAME / "tokenizer")
    return paths


def write_tokenizer(folder: Path) -> None:
    """Save vocab.json and merges.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary()), encoding="utf-8")
    merges = "\n".join(("#version: 0.2", *MERGES, ""))
    (folder / "merges.txt").write_text(merges, encoding="utf-8", newline="\n")


def single_state(part: str = "unet_ref") -> dict[str, np.ndarray]:
    """A whole checkpoint by the names of single files (LDM), with tables of its training's noise."""
    import numpy as np

    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    tables = {"betas": betas, "alphas_cumprod": np.cumprod(1 - betas)}
    return {
        **{name: table.astype(np.float32) for name, table in tables.items()},
        "model_ema.decay": np.array(0.9999, np.float32),
        "model_ema.num_updates": np.array(3, np.int32),
        **sd15_layout.unet_as_ldm(unet(part)),
        **embedded_state(),
    }


def embedded_state() -> dict[str, np.ndarray]:
    """Decoder of latents and text encoder by the names of single files."""
    texts = {f"cond_stage_model.transformer.{name}": value for name, value in text_encoder().items()}
    return {**sd15_layout.vae_as_ldm(vae()), **texts}


def write_tensors(path: Path, state: State) -> Path:
    """Save tensors as a safetensors file."""
    import numpy as np
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.asarray(value, order="C") for name, value in state.items()}, path, {"format": "pt"})
    return path


def _with_old_names(state: State) -> dict[str, np.ndarray]:
    """As the published decoder of latents has them."""
    renamed = {}
    for name, value in state.items():
        for new, old in OLD_ATTENTION.items():
            name = name.replace(f"attentions.0.{new}.", f"attentions.0.{old}.")
        renamed[name] = value
    return renamed


_UNET_CONFIG = {
    "_class_name": "UNet2DConditionModel",
    "act_fn": "silu",
    "attention_head_dim": 8,
    "block_out_channels": CHANNELS,
    "center_input_sample": False,
    "cross_attention_dim": TEXT_WIDTH,
    "down_block_types": ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
    "downsample_padding": 1,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": LATENT_CHANNELS,
    "layers_per_block": 2,
    "norm_eps": 1e-05,
    "norm_num_groups": 32,
    "out_channels": LATENT_CHANNELS,
    "sample_size": 16,
    "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
}
_VAE_CONFIG = {
    "_class_name": "AutoencoderKL",
    "act_fn": "silu",
    "block_out_channels": VAE_CHANNELS,
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "in_channels": 3,
    "latent_channels": LATENT_CHANNELS,
    "layers_per_block": 1,
    "norm_num_groups": 32,
    "out_channels": 3,
    "sample_size": 128,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
}
_TEXT_CONFIG = {
    "architectures": ["CLIPTextModel"],
    "bos_token_id": 0,
    "eos_token_id": 2,
    "hidden_act": "quick_gelu",
    "hidden_size": TEXT_WIDTH,
    "intermediate_size": TEXT_INNER,
    "layer_norm_eps": 1e-05,
    "max_position_embeddings": TOKENS,
    "model_type": "clip_text_model",
    "num_attention_heads": 1,
    "num_hidden_layers": TEXT_LAYERS,
    "projection_dim": TEXT_WIDTH,
    "vocab_size": len(vocabulary()),
}
_CONFIGS = {"sd15_unet": _UNET_CONFIG, "sd15_vae": _VAE_CONFIG, "sd15_text": _TEXT_CONFIG}


def _write_single(folder: Path) -> None:
    for name, part in ((SINGLE, "unet_ref"), (STYLE, "unet")):
        write_tensors(single_path(folder, name), single_state(part))


if __name__ == "__main__":
    seeded_folders.main(__doc__, {"diffusers": write_diffusers, "single": _write_single})

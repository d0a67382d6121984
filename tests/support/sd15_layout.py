# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and shapes of a tiny Stable Diffusion 1.5: its decoder of latents and its text encoder, and its older names.

The tiny UNet is that of the recorded cases: 32, 64, 128 and 128 channels, text rows 16 wide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Shapes = dict[str, tuple[tuple[int, ...], str]]

VAE_CHANNELS = (32, 32, 32, 32)
LATENT_CHANNELS = 4
TEXT_WIDTH, TEXT_LAYERS, TEXT_INNER, TOKENS = 16, 2, 64, 77

# Name in a folder of diffusers: name in a single file (LDM).
_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET_TOP = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
# The names of the attention in SD 1.5's published decoder of latents: in folders of diffusers, and in single files.
OLD_ATTENTION = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
_LDM_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def vae_shapes() -> Shapes:
    """Tensors of the ``AutoencoderKL`` by their current names in diffusers; one resnet a level, factor 8."""
    shapes: dict[str, tuple[int, ...]] = {}
    for side, levels, resnets, down in (
        ("encoder", VAE_CHANNELS, 1, True),
        ("decoder", VAE_CHANNELS[::-1], 2, False),
    ):
        first, last = (3, 2 * LATENT_CHANNELS) if down else (LATENT_CHANNELS, 3)
        shapes |= _conv(f"{side}.conv_in", first, levels[0]) | _norm(f"{side}.conv_norm_out", levels[-1])
        shapes |= _conv(f"{side}.conv_out", levels[-1], last)
        middle = levels[-1] if down else levels[0]
        for number in (0, 1):
            shapes |= _resnet(f"{side}.mid_block.resnets.{number}", middle, middle)
        shapes |= _attention(f"{side}.mid_block.attentions.0", middle)
        before = levels[0]
        for block, width in enumerate(levels):
            name = f"{side}.{'down' if down else 'up'}_blocks.{block}"
            for number in range(resnets):
                shapes |= _resnet(f"{name}.resnets.{number}", before, width)
                before = width
            if block < len(levels) - 1:
                shapes |= _conv(f"{name}.{'down' if down else 'up'}samplers.0.conv", width, width)
    shapes |= _conv("quant_conv", 2 * LATENT_CHANNELS, 2 * LATENT_CHANNELS, 1)
    shapes |= _conv("post_quant_conv", LATENT_CHANNELS, LATENT_CHANNELS, 1)
    return {name: (shape, "float32") for name, shape in shapes.items()}


def text_shapes(vocabulary: int) -> Shapes:
    """Tensors of the ``CLIPTextModel`` by their official names, without the numbers of the positions."""
    width, top = TEXT_WIDTH, "text_model"
    shapes = {
        f"{top}.embeddings.token_embedding.weight": (vocabulary, width),
        f"{top}.embeddings.position_embedding.weight": (TOKENS, width),
        **_norm(f"{top}.final_layer_norm", width),
    }
    for layer in range(TEXT_LAYERS):
        name = f"{top}.encoder.layers.{layer}"
        for part in ("k", "v", "q", "out"):
            shapes |= _linear(f"{name}.self_attn.{part}_proj", width, width)
        shapes |= _norm(f"{name}.layer_norm1", width) | _norm(f"{name}.layer_norm2", width)
        shapes |= _linear(f"{name}.mlp.fc1", width, TEXT_INNER) | _linear(f"{name}.mlp.fc2", TEXT_INNER, width)
    return {name: (shape, "float32") for name, shape in shapes.items()}


def unet_as_ldm(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A ``UNet2DConditionModel`` by its names in a single file."""
    return {f"model.diffusion_model.{_unet_name(name, state)}": value for name, value in state.items()}


def vae_as_ldm(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """An ``AutoencoderKL`` by its names in a single file, where the attention's layers are convolutions."""
    return {f"first_stage_model.{name}": value for name, value in _vae_items(state)}


def _vae_items(state: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    highest = len(VAE_CHANNELS) - 1
    for old, value in state.items():
        name = old.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        name = re.sub(r"down_blocks\.(\d)", r"down.\1", name)
        name = re.sub(r"up_blocks\.(\d)", lambda found: f"up.{highest - int(found[1])}", name)
        name = re.sub(r"((?:down|up)\.\d)\.resnets", r"\1.block", name)
        name = re.sub(r"(down|up)samplers\.0", r"\1sample", name)
        name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
        if "attentions" in name:
            stem, layer, leaf = re.fullmatch(r"(.*)mid_block\.attentions\.0\.(.*)\.(\w+)", name).groups()
            name = f"{stem}mid.attn_1.{_LDM_ATTENTION[layer]}.{leaf}"
            value = value[..., None, None] if value.ndim == 2 else value
        yield name, value


def _unet_name(name: str, state: Mapping[str, np.ndarray]) -> str:
    for old, new in _UNET_TOP.items():
        if name.startswith(f"{old}."):
            return _layer_name(new + name[len(old) :])
    found = re.fullmatch(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.*)", name)
    side, block, kind, number = found[1], int(found[2]), found[3], int(found[4])
    if kind == "downsamplers":
        return f"input_blocks.{3 + 3 * block}.0.op.{found[5].removeprefix('conv.')}"
    if kind == "upsamplers":
        attends = any(other.startswith(f"up_blocks.{block}.attentions") for other in state)
        return f"output_blocks.{3 * block + 2}.{2 if attends else 1}.{found[5]}"
    place = f"input_blocks.{1 + 3 * block + number}" if side == "down" else f"output_blocks.{3 * block + number}"
    return _layer_name(f"{place}.{0 if kind == 'resnets' else 1}.{found[5]}")


def _layer_name(name: str) -> str:
    stem, layer, leaf = name.rsplit(".", 2)
    if "transformer_blocks" in stem:
        return name
    return f"{stem}.{_RESNET.get(layer, layer)}.{leaf}"


def _conv(name: str, inside: int, outside: int, kernel: int = 3) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outside, inside, kernel, kernel), f"{name}.bias": (outside,)}


def _linear(name: str, inside: int, outside: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outside, inside), f"{name}.bias": (outside,)}


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _resnet(name: str, inside: int, outside: int) -> dict[str, tuple[int, ...]]:
    shapes = _norm(f"{name}.norm1", inside) | _conv(f"{name}.conv1", inside, outside)
    shapes |= _norm(f"{name}.norm2", outside) | _conv(f"{name}.conv2", outside, outside)
    return shapes | (_conv(f"{name}.conv_shortcut", inside, outside, 1) if inside != outside else {})


def _attention(name: str, width: int) -> dict[str, tuple[int, ...]]:
    shapes = _norm(f"{name}.group_norm", width)
    for layer in OLD_ATTENTION:
        shapes |= _linear(f"{name}.{layer}", width, width)
    return shapes

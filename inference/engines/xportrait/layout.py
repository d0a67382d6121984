# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What X-Portrait's tensors tell of its networks: official names are those of LDM, the networks are diffusers'."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..diffusion.ldm_names import unet_name

HEADS = 8
NORM_GROUPS = 32

_MOTION = {
    "attention_blocks.0.pos_encoder.": "pos_embed.",
    "attention_blocks.0.": "attn1.",
    "attention_blocks.1.": "attn2.",
    "norms.0.": "norm1.",
    "norms.1.": "norm2.",
    "ff_norm.": "norm3.",
}
# Both attentions of a motion module have the same sinusoidal table of positions; diffusers keeps it once.
_SECOND_POSITIONS = re.compile(r"motion_module\.\d+\..*attention_blocks\.1\.pos_encoder\.")

State = Mapping[str, Tensor | np.ndarray]


@dataclass(frozen=True)
class Layout:
    """Sizes of one network.

    Attributes:
        channels: of each level, from the full resolution down.
        attentive: whether each level has attention.
        layers: residual blocks of a level on the way down; one more on the way up.
        in_channels: of the latent.
        text_width: of a token of the text.
        hint_channels: of the layers that read a hint; () without.
        positions: frames that the motion modules can tell apart; 0 without motion modules.
    """

    channels: tuple[int, ...]
    attentive: tuple[bool, ...]
    layers: int
    in_channels: int
    text_width: int
    hint_channels: tuple[int, ...]
    positions: int


def layout_of(state: State) -> Layout:
    """The sizes of a network from the shapes of its tensors.

    Args:
        state: its tensors under official names, without the network's prefix.

    Raises:
        LookupError: where tensors that tell a size are missing.
    """
    blocks = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("input_blocks."))
    downsamplers = [i for i in range(blocks) if f"input_blocks.{i}.0.op.weight" in state]
    # A level ends with its downsampler, so that the first one is behind block 0 and the level's layers.
    layers = (downsamplers[0] if downsamplers else blocks) - 1
    firsts = range(1, blocks, layers + 1)
    return Layout(
        channels=tuple(int(state[f"input_blocks.{i}.0.out_layers.3.weight"].shape[0]) for i in firsts),
        attentive=tuple(f"input_blocks.{i}.1.norm.weight" in state for i in firsts),
        layers=layers,
        in_channels=int(state["input_blocks.0.0.weight"].shape[1]),
        text_width=int(state["middle_block.1.transformer_blocks.0.attn2.to_k.weight"].shape[1]),
        hint_channels=_hint_channels(state),
        positions=_positions(state),
    )


def _hint_channels(state: State) -> tuple[int, ...]:
    """Of the hint's layers at each resolution; its last layer, which ends in the network's channels, does not count."""
    convolutions = sorted(
        int(name.split(".")[1]) for name in state if re.fullmatch(r"input_hint_block\.\d+\.weight", name)
    )
    return tuple(int(state[f"input_hint_block.{i}.weight"].shape[0]) for i in convolutions[:-1:2])


def _positions(state: State) -> int:
    tables = [value for name, value in state.items() if name.endswith("attention_blocks.0.pos_encoder.pe")]
    return int(tables[0].shape[1]) if tables else 0


def diffusers_names(state: State, layout: Layout) -> dict[str, Tensor | np.ndarray]:
    """The same tensors under diffusers' names; names that are not known stay as they are.

    Args:
        state: as in ``layout_of``.
    """
    return {
        diffusers_name(name, layout): value for name, value in state.items() if not _SECOND_POSITIONS.search(name)
    }  # fmt: skip


def diffusers_name(name: str, layout: Layout) -> str:
    """One tensor's name in diffusers; a name that is not known stays as it is."""
    if found := re.fullmatch(r"input_hint_block\.(\d+)\.(\w+)", name):
        return _hint_name(int(found[1]), found[2], 2 * len(layout.hint_channels))
    if found := re.fullmatch(r"zero_convs\.(\d+)\.0\.(\w+)", name):
        return f"controlnet_down_blocks.{found[1]}.{found[2]}"
    if found := re.fullmatch(r"middle_block_out\.0\.(\w+)", name):
        return f"controlnet_mid_block.{found[1]}"
    if found := re.fullmatch(r"(in|out)put_blocks_motion_module\.(\d+)\.0\.temporal_transformer\.(.+)", name):
        # On the way up a level has one layer more, and each layer of both ways has a motion module.
        blocks, per_level = ("down_blocks", layout.layers) if found[1] == "in" else ("up_blocks", layout.layers + 1)
        level, place = divmod(int(found[2]), per_level)
        return f"{blocks}.{level}.motion_modules.{place}.{_motion_inner(found[3])}"
    return unet_name(name, layout.layers)


def _hint_name(index: int, leaf: str, count: int) -> str:
    """The layers have even places, as activations lie between them.

    Args:
        count: of the layers.
    """
    if index == 0:
        return f"controlnet_cond_embedding.conv_in.{leaf}"
    if index == 2 * (count - 1):
        return f"controlnet_cond_embedding.conv_out.{leaf}"
    return f"controlnet_cond_embedding.blocks.{index // 2 - 1}.{leaf}"


def _motion_inner(name: str) -> str:
    for official, ours in _MOTION.items():
        name = name.replace(official, ours)
    return name

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait's networks from the official file, model_state-415001.th, or the safetensors conversion of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffusers import ControlNetModel, UNet2DConditionModel, UNetMotionModel
from torch import nn

from ...weights.tensors import read_networks, tensor_names
from ..neural.strict_loading import strict_network, wrong_file
from .layout import HEADS, NORM_GROUPS, Layout, State, diffusers_names, layout_of
from .wiring import BankReader, BankWriter, wire_motion

# The networks' names in the file, and what people call them.
_APPEARANCE = "appearance_control_model"
_POSE = "pose_control_model"
_LOCAL = "local_pose_control_model"
_DENOISER = "model.diffusion_model"
_LABELS = {
    _APPEARANCE: "appearance network",
    _POSE: "pose network",
    _LOCAL: "network for eyes and mouth",
    _DENOISER: "denoiser",
}
_EMBEDDED = {"vae": "first_stage_model.", "text": "cond_stage_model.transformer."}


@dataclass(frozen=True)
class Networks:
    """The networks in eval mode, 32 bit floats on the CPU, wired to one another.

    Attributes:
        appearance: looks at the source; has no last layers, as only its attentions count.
        pose: control network for the whole driving picture.
        local: control network for the patches around eyes and mouth.
        denoiser: Stable Diffusion 1.5 with motion modules.
        writer: what the appearance network's attentions were given.
        reader: what the denoiser's attentions look at.
    """

    appearance: UNet2DConditionModel
    pose: ControlNetModel
    local: ControlNetModel
    denoiser: UNetMotionModel
    writer: BankWriter
    reader: BankReader


def networks_from(state: State, source: str = "the given tensors") -> Networks:
    """The networks from tensors in memory, which are used as they are where they are 32 bit floats.

    Args:
        state: all tensors under official names; those of other networks are ignored.
        source: what they come from, for the error.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT where a network is missing, or tensors are missing, unexpected or of another
            shape.
    """
    appearance = _network(state, _APPEARANCE, _make_appearance, source)
    pose = _network(state, _POSE, _make_control, source)
    local = _network(state, _LOCAL, _make_control, source)
    denoiser = _network(state, _DENOISER, _make_denoiser, source)
    # Only now: the wiring changes the names of the denoiser's parts.
    wire_motion(denoiser)
    return Networks(appearance, pose, local, denoiser, BankWriter(appearance), BankReader(denoiser))


def load_networks(path: Path) -> Networks:
    """Read the official file.

    Args:
        path: model_state-415001.th, or the same as .safetensors.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING or WEIGHTS_CORRUPT, with the reason.
    """
    return networks_from(read_networks(path, *(f"{name}." for name in _LABELS)), path.name)


def embedded_parts(path: Path) -> frozenset[str]:
    """Which networks of Stable Diffusion 1.5 a file has besides its own: "vae", "text", both or none.

    ``base_model`` loads them from the same file.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING or WEIGHTS_CORRUPT, with the reason.
    """
    names = tensor_names(path)
    return frozenset(part for part, prefix in _EMBEDDED.items() if any(name.startswith(prefix) for name in names))


def _network(state: State, name: str, make: Callable[[Layout], nn.Module], source: str) -> Any:
    """One network of the file, strictly."""
    label = f"X-Portrait's {_LABELS[name]}"
    own = {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
    if name == _APPEARANCE:
        # The official appearance network has a layer for hints that it never uses.
        own = {key: value for key, value in own.items() if not key.startswith("input_hint_block.")}
    if not own:
        raise wrong_file(f"{source} cannot be an X-Portrait model: the {_LABELS[name]} ({name}) is missing.")
    try:
        layout = layout_of(own)
        named = diffusers_names(own, layout)
    except (LookupError, ValueError) as error:
        raise wrong_file(f"{source} cannot be {label}: its layers are not those of X-Portrait.", str(error)) from error
    return strict_network(lambda: make(layout), named, label, source)


def _common(layout: Layout) -> Mapping[str, Any]:
    return {
        "in_channels": layout.in_channels,
        "block_out_channels": layout.channels,
        "layers_per_block": layout.layers,
        "cross_attention_dim": layout.text_width,
        "norm_num_groups": NORM_GROUPS,
    }


def _blocks(layout: Layout, suffix: str) -> dict[str, tuple[str, ...]]:
    """The kinds of a network's blocks on the way down and up."""
    down = tuple(f"{'CrossAttn' if attentive else ''}DownBlock{suffix}" for attentive in layout.attentive)
    return {"down_block_types": down, "up_block_types": tuple(kind.replace("Down", "Up") for kind in reversed(down))}


def _make_appearance(layout: Layout) -> UNet2DConditionModel:
    network: Any = UNet2DConditionModel(
        out_channels=layout.in_channels, attention_head_dim=HEADS, **_blocks(layout, "2D"), **_common(layout)
    )
    network.conv_norm_out = None
    network.conv_out = nn.Identity()
    return network


def _make_control(layout: Layout) -> ControlNetModel:
    return ControlNetModel(
        attention_head_dim=HEADS,
        down_block_types=_blocks(layout, "2D")["down_block_types"],
        conditioning_embedding_out_channels=layout.hint_channels,
        **_common(layout),
    )


def _make_denoiser(layout: Layout) -> UNetMotionModel:
    return UNetMotionModel(
        out_channels=layout.in_channels,
        num_attention_heads=HEADS,
        motion_num_attention_heads=HEADS,
        motion_max_seq_length=layout.positions,
        use_motion_mid_block=False,
        **_blocks(layout, "Motion"),
        **_common(layout),
    )

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme's own networks from tensors or from files; their sizes are read from the tensors.

The U-Net that they belong to is of the Stable Diffusion 1.5 family and loaded elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from ...errors import Action, ErrorCode, TalkingHeadError
from ...weights.tensors import read_tensors
from ..neural.strict_loading import strict_network, wrong_file
from .networks.control import DOWN_MAPS, UP_MAPS, Control, ControlProjection
from .networks.motion import Motion
from .networks.pd_fgc import PdFgc
from .networks.reference import Reference, ReferenceV5, ReferenceV5b

VERSIONS = ("v5", "v5b")
LABELS = {
    "reference": "HelloMeme's reference network",
    "control": "HelloMeme's control network",
    "control_proj": "HelloMeme's second control network",
    "motion": "HelloMeme's motion network",
    "pd_fgc": "HelloMeme's network for expressions (PD-FGC)",
}

State = Mapping[str, Tensor | np.ndarray]


@dataclass(frozen=True)
class Networks:
    """The networks in eval mode, 32 bit floats on the CPU."""

    reference: Reference
    control: Control
    control_proj: ControlProjection
    motion: Motion
    pd_fgc: PdFgc


def load_networks(paths: Mapping[str, Path], version: str) -> Networks:
    """Read the files of a version.

    Args:
        paths: ``reference``, ``control``, ``control_proj``, ``motion`` and ``pd_fgc``; others are not looked at.
        version: ``v5`` or ``v5b``.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING or WEIGHTS_CORRUPT, with the reason: not readable (see ``read_tensors``),
            another version's file, or tensors missing, unexpected or of another shape.
    """
    for part, label in LABELS.items():
        if part not in paths:
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_MISSING,
                f"The file of {label} is missing.",
                "Get HelloMeme's models, or name a folder that has them.",
                Action.GET_MODELS,
            )
    # One file after the other, so that no more than one is held twice.
    return _networks(version, lambda part: read_tensors(paths[part]), lambda part: paths[part].name)


def networks_from(states: Mapping[str, State], version: str) -> Networks:
    """The networks from tensors in memory, which are used as they are where they are 32 bit floats.

    Args:
        states: part, as in :func:`load_networks`, to tensor name to tensor.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT as in :func:`load_networks`.
    """
    return _networks(version, states.__getitem__, lambda part: "the given tensors")


def _networks(version: str, state_of: Callable[[str], State], source_of: Callable[[str], str]) -> Networks:
    assert version in VERSIONS, version
    made: dict[str, nn.Module] = {}
    for part, label in LABELS.items():
        state, source = state_of(part), source_of(part)
        make = maker(part, state, version, source)
        made[part] = strict_network(make, state, label, source)
    reference, control, projection, motion, pd_fgc = made.values()
    assert isinstance(reference, Reference) and isinstance(control, Control) and isinstance(motion, Motion)
    assert isinstance(projection, ControlProjection) and isinstance(pd_fgc, PdFgc)
    return Networks(reference, control, projection, motion, pd_fgc)


def maker(part: str, state: State, version: str, source: str) -> Callable[[], nn.Module]:
    """A function that builds the network of a part in the sizes of its tensors.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT where the tensors that say the sizes are missing, or are another version's.
    """
    try:
        if part == "reference":
            return _reference(state, version, source)
        if part == "control":
            return _control(state)
        if part == "control_proj":
            return _projection(state)
        return _motion(state) if part == "motion" else PdFgc
    except KeyError as error:
        raise wrong_file(f"{source} cannot be {LABELS[part]}: {error.args[0]} is missing.") from error


def _reference(state: State, version: str, source: str) -> Callable[[], nn.Module]:
    found = "v5b" if any(".attn_ref." in name for name in state) else "v5"
    if found != version:
        raise wrong_file(
            f"{source} is the reference network of HelloMeme's version {found[1:]}, but {version[1:]} is chosen."
        )
    place, leaf = (ReferenceV5b, "attn.proj.weight") if version == "v5b" else (ReferenceV5, "proj.weight")
    channels = [state[f"reference_modules_up.{i}.{leaf}"].shape[0] for i in _places(state, "reference_modules_up")]
    return lambda: Reference(place, channels)


def _control(state: State) -> Callable[[], nn.Module]:
    levels = [
        state[f"ctrl_attn.down_blocks.{i}.conv1.weight"].shape[0] for i in _places(state, "ctrl_attn.down_blocks")
    ]
    out = state[f"ctrl_attn.up_blocks.{len(levels) - 1}.0.weight"].shape[0]
    drive_width, width = state["emo_proj.linear_1.weight"].shape
    return lambda: Control(levels, out, width, drive_width)


def _projection(state: State) -> Callable[[], nn.Module]:
    names = [name for name, _ in (*UP_MAPS, *DOWN_MAPS)]
    shapes = {name: state[f"{name}.proj.weight"].shape for name in names}
    return lambda: ControlProjection({name: (shape[1], shape[0]) for name, shape in shapes.items()})


def _motion(state: State) -> Callable[[], nn.Module]:
    down, up = (
        [state[f"{side}.{i}.attn1.proj_in.weight"].shape[0] for i in _places(state, side)]
        for side in ("motion_down", "motion_up")
    )
    length = state["motion_down.0.attn1.transformer_blocks.0.pos_embed.pe"].shape[1]
    return lambda: Motion(down, up, length)


def _places(state: State, prefix: str) -> range:
    """0, 1 ... as far as there are modules of that number; at least one, whose tensor is missed then."""
    pattern = re.compile(rf"{re.escape(prefix)}\.(\d+)\.")
    found = [int(match[1]) for match in map(pattern.match, state) if match]
    return range(max(found, default=0) + 1)

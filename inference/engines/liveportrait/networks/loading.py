# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks from tensors or from checkpoint files: official .pth, or the safetensors conversion of the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from ....errors import Action, ErrorCode, TalkingHeadError
from ....weights.tensors import read_tensors
from ...neural.strict_loading import strict_network, wrong_file
from .appearance import AppearanceFeatureExtractor
from .blocks import SpectralConv2d
from .decoder import SpadeDecoder
from .motion import MotionExtractor
from .retargeting import EYE, LIP, STITCHING, RetargetingMlp
from .warping import WarpingNetwork

STITCHING_FILE = "stitching_retargeting_module"
# The small ones first, so that a wrong set of files is told soon.
FILES = (STITCHING_FILE, "appearance_feature_extractor", "motion_extractor", "warping_module", "spade_generator")
RETARGETING_PARTS = ("retarget_shoulder", "retarget_mouth", "retarget_eye")


@dataclass(frozen=True)
class LivePortraitNetworks:
    """The networks in eval mode, 32 bit floats on the CPU, spectral norm folded.

    Attributes:
        appearance: F, picture to feature volume.
        motion: M, picture to motion.
        warping: W, features and key points to warped features.
        decoder: G, warped features to picture.
        stitching: key points of source and wanted face to offsets (63) and a shift in the plane (2).
        lip: key points of the source and two ratios to offsets (63).
        eye: key points of the source and three ratios to offsets (63).
    """

    appearance: AppearanceFeatureExtractor
    motion: MotionExtractor
    warping: WarpingNetwork
    decoder: SpadeDecoder
    stitching: RetargetingMlp
    lip: RetargetingMlp
    eye: RetargetingMlp


# Each part's field in the dataclass, how it is made, and what people call it.
_PARTS: Mapping[str, tuple[str, Callable[[], nn.Module], str]] = {
    "appearance_feature_extractor": ("appearance", AppearanceFeatureExtractor, "appearance feature extractor"),
    "motion_extractor": ("motion", MotionExtractor, "motion extractor"),
    "warping_module": ("warping", WarpingNetwork, "warping module"),
    "spade_generator": ("decoder", SpadeDecoder, "decoder"),
    "retarget_shoulder": ("stitching", lambda: RetargetingMlp(STITCHING), "stitching network"),
    "retarget_mouth": ("lip", lambda: RetargetingMlp(LIP), "lip network"),
    "retarget_eye": ("eye", lambda: RetargetingMlp(EYE), "eye network"),
}


def networks_from(states: Mapping[str, Mapping[str, Tensor | np.ndarray]]) -> LivePortraitNetworks:
    """The networks from tensors in memory, which are used as they are where they are 32 bit floats.

    Args:
        states: part (``appearance_feature_extractor``, ..., ``retarget_eye``) to tensor name to tensor.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT for a missing part, and as in ``load_networks``.
    """
    made = {}
    for part, (field, _, label) in _PARTS.items():
        if part not in states:
            raise wrong_file(f"LivePortrait's {label} is missing.")
        made[field] = _network(part, states[part], "the given tensors")
    return LivePortraitNetworks(**made)


def load_networks(paths: Mapping[str, Path]) -> LivePortraitNetworks:
    """Read the five files of a model set, one after the other.

    Args:
        paths: ``appearance_feature_extractor``, ``motion_extractor``, ``warping_module``, ``spade_generator`` and
            ``stitching_retargeting_module`` to a .pth or .safetensors file each, people's or animals'.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING or WEIGHTS_CORRUPT, with the reason: not readable (see ``read_tensors``), or
            tensors missing, unexpected or of another shape.
    """
    made = {}
    for name in FILES:
        if name not in paths:
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_MISSING,
                f"LivePortrait's file {name} is missing.",
                "Get LivePortrait's models, or name a folder that has them.",
                Action.GET_MODELS,
            )
        parts = RETARGETING_PARTS if name == STITCHING_FILE else (name,)
        states = _retargeting_states(paths[name]) if name == STITCHING_FILE else {name: read_tensors(paths[name])}
        for part in parts:
            made[_PARTS[part][0]] = _network(part, states.pop(part), paths[name].name)
    return LivePortraitNetworks(**made)


def _retargeting_states(path: Path) -> dict[str, dict[str, Tensor]]:
    """The three small networks of one file.

    The .pth nests them under their names, with DataParallel's ``module.`` before each tensor, and may hold more; the
    safetensors form is flat: ``retarget_eye_module.mlp.0.weight``.
    """
    if path.suffix.lower() == ".safetensors":
        return _ungrouped(path, read_tensors(path))
    tensors = read_tensors(path, only=RETARGETING_PARTS)
    states: dict[str, dict[str, Tensor]] = {part: {} for part in RETARGETING_PARTS}
    for name, tensor in tensors.items():
        part, _, inner = name.partition(".")
        states[part][inner.replace("module.", "")] = tensor
    return states


def _ungrouped(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    states: dict[str, dict[str, Tensor]] = {part: {} for part in RETARGETING_PARTS}
    for name, tensor in tensors.items():
        group, _, inner = name.partition(".")
        part = group.removesuffix("_module")
        if part not in states or not group.endswith("_module"):
            raise wrong_file(f"{path.name} does not hold LivePortrait's retargeting networks: '{name}' is unexpected.")
        states[part][inner] = tensor
    return states


def _network(part: str, state: Mapping[str, Tensor | np.ndarray], source: str) -> nn.Module:
    """A part's network with these tensors."""
    _, make, label = _PARTS[part]
    network = strict_network(make, state, f"LivePortrait's {label}", source)
    for module in network.modules():
        if isinstance(module, SpectralConv2d):
            module.fold()
    return network

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks from tensors or from an official checkpoint file, .pth.tar, or the safetensors conversion of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from ....errors import Action, ErrorCode, TalkingHeadError
from ....weights.tensors import read_tensors
from ...neural.strict_loading import strict_network, wrong_file
from .avd import AvdNetwork
from .dense_motion import DenseMotion
from .inpainting import Inpainting
from .resnet import BackgroundPredictor, KeyPointDetector

MODELS = ("vox", "taichi", "ted", "mgif")
NO_BACKGROUND = "mgif"


@dataclass(frozen=True)
class TpsmmNetworks:
    """The networks in eval mode, 32 bit floats on the CPU.

    Attributes:
        key_points: picture to 50 key points.
        dense_motion: small source and key points to flow and occlusion.
        inpainting: source, flow and occlusion to picture.
        background: two pictures to the background's motion; None where the file has none (mgif).
        avd: key points of two pictures to those with the shape of one and the pose of the other; None where the file
            has none.
    """

    key_points: KeyPointDetector
    dense_motion: DenseMotion
    inpainting: Inpainting
    background: BackgroundPredictor | None
    avd: AvdNetwork | None


# Each part's field in the dataclass, how it is made, what people call it, and whether a file may lack it.
_PARTS: Mapping[str, tuple[str, Callable[[], nn.Module], str, bool]] = {
    "kp_detector": ("key_points", KeyPointDetector, "key point detector", False),
    "avd_network": ("avd", AvdNetwork, "AVD network", True),
    "bg_predictor": ("background", BackgroundPredictor, "background predictor", True),
    "dense_motion_network": ("dense_motion", DenseMotion, "dense motion network", False),
    "inpainting_network": ("inpainting", Inpainting, "inpainting network", False),
}


def networks_from(
    states: Mapping[str, Mapping[str, Tensor | np.ndarray]], source: str = "the given tensors"
) -> TpsmmNetworks:
    """The networks from tensors in memory, which are used as they are where they are 32 bit floats.

    Args:
        states: part (``kp_detector``, ...) to tensor name to tensor; ``bg_predictor`` and ``avd_network`` may be
            missing.
        source: what they come from, for the error.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT where a part is missing, or tensors are missing, unexpected or of another
            shape.
    """
    made: dict[str, nn.Module | None] = {}
    for part, (field, make, label, optional) in _PARTS.items():
        if part in states:
            made[field] = strict_network(make, states[part], f"Thin-Plate Spline's {label}", source)
        elif optional:
            made[field] = None
        else:
            raise wrong_file(f"{source} cannot be a Thin-Plate Spline model: the {label} ({part}) is missing.")
    return TpsmmNetworks(**made)  # type: ignore[arg-type]


def load_networks(path: Path, model_name: str) -> TpsmmNetworks:
    """Read the file of a model.

    The shapes of vox, taichi and ted are equal, so that these are only known by their file's name; mgif has no
    background predictor.

    Args:
        path: the official .pth.tar, or the same as .safetensors, named part by part (``kp_detector.fg_encoder...``).
        model_name: which of ``MODELS`` it shall be.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING or WEIGHTS_CORRUPT, with the reason: not readable (see ``read_tensors``),
            another model, or as in ``networks_from``.
    """
    named = _model_of(path)
    if named not in (None, model_name):
        raise _other_model(path, f"by its name it is the model {named}, not {model_name}")
    tensors = read_tensors(path, only=_PARTS)
    states: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        part, _, inner = name.partition(".")
        states.setdefault(part, {})[inner] = tensor
    if model_name != NO_BACKGROUND and "bg_predictor" not in states and "kp_detector" in states:
        raise _other_model(path, f"it has no background predictor, as only {NO_BACKGROUND}, and not {model_name}")
    if model_name == NO_BACKGROUND and "bg_predictor" in states:
        raise _other_model(path, f"it has a background predictor, which {NO_BACKGROUND} has not")
    return networks_from(states, path.name)


def _model_of(path: Path) -> str | None:
    """The official model that a file is named after, such as ``taichi.pth.tar``."""
    stem = path.name.lower().partition(".")[0]
    return stem if stem in MODELS else None


def _other_model(path: Path, reason: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        f"{path.name} is another model than the chosen one: {reason}.",
        "Choose the file's own model, or get the models again.",
        Action.GET_MODELS,
    )

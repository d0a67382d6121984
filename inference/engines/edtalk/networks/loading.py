# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks from tensors or from checkpoint files: official .pt, or a safetensors conversion of the same tensors.

The official files hold training state beside the networks, which is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from ....errors import Action, ErrorCode, TalkingHeadError
from ....weights.tensors import read_tensors
from ...neural.strict_loading import strict_network, wrong_file
from .audio import Audio2Lip
from .generator import Generator

MODELS = ("full", "lip_pose")
# A model's part in networks_from, as people know it.
STATES = {"full": "EDTalk", "lip_pose": "EDTalk_lip_pose"}
AUDIO_STATE = "Audio2Lip"
# Where the networks lie in the official files.
GENERATOR_KEY, AUDIO_KEY = "gen", "audio2lip"
_LABELS = {"full": "EDTalk's full model", "lip_pose": "EDTalk's model for mouth and head"}
_AUDIO_LABEL = "EDTalk's network for speech"
_ONLY_FULL = ("dec.fineadainresblock.", "direction_exp.", "exp_fc.")

State = Mapping[str, Tensor | np.ndarray]


@dataclass(frozen=True)
class EdtalkNetworks:
    """The networks in eval mode, 32 bit floats on the CPU.

    Attributes:
        generator: encoder, heads, banks and decoder.
        audio: mel windows to mouth weights.
    """

    generator: Generator
    audio: Audio2Lip


def networks_from(states: Mapping[str, State], name: str) -> EdtalkNetworks:
    """The networks from tensors in memory, which are used as they are where they are 32 bit floats.

    Args:
        states: ``EDTalk`` or ``EDTalk_lip_pose``, and ``Audio2Lip``, to tensor name to tensor.
        name: ``full`` or ``lip_pose``.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT for a missing part, and as in ``load_networks``.
    """
    assert name in MODELS, name
    for part, label in ((STATES[name], _LABELS[name]), (AUDIO_STATE, _AUDIO_LABEL)):
        if part not in states:
            raise wrong_file(f"{label} is missing.")
    return EdtalkNetworks(
        _generator(states[STATES[name]], name, "the given tensors"), _audio(states[AUDIO_STATE], "the given tensors")
    )


def load_networks(paths: Mapping[str, Path], name: str) -> EdtalkNetworks:
    """Read the two files of a model set.

    Args:
        paths: ``edtalk`` (EDTalk.pt or EDTalk_lip_pose.pt) and ``audio2lip`` (Audio2Lip.pt), or safetensors files.
        name: ``full`` or ``lip_pose``.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING or WEIGHTS_CORRUPT, with the reason: not readable (see ``read_tensors``), the
            other model's file, or tensors missing, unexpected or of another shape.
    """
    assert name in MODELS, name
    for part, label in (("audio2lip", _AUDIO_LABEL), ("edtalk", _LABELS[name])):
        if part not in paths:
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_MISSING,
                f"The file of {label} is missing.",
                "Get EDTalk's models, or name a folder that has them.",
                Action.GET_MODELS,
            )
    audio = _audio(_state(paths["audio2lip"], AUDIO_KEY, _AUDIO_LABEL), paths["audio2lip"].name)
    generator = _generator(_state(paths["edtalk"], GENERATOR_KEY, _LABELS[name]), name, paths["edtalk"].name)
    return EdtalkNetworks(generator, audio)


def _state(path: Path, key: str, label: str) -> dict[str, Tensor]:
    """A network's tensors: those under the key in an official file; a safetensors file may have them flat."""
    flat = path.suffix.lower() == ".safetensors"
    tensors = read_tensors(path) if flat else read_tensors(path, only=(key,))
    prefix = f"{key}."
    nested = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    if nested:
        return nested
    if not flat:
        raise wrong_file(f"{path.name} cannot be {label}: it has no '{key}'.")
    return tensors


def _generator(state: State, name: str, source: str) -> Generator:
    _refuse_other_model(state, name, source)
    network = strict_network(lambda: Generator(name == "full"), state, _LABELS[name], source)
    assert isinstance(network, Generator)
    return network


def _refuse_other_model(state: State, name: str, source: str) -> None:
    """Tell the two models' files apart, as their tensors' names alone would be a long list."""
    has_encoder = any(key.startswith("enc.net_app.") for key in state)
    found = "full" if any(key.startswith(_ONLY_FULL) for key in state) else "lip_pose"
    if has_encoder and found != name:
        raise wrong_file(f"{source} is {_LABELS[found]}, but {_LABELS[name]} is chosen.")


def _audio(state: State, source: str) -> Audio2Lip:
    network = strict_network(Audio2Lip, state, _AUDIO_LABEL, source)
    assert isinstance(network, Audio2Lip)
    return network

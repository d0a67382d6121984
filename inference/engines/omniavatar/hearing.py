# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wav2Vec 2.0: a sound to the features that OmniAvatar hears."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import Wav2Vec2Config, Wav2Vec2Model

from ...weights.tensors import read_tensors
from ..diffusion.placing import Placing
from ..diffusion.shapes import count
from ..neural.strict_loading import strict_network, wrong_file
from ..video.cancel import asking
from ..video.hold import Told, silent

RATE_HZ = 16000
FRAME_SAMPLES = 640
"""Samples a frame of features, of which there are 25 a second."""
# Both are the same for all networks of this family, and no tensor tells them.
_STRIDES = (5, 2, 2, 2, 2, 2, 2)
_HEAD_WIDTH = 64
# Names of older files for the two parts of the one weight that is kept as direction and length.
_OLD_NAMES = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
_PREFIX = "wav2vec2."


class Hearing:
    """The network at work, in 32 bit.

    Attributes:
        width: numbers a frame of features.
    """

    def __init__(self, network: Wav2Vec2Model, placing: Placing) -> None:
        self._network = network
        self._placing = placing
        self.width = network.config.hidden_size * (network.config.num_hidden_layers + 2)

    def features(self, samples: np.ndarray, told: Told = silent) -> np.ndarray:
        """What is heard in each 25th of a second.

        The network looks at all of the samples at once, from its first layer on, so that it cannot be given less.

        Args:
            samples: (n,) float32 at 16 kHz, ``listening.normalized``; n is a multiple of ``FRAME_SAMPLES``.
            told: called before each of the network's layers; may raise to cancel.

        Returns:
            (n / FRAME_SAMPLES, width) float32: the last state, and the states before, between and after the layers.

        Raises:
            TalkingHeadError: as ``Placing.using``; whatever ``told`` raises.
        """
        network = self._network
        states: list[Any] = []
        # Asked for them by its option, the encoder of recent versions of transformers gives none.
        layers = network.encoder.layers
        handles = [layers[0].register_forward_pre_hook(lambda layer, inputs: states.append(inputs[0]))]
        handles += [
            layer.register_forward_hook(lambda layer, inputs, output: states.append(output)) for layer in layers
        ]
        try:
            with asking(network.feature_extractor, told), asking(network.encoder, told), self._used():
                heard = network.feature_extractor(self._placing.tensor(samples, exact=True)[None])
                frames = in_step(heard.transpose(1, 2), len(samples) // FRAME_SAMPLES)
                hidden, _ = network.feature_projection(frames)
                last = network.encoder(hidden).last_hidden_state
                return joined(last[0], torch.cat(states)).cpu().numpy()
        finally:
            for handle in handles:
                handle.remove()

    def _used(self) -> AbstractContextManager[None]:
        return self._placing.using(self._network, exact=True)


def in_step(features: Tensor, frames: int) -> Tensor:
    """(1, frames, width) of (1, n, width): between each two, with the first and the last where they are."""
    return functional.interpolate(features.transpose(1, 2), size=frames, mode="linear", align_corners=True).transpose(
        1, 2
    )


def joined(last: Tensor, states: Tensor) -> Tensor:
    """(frames, width) features.

    Args:
        last: (frames, hidden) last state.
        states: (layers + 1, frames, hidden).
    """
    return torch.cat([last, *states], dim=-1)


def load_hearing(path: Path, placing: Placing) -> Hearing:
    """Read facebook/wav2vec2-base-960h, or a network like it.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT with the action GET_MODELS.
    """
    return Hearing(hearing_from(read_tensors(path), path.name), placing)


def hearing_from(tensors: Mapping[str, Tensor], source: str) -> Wav2Vec2Model:
    """The network of a file's tensors.

    Args:
        source: the file's name.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT with the action GET_MODELS.
    """
    state = {_renamed(name): tensor for name, tensor in tensors.items() if not name.startswith("lm_head.")}
    try:
        config = Wav2Vec2Config(**hearing_options(state))
    except (KeyError, IndexError) as error:
        raise wrong_file(f"{source} is no file of wav2vec 2.0.", f"{error} is missing") from error
    network = strict_network(lambda: Wav2Vec2Model(config), state, "wav2vec 2.0", source)
    assert isinstance(network, Wav2Vec2Model)
    return network


def hearing_options(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Options of ``Wav2Vec2Config`` from the shapes of the network's tensors.

    Raises:
        KeyError: where the tensors that tell the sizes are missing.
    """
    convolutions = [
        state[f"feature_extractor.conv_layers.{number}.conv.weight"]
        for number in count(state, "feature_extractor.conv_layers")
    ]
    hidden = state["feature_projection.projection.weight"].shape[0]
    position = state[f"encoder.pos_conv_embed.conv.{_OLD_NAMES['weight_v']}"]
    return {
        "conv_dim": [weight.shape[0] for weight in convolutions],
        "conv_kernel": [weight.shape[2] for weight in convolutions],
        "conv_stride": _STRIDES[: len(convolutions)],
        "conv_bias": "feature_extractor.conv_layers.0.conv.bias" in state,
        "feat_extract_norm": "layer" if "feature_extractor.conv_layers.1.layer_norm.weight" in state else "group",
        "hidden_size": hidden,
        "num_hidden_layers": len(count(state, "encoder.layers")),
        "num_attention_heads": max(hidden // _HEAD_WIDTH, 1),
        "intermediate_size": state["encoder.layers.0.feed_forward.intermediate_dense.weight"].shape[0],
        "num_conv_pos_embeddings": position.shape[2],
        "num_conv_pos_embedding_groups": hidden // position.shape[1],
        # Only with training by masks does the network have the tensor that masks.
        "mask_time_prob": 0.05 if "masked_spec_embed" in state else 0.0,
        "attn_implementation": "sdpa",
    }


def _renamed(name: str) -> str:
    stem, _, last = name.removeprefix(_PREFIX).rpartition(".")
    return f"{stem}.{_OLD_NAMES.get(last, last)}" if stem else last

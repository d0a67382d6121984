# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is heard of a sound, where; and the network that hears."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import omniavatar_weights
import pytest

pytest.importorskip("diffusers")

import torch
from omniavatar_tiny import Sound
from safetensors.torch import load_file, save_file
from torch.nn import functional

from inference.engines.diffusion.placing import Placing
from inference.engines.engine import SpeechPlace
from inference.engines.neural.device import Device
from inference.engines.omniavatar import listening
from inference.engines.omniavatar.hearing import FRAME_SAMPLES, hearing_from, load_hearing
from inference.engines.omniavatar.listening import Listener, normalized
from inference.errors import ErrorCode, TalkingHeadError


class Numbered:
    """Hears the mean of each frame's samples, and remembers how much it was asked."""

    width = 1

    def __init__(self) -> None:
        self.asked: list[int] = []

    def features(self, samples: np.ndarray, told: Callable[[], None]) -> np.ndarray:
        told()
        self.asked.append(len(samples) // FRAME_SAMPLES)
        return samples.reshape(-1, FRAME_SAMPLES).mean(axis=1, keepdims=True)


class Ramp(Sound):
    """A sound whose samples rise evenly: what is heard tells the time."""

    def samples(self, rate_hz: int) -> np.ndarray:
        return np.arange(round(self._seconds * rate_hz), dtype=np.float32) / rate_hz


def heard_at(listener: Listener, *times: float, strength: float = 1.0) -> np.ndarray:
    return listener.at([SpeechPlace(time, strength) for time in times])[:, 0]


def test_between_features_and_in_step(monkeypatch):
    monkeypatch.setattr(listening, "normalized", lambda samples: samples)
    listener = Listener(Ramp(4.0), Numbered)
    times = np.arange(1, 3, 1 / 24)
    # A frame of features is the mean over its 25th of a second, of which it lies at the start.
    assert np.allclose(heard_at(listener, *times), times + 0.02, atol=1e-3)
    assert np.allclose(heard_at(listener, 1.0, strength=0.5), 0.51, atol=1e-3)


def test_silence(monkeypatch):
    monkeypatch.setattr(listening, "normalized", lambda samples: samples)
    listener = Listener(Ramp(4.0), Numbered)
    assert listener.at([None, None]).tolist() == [[0.0], [0.0]]
    assert heard_at(listener, 100.0).tolist() == [0.0]
    assert heard_at(listener, -5.0).tolist() == [0.0]
    assert listener.lead(9).tolist() == [[0.0]] * 9


def test_long_sounds_are_heard_in_pieces(monkeypatch):
    sound = Sound(20.0)
    whole = Listener(sound, Numbered)
    monkeypatch.setattr(listening, "_WHOLE", 100)
    monkeypatch.setattr(listening, "_PIECE", 50)
    monkeypatch.setattr(listening, "_MARGIN", 10)
    ear = Numbered()
    pieces = Listener(sound, lambda: ear)
    times = np.arange(3.0, 8.0, 0.03)
    assert np.array_equal(heard_at(pieces, *times), heard_at(whole, *times))
    assert ear.asked == [70] * 4
    heard_at(pieces, 19.99)
    assert ear.asked[-1] <= 60


def test_normalized():
    found = normalized(np.array([1.0, 2.0, 3.0, 6.0]))
    assert found.dtype == np.float32
    assert np.isclose(found.mean(), 0, atol=1e-6) and np.isclose(found.std(), 1, atol=1e-4)


@pytest.fixture(scope="module")
def path():
    return omniavatar_weights.official_paths(omniavatar_weights.official_folder())["wav2vec"]


def test_all_states_are_collected(path):
    hearing = load_hearing(path, Placing(Device("cpu"), "full"))
    samples = normalized(np.random.default_rng(0).normal(0, 1, 9 * FRAME_SAMPLES))
    found = hearing.features(samples)
    assert found.shape == (9, hearing.width) == (9, 14 * omniavatar_weights.WAV2VEC_WIDTH)
    network = hearing._network
    with torch.inference_mode():
        features = network.feature_extractor(torch.from_numpy(samples)[None])
        hidden, _ = network.feature_projection(
            functional.interpolate(features, size=9, mode="linear", align_corners=True).transpose(1, 2)
        )
        encoder = network.encoder
        states = [encoder.layer_norm(hidden + encoder.pos_conv_embed(hidden))]
        for layer in encoder.layers:
            states.append(layer(states[-1], attention_mask=None))
    expected = torch.cat([states[-1], *states], dim=-1)[0].numpy()
    assert np.allclose(found, expected, atol=1e-5)
    assert not network.encoder.layers[0]._forward_pre_hooks and not network.encoder.layers[0]._forward_hooks


def test_a_cancel_is_heard_between_layers(path):
    hearing = load_hearing(path, Placing(Device("cpu"), "full"))
    listener = Listener(Sound(2.0), lambda: hearing)
    asked: list[None] = []

    def stop() -> None:
        asked.append(None)
        if len(asked) == 9:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError, match="Canceled"):
        listener.lead(9, stop)
    found = listener.lead(9, stop)
    # 7 layers that look at samples, and 12 above; what was heard is not heard again.
    assert len(asked) == 9 + 7 + 12
    assert np.array_equal(listener.lead(9, stop), found) and len(asked) == 28
    assert np.array_equal(Listener(Sound(2.0), lambda: hearing).lead(9), found)


def test_names_of_new_files(path):
    tensors = load_file(path)
    renamed = {
        name.removeprefix("wav2vec2.")
        .replace("weight_g", "parametrizations.weight.original0")
        .replace("weight_v", "parametrizations.weight.original1"): tensor
        for name, tensor in tensors.items()
        if not name.startswith("lm_head")
    }
    new, old = (hearing_from(each, "x").state_dict() for each in (renamed, tensors))
    assert new.keys() == old.keys() and all(torch.equal(new[name], old[name]) for name in new)


def test_another_file(path, tmp_path):
    tensors = load_file(path)
    some = {name: tensor for name, tensor in tensors.items() if "layers.3." not in name}
    save_file(some, tmp_path / "cut.safetensors")
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    for name in ("cut", "other"):
        with pytest.raises(TalkingHeadError) as caught:
            load_hearing(tmp_path / f"{name}.safetensors", Placing(Device("cpu"), "full"))
        assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT and name in caught.value.message

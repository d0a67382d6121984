# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mouth of a sound: heard once, in pieces, read between the frames."""

from __future__ import annotations

import numpy as np
import pytest
from edtalk_stand_in import SoundInMemory, StandInModel

from inference.engines.edtalk.speech import SpokenMouth
from inference.errors import ErrorCode, TalkingHeadError


def noise(seconds: float) -> np.ndarray:
    samples = np.random.default_rng(2).normal(0, 0.3, int(16000 * seconds))
    return (samples * np.linspace(0, 1, len(samples))).astype(np.float32)


def spoken(sound: SoundInMemory, even_ends: bool = True, model: StandInModel | None = None) -> SpokenMouth:
    return SpokenMouth(sound, model or StandInModel(), "version", even_ends)


def test_a_long_sound_is_heard_in_pieces_as_if_at_once():
    samples, model = noise(33.3), StandInModel()
    sound = SoundInMemory(samples)
    mouth = spoken(sound, model=model)
    whole = StandInModel().mouth_of_sound(samples)
    expected = model.smoothed(whole, True)
    found = np.stack([mouth.at(frame / 25) for frame in range(len(whole))])
    assert len(model.heard) == 4 and np.abs(found - expected).max() < 1e-6
    assert sound.told[0] == (0, 832) and sound.told[-1] == (832, 832)


def test_between_two_frames_it_is_between_their_weights():
    mouth = spoken(SoundInMemory(noise(2)))
    assert np.allclose(mouth.at(0.5), 0.5 * mouth.at(0.48) + 0.5 * mouth.at(0.52))
    assert np.array_equal(mouth.at(-1), mouth.at(0)) and np.array_equal(mouth.at(99), mouth.at(49 / 25))


def test_ends_fade_only_when_asked_for():
    even, fading = (spoken(SoundInMemory(noise(2)), even_ends=even) for even in (True, False))
    assert np.array_equal(even.at(1.0), fading.at(1.0))
    assert fading.at(49 / 25).sum() < 0.85 * even.at(49 / 25).sum()


def test_a_sound_is_heard_once():
    sound, models = SoundInMemory(noise(3)), [StandInModel(), StandInModel()]
    first, second = (spoken(sound, model=model).at(1.0) for model in models)
    assert np.array_equal(first, second)
    assert models[0].heard and not models[1].heard


def test_a_sound_shorter_than_a_frame_has_no_mouth():
    assert spoken(SoundInMemory(noise(0.03))).at(0.0) is None


def test_a_cancel_is_heard_between_pieces():
    sound, model = SoundInMemory(noise(33), cancel_at=3), StandInModel()
    with pytest.raises(TalkingHeadError) as caught:
        spoken(sound, model=model).at(0.0)
    assert caught.value.code is ErrorCode.CANCELLED
    assert len(model.heard) == 2

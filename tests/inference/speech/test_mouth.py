# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vowels with known formants to mouth shapes; silence, noise, time."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from voices import RATE_HZ, VOICES, noise, silence, vowel

from inference.speech.features import FRAMES_PER_S, Features, FeatureStream
from inference.speech.mouth import Mouth, mouth_of

SHAPE = {"a": "jaw_open", "i": "mouth_wide", "u": "mouth_pucker"}
NAMES = ("jaw_open", "mouth_wide", "mouth_pucker", "mouth_close")


def features_of(samples: np.ndarray, piece: int | None = None) -> Features:
    stream = FeatureStream()
    for start in range(0, len(samples), piece or len(samples)):
        stream.feed(samples[start : start + (piece or len(samples))])
    return stream.finish()


def mouth(samples: np.ndarray) -> Mouth:
    return mouth_of(features_of(samples))


def said(name: str, voice: str = "man", level: float = 0.3) -> np.ndarray:
    return np.concatenate([silence(0.5), vowel(name, 0.5, voice, level), silence(0.5)])


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("name", SHAPE)
def test_a_vowel_makes_its_shape_and_no_other(name, voice):
    curves = mouth(said(name, voice))
    middle = {shape: getattr(curves, shape)[65:95].mean() for shape in NAMES}
    assert middle.pop(SHAPE[name]) > 0.5
    assert max(middle.values()) < 0.25


@pytest.mark.parametrize("voice", VOICES)
def test_formants_are_found(voice):
    formants, _ = VOICES[voice]
    for name in ("a", "i", "e"):
        found = features_of(said(name, voice)).formants_hz[65:95]
        assert np.median(found, axis=0) == pytest.approx(formants[name][:2], rel=0.12)


def test_pitch_is_found():
    for voice, (_, pitch_hz) in VOICES.items():
        found = features_of(said("a", voice))
        assert np.median(found.pitch_hz[65:95]) == pytest.approx(pitch_hz, rel=0.02)
        assert found.voicing[65:95].min() > 0.9


def test_loudness_of_the_recording_does_not_matter():
    loud, soft = mouth(said("a", level=0.5)), mouth(said("a", level=0.005))
    assert np.allclose(loud.jaw_open, soft.jaw_open, atol=0.02)


@pytest.mark.parametrize("at_s", [0.3, 0.71, 1.0])
def test_the_mouth_opens_with_the_sound(at_s):
    samples = np.concatenate([silence(at_s), vowel("a", 0.3), silence(1.0)])
    jaw = mouth(samples).jaw_open
    half = np.flatnonzero(jaw > jaw.max() / 2) / FRAMES_PER_S
    assert abs(half[0] - at_s) < 0.05
    assert -0.05 < half[-1] - (at_s + 0.3) < 0.1
    assert jaw[int((at_s + 0.9) * FRAMES_PER_S) :].max() == 0


@pytest.mark.parametrize(
    "samples", [silence(1.0), noise(2.0, 0.1), noise(2.0, 1e-4), np.full(RATE_HZ, 0.2, np.float32)]
)
def test_what_is_no_voice_leaves_the_mouth_at_rest(samples):
    curves = mouth(samples)
    assert all(getattr(curves, field.name).max() == 0 for field in fields(curves))


def test_one_word_in_a_long_silence_is_heard():
    curves = mouth(np.concatenate([silence(20), vowel("a", 0.2), silence(20)]))
    assert curves.jaw_open.max() > 0.5


def test_noise_between_words_does_not_move_the_mouth():
    samples = np.concatenate([silence(0.8), vowel("a", 0.4), silence(0.8), vowel("i", 0.4), silence(0.8)])
    curves = mouth(samples + noise(3.2, 0.01)[: len(samples)])
    pauses = np.r_[0:70, 150:190, 280:320]
    assert all(getattr(curves, name)[pauses].max() < 0.03 for name in NAMES)
    assert curves.jaw_open[90:115].mean() > 0.5 and curves.mouth_wide[210:235].mean() > 0.5


def test_rumble_does_not_move_the_mouth():
    """Wind and handling: noise that is strongest below the voice, as strong as the voice itself."""
    sound = np.concatenate([silence(1.0), vowel("a", 0.5), silence(1.0)])
    spectrum = np.fft.rfft(noise(2.5, 1.0)) / (np.arange(len(sound) // 2 + 1) + 20.0) ** 2
    rumble = np.fft.irfft(spectrum, len(sound))
    curves = mouth((sound + 0.1 * rumble / rumble.std()).astype(np.float32))
    assert curves.jaw_open[110:145].mean() > 0.5
    assert all(getattr(curves, name)[np.r_[5:90, 195:240]].max() < 0.03 for name in NAMES)


def test_a_hum_does_not_speak():
    times_s = np.arange(3 * RATE_HZ) / RATE_HZ
    hum = (0.02 * np.sin(2 * np.pi * 50 * times_s)).astype(np.float32)
    hum[RATE_HZ : RATE_HZ + 8000] += vowel("a", 0.5)
    curves = mouth(hum)
    assert curves.jaw_open[110:145].mean() > 0.5
    assert all(getattr(curves, name)[np.r_[0:90, 180:300]].max() < 0.03 for name in NAMES)


def test_a_whistle_makes_no_vowel():
    times_s = np.arange(RATE_HZ) / RATE_HZ
    curves = mouth((0.3 * np.sin(2 * np.pi * 200 * times_s)).astype(np.float32))
    assert all(getattr(curves, name).max() < 0.2 for name in NAMES)


def test_a_steady_vowel_does_not_flicker():
    jaw = mouth(said("a")).jaw_open[60:95]
    assert np.ptp(jaw) < 0.1 and np.abs(np.diff(jaw, 2)).max() < 0.05


@pytest.mark.parametrize("seconds", [0.0, 0.003, 0.01, 0.05])
def test_very_short_sounds_have_a_frame_for_each_begun_hundredth(seconds):
    samples = np.full(round(seconds * RATE_HZ), 0.1, np.float32)
    features = features_of(samples) if len(samples) else FeatureStream().finish()
    assert len(features) == max(1, round(seconds * FRAMES_PER_S + 0.49))
    assert len(mouth_of(features).jaw_open) == len(features)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 60000), min_size=1, max_size=6), st.integers(0, 3))
def test_features_do_not_depend_on_how_the_sound_is_cut(sizes, seed):
    samples = np.concatenate([vowel("a", 1.0), noise(1.5, 0.05, seed), vowel("i", 1.0, "woman"), silence(0.7)])
    whole = features_of(samples)
    stream, place = FeatureStream(), 0
    for size in [*sizes, len(samples)]:
        stream.feed(samples[place : place + size])
        place += size
    cut = stream.finish()
    for field in fields(whole):
        assert np.array_equal(getattr(cut, field.name), getattr(whole, field.name), equal_nan=True)


def test_features_depend_on_place_only_by_rounding():
    """The same sound later in a file gives the same features, later: blocks leave no seam."""
    sound = np.concatenate([vowel("a", 1.0), vowel("i", 1.0), vowel("u", 1.0)])
    early, late = features_of(sound), features_of(np.concatenate([silence(1.37), sound]))
    assert np.allclose(late.level_db[140:400], early.level_db[3:263], atol=1e-6)
    assert np.allclose(late.formants_hz[145:430], early.formants_hz[8:293], rtol=1e-4, equal_nan=True)

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech features to mouth curves: vowels by their formants, in any language.

An open vowel has a high F1, a spread one a high F2, a rounded one a low F2. Constants of the mapping were measured on
spoken words of several voices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .features import FRAMES_PER_S, Features

# How far each shape goes in clear speech, chosen by eye on the puppet engine: a full "aaa" would be a shout.
JAW, WIDE, PUCKER = 0.7, 0.75, 0.85
# Part of the jaw's opening that does not depend on loudness.
_QUIET_JAW = 0.6

# Level below loud speech: where speech begins, where it is full; and the room kept over the recording's steady noise.
_SPEECH_DB, _FULL_DB, _OVER_NOISE_DB = 30.0, 10.0, 6.0
_INAUDIBLE_DB, _SILENT_DB = -70.0, -100.0
# Noise is no speech unless a voice is near.
_VOICED, _VOICE_REACH_S = 0.5, 0.2
_LEAST_VOICED, _LEAST_APART = 5, 20

_MEDIAN_FRAMES = 5
_AT_REST = 2e-3
ATTACK_S, RELEASE_S, LEAD_S = 0.04, 0.09, 0.03
_ENVELOPE_ATTACK_S, _ENVELOPE_RELEASE_S = 0.15, 0.4
_PITCH_OF_LONG_TRACT_HZ, _TRACT_POWER, _DEFAULT_PITCH_HZ = 130.0, 0.33, 150.0
# Formants that open, spread and round nothing.
_NEUTRAL_HZ = (380.0, 1600.0)


@dataclass(frozen=True)
class Mouth:
    """Curves with one entry a frame of the features, each 0 to 1.

    Attributes:
        jaw_open, mouth_wide, mouth_pucker, mouth_close: as the controls of these names.
        activity: how much is spoken, smoothed for slow motion of the head.
    """

    jaw_open: np.ndarray
    mouth_wide: np.ndarray
    mouth_pucker: np.ndarray
    mouth_close: np.ndarray
    activity: np.ndarray


def mouth_of(features: Features) -> Mouth:
    """The mouth of a speaker; at rest where nothing is spoken."""
    act = speech_activity(features)
    open_, spread, rounded = vowel_weights(features)
    hiss = np.clip((features.crossings - 0.22) / 0.20, 0, 1)
    vowel = act * (1 - hiss)
    loud = _QUIET_JAW + (1 - _QUIET_JAW) * loudness(features)
    return Mouth(
        jaw_open=settle(JAW * loud * vowel * open_),
        mouth_wide=settle(WIDE * np.maximum(vowel * spread, 0.35 * act * hiss)),
        mouth_pucker=settle(PUCKER * vowel * rounded),
        mouth_close=np.zeros(len(features)),
        activity=envelope(act),
    )


def vowel_weights(features: Features) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How open, spread and rounded each frame's vowel is, three times (n,) 0 to 1, by F1 and F2.

    Formants are divided by a factor for the length of the speaker's vocal tract, estimated from the pitch.
    """
    f1_hz, f2_hz = map(_filled, (features.formants_hz / _tract_factor(features)).T, _NEUTRAL_HZ)
    open_ = np.clip((f1_hz - 380) / 300, 0, 1)
    spread = np.clip((f2_hz - 1550) / 450, 0, 1) * (1 - 0.7 * open_)
    rounded = np.clip((1650 - f2_hz) / 400, 0, 1) * (1 - open_)
    return open_, spread, rounded


def has_voice(features: Features) -> bool:
    """Whether there is anything that may be speech."""
    return bool(_loud_db(features) > _INAUDIBLE_DB and np.sum(_is_voiced(features)) >= _LEAST_VOICED)


def speech_activity(features: Features) -> np.ndarray:
    """(n,) 0 silence or noise to 1 speech."""
    if not has_voice(features):
        return np.zeros(len(features))
    return audibility(features) * _near_voice(features)


def audibility(features: Features) -> np.ndarray:
    """(n,) 0 silence or steady noise to 1 loud, voice or not."""
    loud = _loud_db(features)
    if loud <= _INAUDIBLE_DB:
        return np.zeros(len(features))
    low = max(loud - _SPEECH_DB, min(_noise_db(features) + _OVER_NOISE_DB, loud - _OVER_NOISE_DB))
    high = max(low + _OVER_NOISE_DB, loud - _FULL_DB)
    return np.clip((features.level_db - low) / (high - low), 0, 1)


def loudness(features: Features) -> np.ndarray:
    """(n,) 0 to 1 within the upper 15 dB."""
    return np.clip((features.level_db - _loud_db(features)) / 15 + 1, 0, 1)


def settle(curve: np.ndarray) -> np.ndarray:
    """Remove outliers and let the curve rise and fall as fast as lips do, a little ahead of the sound."""
    lead = round(LEAD_S * FRAMES_PER_S)
    ahead = np.concatenate([curve[lead:], np.repeat(curve[-1:], min(lead, len(curve)))])[: len(curve)]
    return follow(np.median(_windows(ahead, _MEDIAN_FRAMES), axis=1), ATTACK_S, RELEASE_S)


def envelope(act: np.ndarray) -> np.ndarray:
    """Activity smoothed for slow motion."""
    return follow(act, _ENVELOPE_ATTACK_S, _ENVELOPE_RELEASE_S)


def follow(curve: np.ndarray, attack_s: float, release_s: float) -> np.ndarray:
    """One-pole follower with time constants of its own for rising and falling; begins at rest, ends exactly there."""
    up, down = (1 - np.exp(-1 / (FRAMES_PER_S * time_s)) for time_s in (attack_s, release_s))
    out, value = np.empty(len(curve)), 0.0
    for place, wanted in enumerate(curve.tolist()):
        value += (up if wanted > value else down) * (wanted - value)
        if value < _AT_REST and wanted == 0:
            value = 0.0
        out[place] = value
    return out


def _is_voiced(features: Features) -> np.ndarray:
    return (features.voicing > _VOICED) & (features.level_db > _loud_db(features) - _SPEECH_DB)


def _near_voice(features: Features) -> np.ndarray:
    """(n,) whether a voice is within reach."""
    reach = 2 * round(_VOICE_REACH_S * FRAMES_PER_S) + 1
    return _windows(_is_voiced(features), reach).max(axis=1)


def _noise_db(features: Features) -> float:
    """Level of the recording's steady noise, by the softest frames and by those far from any voice."""
    softest = float(np.percentile(features.level_db, 5))
    near = _near_voice(features)
    apart = features.level_db[~near & (features.level_db > _SILENT_DB)]
    if not near.any() or len(apart) < _LEAST_APART:
        return softest
    return max(softest, float(np.percentile(apart, 25)))


def _loud_db(features: Features) -> float:
    """Level of loud speech: of what has a voice, or of everything where nothing has; silence around does not count."""
    voiced = features.level_db[features.voicing > _VOICED]
    levels = voiced if len(voiced) >= _LEAST_VOICED else features.level_db
    return float(np.percentile(levels[levels > levels.max() - _SPEECH_DB], 95))


def _tract_factor(features: Features) -> float:
    voiced = _is_voiced(features)
    pitch_hz = float(np.median(features.pitch_hz[voiced])) if voiced.any() else _DEFAULT_PITCH_HZ
    return float(np.clip(pitch_hz / _PITCH_OF_LONG_TRACT_HZ, 1, 1.9) ** _TRACT_POWER)


def _filled(values: np.ndarray, neutral: float) -> np.ndarray:
    """NaN replaced by interpolation, or by a neutral value where there is nothing at all."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return np.full(len(values), neutral)
    return np.interp(np.arange(len(values)), known, values[known])


def _windows(values: np.ndarray, length: int) -> np.ndarray:
    """(n, length) surroundings of each value, edges held."""
    return sliding_window_view(np.pad(values, length // 2, mode="edge"), length)

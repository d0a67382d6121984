# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones with their times to mouth curves: each shape bends towards its neighbors, lips close where they must.

Neighboring shapes are blended by dominance (Cohen & Massaro 1993): every phone pulls the mouth towards its viseme with
a weight that fades around it, vowels and lip sounds more than those made inside the mouth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..motion.visemes import CLOSURES, SILENCE, VISEMES, visemes_of
from .alignment import Phone
from .features import FRAMES_PER_S, Features
from .mouth import Mouth, audibility, envelope, follow, loudness

_NAMES = ("jaw_open", "mouth_wide", "mouth_pucker", "mouth_close")
# How much a viseme counts beside its neighbors; those not named are made by the tongue and leave the lips free.
_DOMINANCE = {"aa": 1.0, "E": 1.0, "I": 1.0, "O": 1.2, "U": 1.4, "CH": 0.9, "RR": 0.6, "SS": 0.7, "PP": 1.0, "FF": 1.0}
_WEAK, _SILENT = 0.45, 0.8
# Standard deviation of the fading weight, and how long lips stay closed at least (one picture at 25 a second).
_BLEND_S, _LEAST_CLOSED_S, _CLOSING_S = 0.035, 0.04, 0.06
# Soft speech opens the jaw less.
_QUIET_JAW = 0.6
_ATTACK_S, _RELEASE_S = 0.04, 0.15


@dataclass(frozen=True)
class _Segment:
    viseme: str
    start_s: float
    end_s: float


def articulate(phones: Sequence[Phone], features: Features) -> Mouth:
    """The mouth that speaks phones, as long and as loud as the sound."""
    segments = [segment for phone in phones for segment in _segments(phone)]
    times_s = np.arange(len(features)) / FRAMES_PER_S
    # The transcript says that someone speaks, be it in a whisper.
    act = audibility(features)
    # Where the recognizer stretches a sound into a pause, the mouth comes to rest all the same.
    heard = np.clip(2 * follow(act, _ATTACK_S, _RELEASE_S), 0, 1)
    loud = _QUIET_JAW + (1 - _QUIET_JAW) * follow(loudness(features), _ATTACK_S, _RELEASE_S)
    curves = _blended(segments, times_s) * (heard * np.stack([loud, *[np.ones(len(features))] * 3])).T
    for segment in segments:
        if segment.viseme in CLOSURES:
            near = _near(segment, times_s)
            weight = _closing(segment, times_s[near])[:, None]
            curves[near] = curves[near] * (1 - weight) + _shape(segment.viseme) * weight
    return Mouth(*np.clip(curves, 0, 1).T, activity=envelope(act))


def _segments(phone: Phone) -> Iterator[_Segment]:
    """A phone as the visemes that it passes through, in equal parts."""
    visemes = visemes_of(phone.name)
    step_s = (phone.end_s - phone.start_s) / len(visemes)
    for number, viseme in enumerate(visemes):
        yield _Segment(viseme, phone.start_s + number * step_s, phone.start_s + (number + 1) * step_s)


def _blended(segments: Sequence[_Segment], times_s: np.ndarray) -> np.ndarray:
    """(n, controls) shapes averaged by weight and nearness in time."""
    targets, weights = np.zeros((len(times_s), len(_NAMES))), np.full(len(times_s), _SILENT)
    for segment in segments:
        inside = slice(*np.searchsorted(times_s, (segment.start_s, segment.end_s)))
        targets[inside] = _shape(segment.viseme)
        weights[inside] = _SILENT if segment.viseme == SILENCE else _DOMINANCE.get(segment.viseme, _WEAK)
    total = _blur(weights)
    return np.stack([_blur(weights * column) / total for column in targets.T], axis=1)


def _blur(values: np.ndarray) -> np.ndarray:
    sigma = _BLEND_S * FRAMES_PER_S
    reach = int(4 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), mode="valid")


def _near(segment: _Segment, times_s: np.ndarray) -> slice:
    """The times at which a closing may be at work: all of them would make the whole quadratic."""
    reach_s = _LEAST_CLOSED_S + _CLOSING_S
    return slice(*np.searchsorted(times_s, (segment.start_s - reach_s, segment.end_s + reach_s)))


def _closing(segment: _Segment, times_s: np.ndarray) -> np.ndarray:
    """(n,) 1 while the lips are closed, 0 outside the time that they need to close and to open."""
    middle_s = (segment.start_s + segment.end_s) / 2
    half_s = max(_LEAST_CLOSED_S, 0.6 * (segment.end_s - segment.start_s)) / 2
    outside_s = np.maximum(np.abs(times_s - middle_s) - half_s, 0)
    part = np.clip(1 - outside_s / _CLOSING_S, 0, 1)
    return part * part * (3 - 2 * part)


def _shape(viseme: str) -> np.ndarray:
    return np.array([VISEMES[viseme].get(name, 0.0) for name in _NAMES])

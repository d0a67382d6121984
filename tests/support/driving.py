# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers for tests: made-up tracks in memory, and a sound with known vowels."""

from __future__ import annotations

import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import talking


def act(source: Any, driver: Any, **properties: Any) -> None:
    """Let a movie or image strip act for a source."""
    source.th_acting = driver.name
    source.th_acting_on = True
    _set(source, properties)


def speak(source: Any, driver: Any, **properties: Any) -> None:
    """Let a sound or movie strip speak for a source."""
    source.th_speech = driver.name
    source.th_speech_on = True
    _set(source, properties)


def _set(source: Any, properties: dict[str, Any]) -> None:
    for name, value in properties.items():
        setattr(source, f"th_{name}", value)


def ramp(name: str, slope: float, length: int = 400) -> dict[str, np.ndarray]:
    """A control that rises by ``slope`` a sample, so that it tells the sample; ``length`` samples."""
    return {name: slope * np.arange(length)}


def remember(
    source: Any,
    part: str,
    columns: dict[str, np.ndarray],
    rate: Fraction = Fraction(24),
    activity: np.ndarray | None = None,
) -> None:
    """Answer for the worker: the track of a source's driver. Controls that are not given rest."""
    tracks, controls = talking.core("drivers.driver_tracks"), talking.shared("controls")
    length = len(next(iter(columns.values())))
    values = np.tile(talking.shared("motion.track").REST, (length, 1))
    for name, column in columns.items():
        values[:, controls.POSE_NAMES.index(name)] = column
    track = talking.shared("motion.track").Track(rate, values, activity=activity)
    wanted = tracks.wanted(source.id_data, source, talking.core("drivers.driver_strips").Part(part))
    facts = {"pictures": length, "faces": 1, "cached": False, "method": "formants", "words": 0}
    message = talking.shared("protocol").with_array("done", track.array(), **track.fields(), **facts)
    tracks.remember(wanted, message)


def mixed(source: Any, frames: Any) -> Callable[[str], list[float]]:
    """The mixed performance of a source at some frames: gives the column of a control."""
    performance = talking.core("drivers.drivers").mixed(source.id_data, source, list(frames))
    names = talking.shared("controls").POSE_NAMES
    return lambda name: performance.values[:, names.index(name)].tolist()


def write_vowels(path: Path, rate_hz: int = 16000) -> Path:
    """Half seconds of silence, "aaa" (F1 750, F2 1200 Hz), silence, "eee" (290, 2300 Hz), silence."""
    time_s = np.arange(rate_hz // 2) / rate_hz
    silence = np.zeros(rate_hz // 2)
    parts = [silence, _vowel(time_s, (750, 1200, 2500)), silence, _vowel(time_s, (290, 2300, 3000)), silence]
    samples = np.concatenate(parts)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((samples / np.abs(samples).max() * 20000).astype("<i2").tobytes())
    return path


def _vowel(time_s: np.ndarray, formants_hz: tuple[int, ...], pitch_hz: float = 120.0) -> np.ndarray:
    """Harmonics of a voice, shaped by resonances of 80 Hz width."""
    total = np.zeros_like(time_s)
    for number in range(1, int(4000 / pitch_hz)):
        frequency = number * pitch_hz
        gain = np.prod([1 / np.hypot(1 - (frequency / f) ** 2, 80 * frequency / f**2) for f in formants_hz])
        total += gain / number * np.sin(2 * np.pi * frequency * time_s)
    return total

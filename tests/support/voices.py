# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds for tests: vowels made of harmonics and formants, noise, words by espeak-ng where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

RATE_HZ = 16000
# Formants in Hz of an adult man and woman (Peterson & Barney 1952), and the pitch of each.
MAN = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "u": (300, 870, 2240), "e": (530, 1840, 2480)}
WOMAN = {"a": (850, 1220, 2810), "i": (310, 2790, 3310), "u": (370, 950, 2670), "e": (610, 2330, 2990)}
VOICES = {"man": (MAN, 125.0), "woman": (WOMAN, 220.0)}
_WIDTHS_HZ = (60, 90, 150, 250)
_FADE_S = 0.015


def vowel(name: str, seconds: float, voice: str = "man", level: float = 0.3) -> np.ndarray:
    """(n,) float32 at RATE_HZ: the harmonics of a voice, each as strong as source and formants make it."""
    formants, pitch_hz = VOICES[voice]
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = np.zeros(len(times_s))
    for number in range(1, int(RATE_HZ / 2 / pitch_hz)):
        frequency_hz = number * pitch_hz
        sound += _gain(frequency_hz, (*formants[name], 3500)) / number * np.sin(2 * np.pi * frequency_hz * times_s)
    fade = np.clip(np.minimum(times_s, times_s[-1] - times_s) / _FADE_S, 0, 1)
    return (level * sound / np.abs(sound).max() * fade).astype(np.float32)


def _gain(frequency_hz: float, formants: Sequence[float]) -> float:
    """Strength of a cascade of resonances at a frequency."""
    gain = 1.0
    for center_hz, width_hz in zip(formants, _WIDTHS_HZ, strict=True):
        pole = complex(-width_hz / 2, center_hz)
        at = complex(0, frequency_hz)
        gain *= abs(pole) ** 2 / abs((at - pole) * (at - pole.conjugate()))
    return gain


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def noise(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    """White noise of an RMS level."""
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


def write_sound(
    path: Path, samples: np.ndarray, codec: str = "pcm_s16le", rate_hz: int = RATE_HZ, channels: int = 1
) -> Path:
    """Write a sound file; other rates than RATE_HZ are made by FFmpeg's resampler."""
    with av.open(str(path), "w") as container:
        add_sound(container, samples, codec, rate_hz, channels)
    return path


def write_movie_with_sound(path: Path, samples: np.ndarray, late: Fraction, seconds: float = 2.0) -> Path:
    """Write a movie of grey pictures at 25 a second, whose sound begins ``late`` seconds after the first picture."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), "bgr24").reformat(format="yuv420p")
        sound = container.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        for number in range(round(seconds * 25)):
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        _encode(container, sound, samples, round(late * RATE_HZ))
    return path


def add_sound(container, samples: np.ndarray, codec: str, rate_hz: int, channels: int) -> None:
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    stream = container.add_stream(codec, rate=rate_hz, layout=layout)
    _encode(container, stream, samples, 0, channels)


def _encode(container, stream, samples: np.ndarray, first: int, channels: int = 1) -> None:
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    pieces = av.AudioResampler(stream.format.name, layout, stream.rate)
    for start in range(0, len(samples), 1024):
        part = np.clip(samples[start : start + 1024], -1, 1)
        frame = av.AudioFrame.from_ndarray(np.repeat(part[None], channels, axis=0), "fltp", layout)
        frame.sample_rate, frame.time_base, frame.pts = RATE_HZ, Fraction(1, RATE_HZ), first + start
        for out in pieces.resample(frame):
            container.mux(stream.encode(out))
    for out in pieces.resample(None):
        container.mux(stream.encode(out))
    container.mux(stream.encode(None))


def spoken(path: Path, text: str, voice: str = "en-us", words_a_minute: int = 150) -> Path:
    """Let espeak-ng speak; the test is skipped where it is not installed."""
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("espeak-ng is not installed (Debian: apt-get install espeak-ng)")
    subprocess.run([program, "-v", voice, "-s", str(words_a_minute), "-w", str(path), text], check=True)
    return path

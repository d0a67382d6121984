# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spoken words: the vowel of each shows as the right mouth shape, whoever speaks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from voices import spoken

from inference.controls import POSE_NAMES
from inference.media.digests import Digests
from inference.motion.track import Track
from inference.speech.mouth import JAW, PUCKER, WIDE
from inference.speech.speech import SpeechSpec, read_speech
from inference.worker.task import Task
from tools.sample_files import letter_name

FULL = {"jaw_open": JAW, "mouth_wide": WIDE, "mouth_pucker": PUCKER}
# Ten words whose vowel is open, spread or rounded, and five voices: men and women, American, British and Scottish.
WORDS = {
    "far": "jaw_open", "car": "jaw_open", "calm": "jaw_open", "father": "jaw_open",
    "see": "mouth_wide", "tea": "mouth_wide", "bee": "mouth_wide",
    "two": "mouth_pucker", "food": "mouth_pucker", "who": "mouth_pucker",
}  # fmt: skip
VOICES = ("en-us", "en-gb", "en-us+f3", "en-us+m7", "en-gb-x-rp+f2")


def track_of(path: Path) -> Track:
    return read_speech(SpeechSpec(path), Digests(), Task(lambda *_, **__: None, lambda: None)).track


def shapes(track: Track) -> dict[str, np.ndarray]:
    """Each mouth shape over time, as parts of how far it goes."""
    return {name: track.values[:, POSE_NAMES.index(name)] / full for name, full in FULL.items()}


def test_words_show_their_vowel(tmp_path):
    wrong = []
    for voice in VOICES:
        for word, wanted in WORDS.items():
            sums = {
                name: curve.sum() for name, curve in shapes(track_of(spoken(tmp_path / "a.wav", word, voice))).items()
            }
            if max(sums, key=sums.__getitem__) != wanted:
                wrong.append((voice, word, sums))
    assert len(WORDS) * len(VOICES) == 50
    assert len(wrong) <= 5, wrong


def test_a_sentence_moves_all_shapes_and_rests_between(tmp_path):
    path = spoken(tmp_path / "a.wav", "Who saw the car?   Two bees.", "en-us+f3", 120)
    track = track_of(path)
    assert track.rate == Fraction(100)
    assert all(curve.max() > 0.5 for curve in shapes(track).values())
    assert all(curve[-5:].max() < 0.05 for curve in shapes(track).values())
    assert track.activity is not None and track.activity.max() > 0.8 > 0.3 > track.activity[-1]


@pytest.mark.parametrize(
    ("letter", "begins", "ends"),
    [
        ("A", "jaw_open", "mouth_wide"),  # /ei/
        ("E", "mouth_wide", "mouth_wide"),  # /i:/
        ("I", "jaw_open", "mouth_wide"),  # /ai/
        ("O", "jaw_open", "mouth_pucker"),  # /ou/
        ("U", "mouth_wide", "mouth_pucker"),  # /ju:/
    ],
)
def test_letter_names_of_a_person(letter, begins, ends):
    curves = shapes(track_of(letter_name(letter)))
    centers = {name: np.average(np.arange(len(curve)), weights=curve + 1e-9) for name, curve in curves.items()}
    assert curves[begins].max() > 0.3 and curves[ends].max() > 0.3
    if begins != ends:
        assert centers[begins] < centers[ends]

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a driver does comes back: a real clip acted by a portrait and watched again, and clips with known sliders."""

from __future__ import annotations

from fractions import Fraction

import acting_clips
import media
import numpy as np
import pytest
from acting_clips import agreement, column

from inference.acting import CaptureSpec
from inference.capture.lids import blinks
from inference.capture.read import captured
from inference.source import Source, SourceKind

HEAD = ("head_yaw", "head_pitch", "head_roll")
# Lowest correlation, and lowest and highest slope of the slider found over the slider scripted. The astronaut smiles
# with her teeth, which hides the first opening of the jaw; spectacles hide most of Hopper's brows and lids.
FACE = {
    "astronaut": {
        "head_x": (0.95, 0.85, 1.1),
        "head_scale": (0.95, 0.9, 1.1),
        "eye_open": (0.95, 0.85, 1.1),
        "gaze_x": (0.88, 0.85, 1.35),
        "brow": (0.75, 0.6, 1.1),
        "jaw_open": (0.92, 0.65, 1.15),
        "mouth_wide": (0.9, 0.7, 1.1),
        "mouth_pucker": (0.95, 0.8, 1.1),
        "mouth_smile": (0.85, 0.75, 1.2),
    },
    "hopper": {
        "head_x": (0.9, 0.8, 1.1),
        "head_scale": (0.92, 0.9, 1.15),
        "eye_open": (0.88, 0.6, 1.1),
        "gaze_x": (0.65, 0.55, 1.2),
        "brow": (0.3, 0.2, 1.0),
        "jaw_open": (0.92, 0.85, 1.2),
        "mouth_wide": (0.9, 0.65, 1.1),
        "mouth_pucker": (0.95, 0.75, 1.1),
        "mouth_smile": (0.85, 0.85, 1.3),
    },
}
LENGTH = 190
BLINKS = tuple(range(8, LENGTH - 8, 18))


def bumps(length: int, *places: tuple[int, int, float]) -> np.ndarray:
    """Smooth bumps: (first, last, height)."""
    curve = np.zeros(length)
    for first, last, height in places:
        part = np.sin(np.linspace(0, np.pi, last - first + 1)) ** 2
        curve[first : last + 1] += height * part
    return curve


def script() -> np.ndarray:
    """(LENGTH, controls) a head that moves throughout, blinks, and a face that does one thing after the other."""
    time = np.arange(LENGTH) / 25
    start = np.clip(np.arange(LENGTH) / 12, 0, 1)
    lids = np.ones(LENGTH)
    for at in BLINKS:
        lids[at - 1 : at + 3] = (0.5, 0.0, 0.0, 0.5)
    return acting_clips.rows(
        LENGTH,
        {
            "head_yaw": start * 9 * np.sin(2 * np.pi * 0.41 * time),
            "head_pitch": start * 6 * np.sin(2 * np.pi * 0.29 * time),
            "head_roll": start * 7 * np.sin(2 * np.pi * 0.23 * time),
            "head_x": start * 0.08 * np.sin(2 * np.pi * 0.19 * time),
            "head_scale": 1 + start * 0.06 * np.sin(2 * np.pi * 0.15 * time),
            "eye_open": lids,
            "jaw_open": bumps(LENGTH, (12, 24, 0.9), (26, 40, 0.6)),
            "mouth_wide": bumps(LENGTH, (44, 60, 0.9)),
            "mouth_pucker": bumps(LENGTH, (64, 80, 0.9)),
            "mouth_smile": bumps(LENGTH, (84, 104, 0.9), (108, 124, -0.8)),
            "brow": bumps(LENGTH, (128, 146, 0.9), (148, 160, -0.8)),
            "gaze_x": bumps(LENGTH, (160, 174, 0.8), (174, 187, -0.8)),
        },
    )


@pytest.fixture(scope="module", params=["astronaut", "hopper"])
def scripted(request, tmp_path_factory):
    """(name, what was scripted, what was captured) of a portrait."""
    folder = tmp_path_factory.mktemp(request.param)
    wanted = script()
    clip = acting_clips.movie(folder / "clip.mp4", acting_clips.acted(getattr(media, request.param)(), wanted))
    spec = CaptureSpec(clip, neutral=0)
    return request.param, wanted, captured(spec, acting_clips.sessions(folder), acting_clips.task()).track.values


def report(name: str, control: str, corr: float, slope: float) -> str:
    text = f"{name} {control}: correlation {corr:.3f}, slope {slope:.3f}"
    print(text)  # shown with -s or when a test fails
    return text


@pytest.mark.parametrize("control", HEAD)
def test_the_head_of_a_scripted_clip(scripted, control):
    name, wanted, got = scripted
    corr, slope = agreement(column(wanted, control), column(got, control))
    assert corr >= 0.95 and 0.9 <= slope <= 1.1, report(name, control, corr, slope)


def test_the_face_of_a_scripted_clip(scripted):
    name, wanted, got = scripted
    misses = []
    for control, (least, low, high) in FACE[name].items():
        corr, slope = agreement(column(wanted, control), column(got, control))
        text = report(name, control, corr, slope)
        if not (corr >= least and low <= slope <= high):
            misses.append(text)
    assert not misses


def test_what_was_not_scripted_stays_at_rest(scripted):
    _, _, got = scripted
    for control, most in (("wink_l", 0.1), ("wink_r", 0.1), ("brow_l", 0.15), ("brow_r", 0.15), ("head_y", 0.05)):
        assert np.abs(column(got, control)).max() <= most, control


def test_blinks_are_found_again(scripted):
    _, _, got = scripted
    found = blinks(1 - column(got, "eye_open"), 25)
    again = [at for at in BLINKS if any(abs(other - at) <= 2 for other in found)]
    assert len(again) >= 0.9 * len(BLINKS)
    assert len(found) <= 1.1 * len(BLINKS)


@pytest.fixture(scope="module")
def acted(tmp_path_factory):
    """Track of the real clip, and of the astronaut who acts it."""
    folder = tmp_path_factory.mktemp("acted")
    sessions = acting_clips.sessions(folder)
    driver = captured(
        CaptureSpec(Source(SourceKind.MOVIE, (str(media.carphone()),))), sessions, acting_clips.task()
    ).track
    clip = acting_clips.movie(folder / "acted.mp4", acting_clips.acted(media.astronaut(), driver.values), driver.rate)
    again = captured(CaptureSpec(clip, neutral=driver.neutral), sessions, acting_clips.task()).track
    return driver, again


@pytest.mark.parametrize("control", HEAD)
def test_a_portrait_follows_the_head_of_a_real_clip(acted, control):
    driver, again = acted
    corr, slope = agreement(column(driver.values, control), column(again.values, control))
    assert corr >= 0.95 and 0.9 <= slope <= 1.1, report("acted", control, corr, slope)


def test_a_portrait_follows_the_mouth_and_the_eyes_of_a_real_clip(acted):
    driver, again = acted
    for control, least in (("jaw_open", 0.9), ("eye_open", 0.85), ("gaze_x", 0.85)):
        corr, slope = agreement(column(driver.values, control), column(again.values, control))
        assert corr >= least and 0.8 <= slope <= 1.2, report("acted", control, corr, slope)
    assert blinks(1 - column(driver.values, "eye_open"), 30) == pytest.approx([42, 92, 113], abs=1)
    assert blinks(1 - column(again.values, "eye_open"), 30) == pytest.approx([42, 92, 113], abs=1)


def test_a_real_clip_needs_no_word(acted):
    driver, again = acted
    assert len(driver) == len(again) == 120
    assert driver.rate == again.rate == Fraction(30000, 1001)
    assert driver.breaks == again.breaks == ()
    assert driver.findings == again.findings == ()

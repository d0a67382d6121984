# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten minutes of any frame rate in an edit of any other: the place in the medium is exact, so nothing drifts."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from source_package import source_module

movie_time = source_module("blender_talkinghead.strips.movie_time")
sound_time = source_module("blender_talkinghead.strips.sound_time")

RATES = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)]
TEN_MINUTES_S = 600

rates = st.sampled_from(RATES)
moments = st.floats(0, TEN_MINUTES_S - 1)
starts = st.integers(-1000, 100_000)


@given(rates, rates, starts, moments)
def test_movie(media_rate, scene_rate, start, moment_s):
    pictures = round(TEN_MINUTES_S * media_rate)
    length = math.floor(pictures / (media_rate / scene_rate))
    # Blender keeps both rates as 32 bit floats and does not tell whether the strip keeps the media's speed.
    stored = float(np.float32(float(media_rate)))
    speed = movie_time.speed_of(pictures, length, movie_time.exact_rate(stored), scene_rate)
    time = movie_time.MovieTime(start, length, 0, pictures, speed)
    frame = start + math.floor(moment_s * scene_rate)
    assert time.position_at(frame) / media_rate == (frame - start) / scene_rate
    assert abs(time.picture_at(frame) - time.position_at(frame)) <= Fraction(1, 2)


@given(rates, starts, moments, st.integers(0, 500))
def test_sound(scene_rate, start, moment_s, trim):
    time = sound_time.played(start, trim, Fraction(0), scene_rate)
    frame = start + math.floor(moment_s * scene_rate)
    assert time.seconds_at(frame) == (frame - start + trim) / scene_rate


@given(rates, starts, st.floats(0.25, 4.0), st.booleans())
def test_retimed_sound_begins_and_ends_with_its_strip(scene_rate, start, speed, behind):
    frames = round(TEN_MINUTES_S * scene_rate)
    last_key = start + round(frames / speed)
    time = sound_time.retimed(start, last_key, 0, frames, Fraction(0), scene_rate, key_is_behind=behind)
    assert time.seconds_at(start) == 0
    assert abs(time.seconds_at(last_key) - frames / scene_rate) <= 1 / scene_rate

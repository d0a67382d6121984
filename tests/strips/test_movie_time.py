# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time map of movie strips by itself; ``tests/blender/test_sources.py`` compares it with renders."""

from __future__ import annotations

from fractions import Fraction

import pytest
from source_package import source_module

movie_time = source_module("blender_talkinghead.strips.movie_time")

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    "stored, exact",
    [
        (29.970029830932617, NTSC),
        (23.976024627685547, Fraction(24000, 1001)),
        (59.94005966186523, Fraction(60000, 1001)),
        (25.0, Fraction(25)),
        (12.5, Fraction(25, 2)),
        (0.0, Fraction(0)),
    ],
)
def test_exact_rate(stored, exact):
    assert movie_time.exact_rate(stored) == exact


def test_ntsc_movie_in_a_24_fps_scene_stays_in_time_for_an_hour():
    pictures = 107892  # an hour
    speed = NTSC / 24
    length = int(pictures / speed)
    time = movie_time.MovieTime(1, length, 0, pictures, speed)
    for frame in (1, 1001, 43201, 86000):
        seconds = Fraction(frame - 1, 24)
        assert abs(time.picture_at(frame) - seconds * NTSC) <= Fraction(1, 2)


def test_every_picture_is_within_the_media():
    time = movie_time.MovieTime(10, 20, 5, 15, Fraction(3, 4))
    pictures = [time.picture_at(frame) for frame in range(-50, 100)]
    assert pictures == sorted(pictures)
    assert (pictures[0], pictures[-1]) == (5, 19)


def test_reverse_mirrors():
    forward = movie_time.MovieTime(1, 12, 0, 12)
    backward = movie_time.MovieTime(1, 12, 0, 12, reverse=True)
    frames = range(1, 13)
    assert [backward.picture_at(f) for f in frames] == [forward.picture_at(f) for f in reversed(frames)]


def test_strobe_shows_every_third_picture():
    time = movie_time.MovieTime(1, 9, 0, 9, strobe=Fraction(3))
    assert [time.picture_at(frame) for frame in range(1, 10)] == [0, 0, 0, 3, 3, 3, 6, 6, 6]


@pytest.mark.parametrize("length, expected", [(120, Fraction(1)), (96, NTSC / 24), (95, None), (97, None), (60, None)])
def test_speed_is_told_by_the_length(length, expected):
    assert movie_time.speed_of(120, length, NTSC, Fraction(24)) == expected


def test_between_almost_equal_rates_a_short_movie_is_taken_to_keep_its_own_speed():
    assert movie_time.speed_of(900, 900, Fraction(24000, 1001), Fraction(24)) == Fraction(1000, 1001)


def test_speed_of_a_medium_without_a_rate():
    assert movie_time.speed_of(120, 96, Fraction(0), Fraction(24)) is None


@pytest.mark.parametrize("behind, last_key", [(True, 81), (False, 80)])
def test_retimed_movie_begins_and_ends_with_its_own(behind, last_key):
    time = movie_time.retimed(1, last_key, 0, 40, key_is_behind=behind, reverse=False, strobe=Fraction(1))
    assert time.length == 80
    assert (time.picture_at(1), time.picture_at(80)) == (0, 39)

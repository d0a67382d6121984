# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time as fractions: properties that hold for all rates."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from inference.media.timing import picture_at, picture_of_frame, tick_at

NTSC, FILM = Fraction(30000, 1001), Fraction(24)
rates = st.builds(Fraction, st.integers(1, 240_000), st.sampled_from([1, 1000, 1001]))
frames = st.integers(0, 10**7)


def test_ntsc_movie_on_a_film_timeline():
    assert [picture_of_frame(frame, FILM, NTSC) for frame in range(9)] == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    # After 1001 seconds exactly 30000 pictures have passed: no drift.
    assert picture_of_frame(24 * 1001, FILM, NTSC) == 30000
    assert picture_of_frame(24 * 1001 - 1, FILM, NTSC) == 29998


@given(frames, rates)
def test_equal_rates_give_the_frame_itself(frame, rate):
    assert picture_of_frame(frame, rate, rate) == frame


@given(frames, rates, rates)
def test_the_picture_is_shown_at_that_time(frame, frame_rate, picture_rate):
    picture = picture_of_frame(frame, frame_rate, picture_rate)
    time_s = frame / frame_rate
    assert picture / picture_rate <= time_s < (picture + 1) / picture_rate


@given(frames, rates, rates)
def test_time_never_runs_backwards(frame, frame_rate, picture_rate):
    here = picture_of_frame(frame, frame_rate, picture_rate)
    assert here <= picture_of_frame(frame + 1, frame_rate, picture_rate)


@given(st.fractions(max_value=0), rates)
def test_before_the_start_the_first_picture_is_shown(time_s, rate):
    assert picture_at(time_s, rate) == 0


@given(frames, rates, st.sampled_from([Fraction(1, 1000), Fraction(1, 90000), Fraction(1001, 30000)]))
def test_ticks_are_the_nearest(frame, rate, time_base):
    tick = tick_at(frame / rate, time_base)
    assert abs(tick * time_base - frame / rate) <= time_base / 2
